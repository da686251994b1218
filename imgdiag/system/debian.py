"""Who requires whom among Debian's packages, and which of them somebody asked for.

Sources: deb-control(5) on Depends, Recommends and Provides; apt-mark(8) on automatic packages,
which apt records in var/lib/apt/extended_states.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from imgdiag.errors import CorruptImage
from imgdiag.filesystem import Filesystem
from imgdiag.system.package import find, text_of

_FIELD = re.compile(
    r"^(Package|Status|Essential|Important|Protected|Pre-Depends|Depends|Recommends|Provides"
    r"|Auto-Installed):"
    r"[ \t]*(.*)$",
    re.MULTILINE,
)
_MOST = 1_000_000  # relations; an image of 500 packages has about 3,000
_NAME = re.compile(r"\s*([a-z0-9][a-z0-9+.-]*)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Debian:
    """The installed packages by their names.

    `requires` and `recommends` hold the installed packages that can be meant, all that a choice
    allows. `essential` are those that apt never removes by itself, `automatic` those that it
    brought in for others, None when its records are not there: then nobody knows what was asked
    for.
    """

    requires: dict[str, frozenset[str]]
    recommends: dict[str, frozenset[str]]
    essential: frozenset[str]
    automatic: frozenset[str] | None

    def reach(self, starts: Iterable[str], *, recommended: bool = False) -> frozenset[str]:
        """Return `starts` and all that they require, and recommend where that is asked for."""
        reached: set[str] = set()
        stack = list(starts)
        while stack:
            name = stack.pop()
            if name not in reached and name in self.requires:
                reached.add(name)
                stack += self.requires[name]
                if recommended:
                    stack += self.recommends[name]
        return frozenset(reached)

    def required_by(self, names: Iterable[str]) -> dict[str, frozenset[str]]:
        """Return for each of `names` the installed packages that require it."""
        wanted: dict[str, set[str]] = {name: set() for name in names}
        for name, required in self.requires.items():
            for each in required & wanted.keys():
                wanted[each].add(name)
        return {name: frozenset(by) for name, by in wanted.items()}


def find_debian(filesystem: Filesystem) -> Debian:
    """Return what dpkg's and apt's records say; nothing where there are none.

    Raises CorruptImage for records that no system has, as of thousands that each require all.
    """
    stanzas = [
        fields
        for fields in _stanzas(text_of(find(filesystem, "var/lib/dpkg/status")))
        if fields.get("Status", "").endswith(" installed") and fields.get("Package")
    ]
    providers: dict[str, set[str]] = {}
    for fields in stanzas:
        name = fields["Package"]
        for provided in (name, *(each[0] for each in _groups(fields.get("Provides", "")))):
            providers.setdefault(provided, set()).add(name)
    requires: dict[str, frozenset[str]] = {}
    recommends: dict[str, frozenset[str]] = {}
    meant = 0
    for fields in stanzas:
        name = fields["Package"]  # twice for two architectures
        needed = _meant(f"{fields.get('Pre-Depends', '')}, {fields.get('Depends', '')}", providers)
        wished = _meant(fields.get("Recommends", ""), providers)
        meant += sum(map(len, (*needed, *wished)))
        if meant > _MOST:
            raise CorruptImage(
                f"dpkg's status has packages that require more than {_MOST:,} others in all"
            )
        requires[name] = requires.get(name, frozenset()).union(*needed)
        recommends[name] = recommends.get(name, frozenset()).union(*wished)
    return Debian(
        requires=requires,
        recommends=recommends,
        essential=frozenset(
            fields["Package"]
            for fields in stanzas
            if "yes" in (fields.get("Essential"), fields.get("Important"), fields.get("Protected"))
        ),
        automatic=_automatic(text_of(find(filesystem, "var/lib/apt/extended_states"))),
    )


def _automatic(text: str) -> frozenset[str] | None:
    if not text:
        return None
    return frozenset(
        fields["Package"]
        for fields in _stanzas(text)
        if fields.get("Auto-Installed") == "1" and fields.get("Package")
    )


def _stanzas(text: str) -> Iterator[dict[str, str]]:
    for stanza in text.split("\n\n"):
        yield {name: value.strip() for name, value in _FIELD.findall(stanza)}


def _meant(text: str, providers: dict[str, set[str]]) -> list[set[str]]:
    """Return the installed packages that a field can mean, by the names that stand there."""
    names = dict.fromkeys(name for group in _groups(text) for name in group)
    return [providers[name] for name in names if name in providers]


def _groups(text: str) -> Iterator[list[str]]:
    """Yield the choices of a field: `a (>= 1), b:any | c` gives [a], [b, c]."""
    for part in text.split(","):
        names = [match[1] for each in part.split("|") if (match := _NAME.match(each))]
        if names:
            yield names
