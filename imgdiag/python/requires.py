"""What each installed distribution requires, as its metadata says, by itself and with its extras.

Source: the PyPA specifications "Core metadata" (Requires-Dist) and "Dependency specifiers".
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from packaging.markers import Marker
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from imgdiag.image import Platform
from imgdiag.python.distributions import Distribution
from imgdiag.python.markers import Markers
from imgdiag.warnings import Warnings

_MAX_REQUIREMENTS = 10_000  # of one distribution; apache-airflow, the longest seen, has 800
_NAME = re.compile(r"\s*([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)")
_EXTRA = re.compile(r"""\bextra\s*==\s*["']([^"']*)["']|["']([^"']*)["']\s*==\s*extra\b""")

Node = tuple[str, str]
"""A distribution's normalised name and one of its extras, "" for the distribution itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """One requirement that holds in the image, from one installed distribution to another.

    `extra` is what of `source` states it, "" for the distribution itself; `extras` are what it
    asks of `target`. `text` is the requirement as the metadata has it.
    """

    source: str
    extra: str
    target: str
    extras: tuple[str, ...]
    text: str

    @property
    def nodes(self) -> tuple[Node, ...]:
        """Return what it leads to: an extra brings its distribution with it."""
        return tuple((self.target, extra) for extra in self.extras) or ((self.target, ""),)


class Requires:
    """The requirements of one environment's distributions, each worked out when first asked for.

    Of several metadata folders of one name, as a broken upgrade leaves them, the one with the
    fewest files missing counts, then the newest. What cannot be read requires nothing; `warnings`
    say so. `version` is the interpreter's, where more of it is known than the environment's path
    says.
    """

    def __init__(
        self, distributions: Iterable[Distribution], platform: Platform, version: str | None = None
    ) -> None:
        self._warnings = Warnings()
        self.installed: dict[str, Distribution] = {}
        for each in sorted(distributions, key=lambda each: each.metadata_path):
            other = self.installed.get(each.name)
            if other is None or _more_installed(each) > _more_installed(other):
                self.installed[each.name] = each
            if other is not None:
                first, second = (other.version, each.version)
                self._warnings.add(
                    f"installed twice in one folder: {each.name} {first} and {second}; "
                    f"{self.installed[each.name].version} is taken to be in use"
                )
        environment = next((each.environment for each in self.installed.values()), None)
        self._markers = Markers(platform, environment, version) if environment else None
        self._texts = {name: self._read(each) for name, each in self.installed.items()}
        self._edges: dict[Node, tuple[Edge, ...]] = {}
        self._parsed: dict[str, Requirement | None] = {}

    @property
    def warnings(self) -> tuple[str, ...]:
        """Return what was odd about the metadata."""
        return self._warnings.messages()

    def edges(self, node: Node) -> tuple[Edge, ...]:
        """Return the requirements that lead to installed distributions, by their target's name.

        Those of an extra are what it adds: the distribution's own are not among them.
        """
        if node not in self._edges:
            found = {
                Edge(
                    source=node[0],
                    extra=node[1],
                    target=target,
                    extras=tuple(sorted({canonicalize_name(each) for each in parsed.extras})),
                    text=text,
                )
                for target, text, parsed in self._holding(node, installed=True)
            }
            self._edges[node] = tuple(sorted(found, key=lambda edge: (edge.target, edge.text)))
        return self._edges[node]

    def extras(self, name: str) -> tuple[str, ...]:
        """Return the extras that a distribution's requirements name, sorted."""
        return tuple(sorted(self._texts[name].keys() - {""}))

    def can_hold(self, marker: Marker | None) -> bool:
        """Tell whether a marker can hold in this environment."""
        return self._markers is not None and self._markers.hold(marker)

    def names_required(self, node: Node) -> frozenset[str]:
        """Return the names that an extra's requirements may lead to, installed or not."""
        return frozenset(target for target, _ in self._texts[node[0]].get(node[1], ()))

    def names_that_hold(self, node: Node) -> frozenset[str]:
        """Return the names of what a distribution or an extra requires, installed or not."""
        return frozenset(target for target, _, _ in self._holding(node, installed=False))

    def is_satisfied(self, node: Node) -> bool:
        """Tell whether everything that an extra requires is installed, in a version it allows."""
        return all(
            target in self.installed and _allows(parsed, self.installed[target].version)
            for target, _, parsed in self._holding(node, installed=False)
        )

    def _holding(self, node: Node, *, installed: bool) -> Iterator[tuple[str, str, Requirement]]:
        name, extra = node
        markers = self._markers
        assert markers is not None  # there is a distribution
        for target, text in self._texts[name].get(extra, ()):
            if installed and target not in self.installed:
                continue
            parsed = self._parse(name, text)
            if parsed is None or not markers.hold(parsed.marker, extra):
                continue
            if extra and markers.hold(parsed.marker):
                continue  # the distribution's own
            yield target, text, parsed

    def _parse(self, name: str, text: str) -> Requirement | None:
        if text not in self._parsed:
            self._parsed[text] = parse_requirement(text)
            if self._parsed[text] is None:
                self._complain(name, text)
        return self._parsed[text]

    def _complain(self, name: str, text: str) -> None:
        self._warnings.add(f"a requirement that cannot be read: {text[:80]!r} of {name}")

    def _read(self, distribution: Distribution) -> dict[str, list[tuple[str, str]]]:
        """Return targets and texts by extra; "" has all, an extra those that speak of it."""
        texts: dict[str, list[tuple[str, str]]] = {"": []}
        unique = list(dict.fromkeys(distribution.requirements))
        if len(unique) > _MAX_REQUIREMENTS:
            self._warnings.add(f"more than {_MAX_REQUIREMENTS:,} requirements: {distribution.name}")
        for text in unique[:_MAX_REQUIREMENTS]:
            match = _NAME.match(text)
            if match is None:
                self._complain(distribution.name, text)
                continue
            item = (canonicalize_name(match[1]), text)
            texts[""].append(item)
            for extra in extras_named(text):
                texts.setdefault(extra, []).append(item)
        return texts


def required_names(distribution: Distribution, platform: Platform) -> frozenset[str]:
    """Return what a distribution requires without its extras, installed or not."""
    return Requires([distribution], platform).names_that_hold((distribution.name, ""))


def extras_named(text: str) -> frozenset[str]:
    """Return the extras, normalised, that the marker of a requirement's text speaks of."""
    if "extra" not in text:
        return frozenset()
    return frozenset(
        canonicalize_name(match[1] or match[2] or "") for match in _EXTRA.finditer(text)
    ) - {""}


def with_extras(name: str, extras: Collection[str]) -> str:
    """Return a distribution's name with what is asked of its extras: `uvicorn[standard]`."""
    return f"{name}[{','.join(extras)}]" if extras else name


def parse_requirement(text: str) -> Requirement | None:
    """Return a requirement, None when it is none."""
    try:
        return Requirement(text)
    except (InvalidRequirement, RecursionError):
        return None


def _allows(requirement: Requirement, version: str) -> bool:
    try:
        return requirement.specifier.contains(Version(version), prereleases=True)
    except InvalidVersion:  # nothing can be said of it
        return True


def _more_installed(distribution: Distribution) -> tuple[int, bool, Version]:
    try:
        return (-distribution.missing, True, Version(distribution.version))
    except InvalidVersion:
        return (-distribution.missing, False, Version("0"))
