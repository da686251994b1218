"""Who requires whom, as the installed metadata says, for the image's own interpreter.

Source: the PyPA specification "Dependency specifiers" (markers, extras).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from packaging.markers import (
    UndefinedComparison,
    UndefinedEnvironmentName,
    default_environment,
)
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion

from imgdiag.image import Platform
from imgdiag.python.distributions import Distribution

_MACHINES = {"amd64": "x86_64", "arm64": "aarch64", "386": "i686", "arm": "armv7l"}


@dataclass(frozen=True, slots=True)
class Graph:
    """One environment's dependencies. Names are normalised; all are installed."""

    requires: dict[str, frozenset[str]]
    required_by: dict[str, frozenset[str]]
    roots: tuple[str, ...]  # what nothing installed requires, and one of each idle circle

    def needed(self, without: Iterable[str] = ()) -> frozenset[str]:
        """Return what is still reached when the roots among `without` are not asked for.

        One of `without` that another package requires is needed all the same.
        """
        dropped = frozenset(without)
        return self.reach(root for root in self.roots if root not in dropped)

    def retained(self, name: str) -> frozenset[str]:
        """Return what goes away with `name`: it and all that is reached through it alone."""
        return frozenset(self.requires) - self.reach(self.roots, (name,))

    def chain(self, name: str) -> tuple[str, ...]:
        """Return a shortest chain of requirements from a root to `name`, both included."""
        before: dict[str, str | None] = dict.fromkeys(self.roots)
        queue = list(self.roots)
        for each in queue:
            if each == name:
                break
            for required in sorted(self.requires[each]):
                if required not in before:
                    before[required] = each
                    queue.append(required)
        chain: list[str] = []
        step: str | None = name
        while step is not None:
            chain.append(step)
            step = before.get(step)
        return tuple(reversed(chain))

    def reach(self, starts: Iterable[str], closed: Iterable[str] = ()) -> frozenset[str]:
        """Return `starts` and all that they require, never entering `closed`."""
        barred = frozenset(closed)
        reached: set[str] = set()
        stack = list(starts)
        while stack:
            name = stack.pop()
            if name not in reached and name not in barred:
                reached.add(name)
                stack += self.requires[name]
        return frozenset(reached)


def build_graph(distributions: Iterable[Distribution], platform: Platform) -> Graph:
    """Return the graph of one environment's distributions.

    Extras are followed: a requirement `cuda-toolkit[cublas]` turns on that extra's requirements.
    What cannot be parsed requires nothing.
    """
    installed = {each.name: each for each in distributions}
    version = next((each.environment.python_version for each in installed.values()), None)
    parsed = {
        name: list(_parse(distribution.requirements)) for name, distribution in installed.items()
    }
    environment = _marker_environment(platform, version)
    requires: dict[str, set[str]] = {name: set() for name in installed}
    extras: dict[str, set[str]] = {name: {""} for name in installed}
    queue: list[tuple[str, str]] = [(name, "") for name in installed]
    for name, extra in queue:
        for requirement in parsed[name]:
            target: str = canonicalize_name(requirement.name)
            if target not in installed or not _holds(requirement, environment, extra):
                continue
            if target != name:  # a distribution may name itself to turn on an extra of its own
                requires[name].add(target)
            wanted = {canonicalize_name(each) for each in requirement.extras} - extras[target]
            queue += [(target, each) for each in wanted]
            extras[target] |= wanted
    required_by: dict[str, set[str]] = {name: set() for name in installed}
    for name, targets in requires.items():
        for target in targets:
            required_by[target].add(name)
    graph = Graph(
        {name: frozenset(targets) for name, targets in requires.items()},
        {name: frozenset(names) for name, names in required_by.items()},
        tuple(sorted(name for name in installed if not required_by[name])),
    )
    return Graph(graph.requires, graph.required_by, _with_circles(graph))


def required_names(distribution: Distribution, platform: Platform) -> frozenset[str]:
    """Return what a distribution requires without its extras, installed or not."""
    environment = _marker_environment(platform, distribution.environment.python_version)
    return frozenset(
        canonicalize_name(each.name)
        for each in _parse(distribution.requirements)
        if _holds(each, environment, "")
    )


def _with_circles(graph: Graph) -> tuple[str, ...]:
    """Return the roots and, for distributions that only require each other, the first by name."""
    roots = list(graph.roots)
    reached = set(graph.reach(roots))
    for name in sorted(graph.requires):
        if name not in reached:
            roots.append(name)
            reached |= graph.reach([name], reached)
    return tuple(roots)


def _parse(requirements: Iterable[str]) -> Iterable[Requirement]:
    for text in requirements:
        try:
            yield Requirement(text)
        except (InvalidRequirement, RecursionError):
            continue


def _holds(requirement: Requirement, environment: dict[str, str], extra: str) -> bool:
    marker = requirement.marker
    if marker is None:
        return extra == ""
    try:
        if not marker.evaluate({**environment, "extra": extra}):
            return False
        # With an extra, only what the extra adds: the rest was followed without it.
        return extra == "" or not marker.evaluate({**environment, "extra": ""})
    # What has no answer here, such as `platform_release` of a kernel that nobody knows.
    except (UndefinedComparison, UndefinedEnvironmentName, InvalidVersion, RecursionError):
        return False


def _marker_environment(platform: Platform, version: str | None) -> dict[str, str]:
    """Return the values that markers have in the image, whatever machine this runs on."""
    environment = {key: str(value) for key, value in default_environment().items()}
    environment |= {
        "os_name": "posix",
        "sys_platform": "linux",
        "platform_system": "Linux",
        "platform_machine": _MACHINES.get(platform.architecture, platform.architecture),
        "platform_python_implementation": "CPython",
        "implementation_name": "cpython",
        "platform_release": "",
        "platform_version": "",
    }
    if version:
        environment |= {
            "python_version": version,
            "python_full_version": f"{version}.0",
            "implementation_version": f"{version}.0",
        }
    return environment
