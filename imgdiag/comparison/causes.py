"""Why an image grew: every byte of its growth in one cause.

What a container sees is the packages' or nobody's, and what it does not see is waste of a known
cause: each of these is compared by itself, so that the causes add up to the growth of the visible
bytes and of the waste, and never overlap.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from imgdiag.comparison.folders import compare_folders, sizes_by_path
from imgdiag.comparison.layers import LayerChange
from imgdiag.comparison.packages import Change, EnvironmentChange, PackageChange, SystemChange
from imgdiag.comparison.snapshot import Layer, Snapshot


class CauseKind(StrEnum):
    """What grew."""

    PACKAGE = "package"  # a Python package, and those that came or went with it
    SAME_VERSIONS = "same-versions"  # Python packages with other files, byte-code or tests perhaps
    ENVIRONMENT = "environment"  # a whole Python environment that is new or gone
    SYSTEM = "system-packages"  # of one manager, all that were added, removed or changed
    FILES = "files"  # of no package, in and below a folder
    WASTE = "waste"  # what one layer ships and another hides
    UNEXPLAINED = "unexplained"  # of an image whose layers were not read


@dataclass(frozen=True, slots=True)
class Part:
    """A package's share of a cause; a version is "" where it is not installed."""

    name: str
    base_version: str
    head_version: str
    bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """One reason why an image grew (`bytes` > 0) or shrank.

    `name` is a package (or an extra of one, as in `uvicorn[standard]`), an environment's path, a
    manager of packages, a folder or a cause of waste; `environment` is that of Python packages.
    `parts` are the packages that it is made of, the largest first, but that a package leads those
    that it brings; `chain` is what brings it in or did. `base_layer` and `head_layer` made most of
    it, as far as that is known; of waste they are those that ship it, and `hidden_by_base` and
    `hidden_by_head` those that hide it.
    """

    kind: CauseKind
    change: Change
    name: str
    bytes: int
    environment: str = ""
    parts: tuple[Part, ...] = ()
    chain: tuple[str, ...] = ()
    base_layer: Layer | None = None
    head_layer: Layer | None = None
    hidden_by_base: Layer | None = None
    hidden_by_head: Layer | None = None

    @property
    def layer(self) -> Layer | None:
        """Return the layer to look at: HEAD's where it grew, BASE's where that is all there is."""
        return self.head_layer or self.base_layer

    @property
    def hidden_by(self) -> Layer | None:
        """Return the layer that hides the waste: HEAD's, or BASE's where that is all there is."""
        return self.hidden_by_head or self.hidden_by_base


def find_causes(
    base: Snapshot,
    head: Snapshot,
    layers: Sequence[LayerChange],
    environments: Iterable[EnvironmentChange],
    system_packages: Iterable[SystemChange],
) -> tuple[Cause, ...]:
    """Return all causes, the largest change first; they add up to the growth of the layers."""
    known = [
        *(cause for each in environments for cause in _of_environment(each, base, head)),
        *_of_system_packages(system_packages, base, head),
        *_of_files(base, head, layers),
        *_of_waste(base, head, layers),
    ]
    rest = head.sizes.layer_bytes - base.sizes.layer_bytes - sum(each.bytes for each in known)
    if rest:
        known.append(
            Cause(
                kind=CauseKind.UNEXPLAINED,
                change=Change.BYTES,
                name="unexplained",
                bytes=rest,
            )
        )
    return tuple(
        sorted(
            (each for each in known if each.bytes),
            key=lambda each: (
                each.kind is CauseKind.UNEXPLAINED,
                -abs(each.bytes),
                each.kind,
                each.name,
                each.environment,
                each.change,
            ),
        )
    )


def _of_environment(change: EnvironmentChange, base: Snapshot, head: Snapshot) -> Iterator[Cause]:
    if change.base is None or change.head is None:
        yield _cause(
            CauseKind.ENVIRONMENT,
            Change.ADDED if change.base is None else Change.REMOVED,
            change.shown.path,
            change.packages,
            base,
            head,
        )
        return
    same = [each for each in change.packages if each.change is Change.BYTES]
    if same:
        # What made or deleted the files need not be what installed the packages: no layer is named.
        yield replace(
            _cause(CauseKind.SAME_VERSIONS, Change.BYTES, change.shown.path, same, base, head),
            base_layer=None,
            head_layer=None,
        )
    groups: dict[str, list[PackageChange]] = defaultdict(list)
    for package in change.packages:
        if package.change is not Change.BYTES:
            groups[change.bringers.get(package.name, package.name)].append(package)
    for name, group in groups.items():
        # The one that brings the others leads, however small it is; an extra is none of them.
        leading = sorted(group, key=lambda each: each.name != name)
        yield _cause(
            CauseKind.PACKAGE,
            leading[0].change,
            name,
            leading,
            base,
            head,
            environment=change.shown.path,
            chain=leading[0].chain if leading[0].name == name else leading[0].chain[:-1],
        )


def _of_system_packages(
    changes: Iterable[SystemChange], base: Snapshot, head: Snapshot
) -> Iterator[Cause]:
    groups: dict[tuple[str, Change], list[PackageChange]] = defaultdict(list)
    for each in changes:
        change = each.package.change
        whole = change if change in (Change.ADDED, Change.REMOVED) else Change.VERSION
        groups[each.manager, whole].append(each.package)
    for (manager, change), group in groups.items():
        yield _cause(CauseKind.SYSTEM, change, manager, group, base, head)


def _cause(
    kind: CauseKind,
    change: Change,
    name: str,
    packages: Sequence[PackageChange],
    base: Snapshot,
    head: Snapshot,
    *,
    environment: str = "",
    chain: tuple[str, ...] = (),
) -> Cause:
    largest = max(packages, key=lambda each: abs(each.growth), default=None)
    before = largest.base.layers if largest and largest.base else ()
    after = largest.head.layers if largest and largest.head else ()
    return Cause(
        kind=kind,
        change=change,
        name=name,
        bytes=sum(each.growth for each in packages),
        environment=environment,
        parts=tuple(
            Part(
                each.name,
                each.base.version if each.base else "",
                each.head.version if each.head else "",
                each.growth,
            )
            for each in packages
        ),
        chain=chain,
        base_layer=base.layers[before[0]] if before else None,
        head_layer=head.layers[after[0]] if after else None,
    )


def _of_files(base: Snapshot, head: Snapshot, changes: Sequence[LayerChange]) -> Iterator[Cause]:
    """Yield a cause for each folder in which files of nobody came or went."""
    before, after = (
        sizes_by_path(of.folders, lambda each: each.unattributed_bytes) for of in (base, head)
    )
    rows = compare_folders(before, after)
    growth = _growth_by_layer(base, head, changes, {row.path for row in rows})
    for row in rows:
        change = Change.BYTES
        if not row.base_bytes or not row.head_bytes:
            change = Change.ADDED if row.head_bytes else Change.REMOVED
        sign = 1 if row.growth > 0 else -1
        by_layer = growth[row.path]
        most = max(
            (number for number, size in by_layer.items() if sign * size > 0),
            key=lambda number: (sign * by_layer[number], _place(changes[number])),
            default=None,
        )
        layers = None if most is None else changes[most]
        yield Cause(
            kind=CauseKind.FILES,
            change=change,
            name=row.path,
            bytes=row.growth,
            base_layer=layers.base if layers else None,
            head_layer=layers.head if layers else None,
        )


def _growth_by_layer(
    base: Snapshot, head: Snapshot, changes: Sequence[LayerChange], rows: set[str]
) -> dict[str, dict[int, int]]:
    """Return what each pair of layers made more of each row, by the pair's place in `changes`."""
    growth: dict[str, dict[int, int]] = defaultdict(lambda: defaultdict(int))
    for side, of in enumerate((base, head)):
        numbers = _numbers(changes, side)
        for folder in of.folders:
            row = folder.path
            while row and row not in rows:
                row = row.rpartition("/")[0]
            for share in folder.made_by:
                growth[row][numbers[share.layer]] += share.bytes if side else -share.bytes
    return growth


def _place(change: LayerChange) -> list[int]:
    """Return where two layers stand, the same whichever image is the base."""
    return sorted(each.index if each else -1 for each in (change.base, change.head))


def _numbers(changes: Sequence[LayerChange], side: int) -> dict[int, int]:
    """Return the place in `changes` of each layer of BASE (0) or HEAD (1), by its index."""
    return {
        layer.index: number
        for number, change in enumerate(changes)
        if (layer := (change.base, change.head)[side]) is not None
    }


def _of_waste(base: Snapshot, head: Snapshot, changes: Sequence[LayerChange]) -> Iterator[Cause]:
    """Yield a cause for each pair of layers of which one hides what the other ships."""
    sizes: dict[tuple[str, int, int], list[int]] = defaultdict(lambda: [0, 0])
    for side, of in enumerate((base, head)):
        numbers = _numbers(changes, side)
        for row in of.waste:
            key = (row.cause, numbers[row.created_in], numbers[row.hidden_in])
            sizes[key][side] += row.bytes
    for (cause, created, hidden), (before, after) in sizes.items():
        change = Change.ADDED if not before else Change.REMOVED if not after else Change.BYTES
        made, hides = changes[created], changes[hidden]
        yield Cause(
            kind=CauseKind.WASTE,
            change=change,
            name=cause,
            bytes=after - before,
            base_layer=made.base if before else None,
            head_layer=made.head if after else None,
            hidden_by_base=hides.base if before else None,
            hidden_by_head=hides.head if after else None,
        )
