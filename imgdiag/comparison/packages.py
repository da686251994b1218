"""What is installed, before and after: Python's packages by environment, and the system's."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from imgdiag.comparison.graph import GraphChange, Tree, compare_trees
from imgdiag.comparison.pair import Pair
from imgdiag.comparison.snapshot import Environment, Package, Snapshot, SystemPackage


class Change(StrEnum):
    """What became of something."""

    ADDED = "added"
    REMOVED = "removed"
    VERSION = "version"  # changed
    BYTES = "bytes"  # another size, and the same version


@dataclass(frozen=True, slots=True, kw_only=True)
class Installed:
    """A package as it is in one image; where it is there twice, both together."""

    version: str
    bytes: int
    layers: tuple[int, ...]  # that made its files


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageChange:
    """A package of one name in two images, None where it is not installed.

    `chain` leads from what was asked for to a Python package that was added or removed, in the
    image that has it.
    """

    name: str
    base: Installed | None
    head: Installed | None
    chain: tuple[str, ...] = ()

    @property
    def change(self) -> Change:
        """Return what became of it."""
        if self.base is None:
            return Change.ADDED
        if self.head is None:
            return Change.REMOVED
        return Change.BYTES if self.base.version == self.head.version else Change.VERSION

    @property
    def growth(self) -> int:
        """Return by how many bytes it grew."""
        return (self.head.bytes if self.head else 0) - (self.base.bytes if self.base else 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvironmentChange(Pair[Environment]):
    """A Python environment and the one that stands for it in the other image, if one does.

    `packages` are those that differ, the largest change first. `bringers` name, for each package
    that was added or removed, what it came or went with: itself, another package that differs, or
    an extra that nothing asks for in the other image, such as `uvicorn[standard]`.
    """

    packages: tuple[PackageChange, ...]
    graph: GraphChange
    bringers: Mapping[str, str]

    @property
    def growth(self) -> int:
        """Return by how many bytes its packages grew."""
        return sum(each.growth for each in self.packages)


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemChange:
    """A package of `manager` (dpkg, apk, conda) that differs."""

    manager: str
    package: PackageChange


def compare_environments(base: Snapshot, head: Snapshot) -> tuple[EnvironmentChange, ...]:
    """Return the environments that differ, the largest change first.

    Two are the same that have one path; else one prefix and kind, as when Python's version
    changes; else when they are the only ones of their kind that are left, as when one was moved.
    """
    before, after = _by_environment(base), _by_environment(head)
    changes = (
        _compare(old, before[old.path] if old else [], new, after[new.path] if new else [])
        for old, new in _pairs(base.environments, head.environments)
    )
    differing = [
        each
        for each in changes
        if each.packages
        or not each.graph.is_empty
        or each.base is None
        or each.head is None
        or each.base.path != each.head.path
    ]
    return tuple(sorted(differing, key=lambda each: (-abs(each.growth), each.shown.path)))


def compare_system_packages(base: Snapshot, head: Snapshot) -> tuple[SystemChange, ...]:
    """Return the system's packages that differ, the largest change first."""
    managers = sorted({each.manager for each in (*base.system_packages, *head.system_packages)})
    changes = (
        SystemChange(manager=manager, package=package)
        for manager in managers
        for package in _package_changes(
            [each for each in base.system_packages if each.manager == manager],
            [each for each in head.system_packages if each.manager == manager],
        )
    )
    return tuple(
        sorted(
            changes,
            key=lambda each: (-abs(each.package.growth), each.package.name, each.manager),
        )
    )


def _by_environment(of: Snapshot) -> dict[str, list[Package]]:
    packages: dict[str, list[Package]] = defaultdict(list)
    for each in of.packages:
        packages[each.environment].append(each)
    return packages


_Pair = tuple[Environment | None, Environment | None]

_ALIKE: tuple[Callable[[Environment], Hashable], ...] = (
    lambda each: each.path,
    lambda each: (each.prefix, each.kind),
    lambda each: each.kind,
)


def _pairs(base: Iterable[Environment], head: Iterable[Environment]) -> list[_Pair]:
    # Two paths that are not UTF-8 may show alike: they are one here.
    before, after = (list({each.path: each for each in side}.values()) for side in (base, head))
    pairs: list[_Pair] = []
    for alike in _ALIKE:
        old, new = _grouped(before, alike), _grouped(after, alike)
        paired = {key for key, group in old.items() if len(group) == len(new.get(key, ())) == 1}
        pairs += [(old[key][0], new[key][0]) for key in old if key in paired]
        before = [each for each in before if alike(each) not in paired]
        after = [each for each in after if alike(each) not in paired]
    return [*pairs, *((each, None) for each in before), *((None, each) for each in after)]


def _grouped(
    environments: Iterable[Environment], key: Callable[[Environment], Hashable]
) -> dict[Hashable, list[Environment]]:
    groups: dict[Hashable, list[Environment]] = {}
    for each in environments:
        groups.setdefault(key(each), []).append(each)
    return groups


def _compare(
    base: Environment | None,
    packages_before: list[Package],
    head: Environment | None,
    packages_after: list[Package],
) -> EnvironmentChange:
    before = Tree(base.roots if base else (), packages_before)
    after = Tree(head.roots if head else (), packages_after)
    changes = _package_changes(packages_before, packages_after, before, after)
    names: dict[Change, set[str]] = defaultdict(set)
    for each in changes:
        names[each.change].add(each.name)
    return EnvironmentChange(
        base=base,
        head=head,
        packages=changes,
        graph=compare_trees(before, after),
        bringers={
            **before.bringers(names[Change.REMOVED], names[Change.VERSION], after),
            **after.bringers(names[Change.ADDED], names[Change.VERSION], before),
        },
    )


def _package_changes(
    base: Iterable[Package | SystemPackage],
    head: Iterable[Package | SystemPackage],
    tree_before: Tree | None = None,
    tree_after: Tree | None = None,
) -> tuple[PackageChange, ...]:
    """Return what differs, the largest change first, with its chain where there are trees."""
    before, after = _installed(base), _installed(head)
    changes = []
    for name in before.keys() | after.keys():
        old, new = before.get(name), after.get(name)
        if old and new and (old.version, old.bytes) == (new.version, new.bytes):
            continue
        tree = tree_after if old is None else tree_before if new is None else None
        changes.append(
            PackageChange(name=name, base=old, head=new, chain=tree.chain(name) if tree else ())
        )
    return tuple(sorted(changes, key=lambda each: (-abs(each.growth), each.name)))


def _installed(packages: Iterable[Package | SystemPackage]) -> dict[str, Installed]:
    """Return what is installed by name; of several of one name, all versions and bytes."""
    by_name: dict[str, list[Package | SystemPackage]] = defaultdict(list)
    for each in packages:
        by_name[each.name].append(each)
    return {
        name: Installed(
            version=", ".join(sorted({each.version for each in found})),
            bytes=sum(each.bytes for each in found),
            layers=max(found, key=lambda each: (each.bytes, each.layers)).layers,
        )
        for name, found in by_name.items()
    }
