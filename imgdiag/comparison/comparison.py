"""Two images held against each other: all that is not the same, and why one is larger."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from imgdiag.comparison.causes import Cause, CauseKind, find_causes
from imgdiag.comparison.findings import FindingChange, compare_findings
from imgdiag.comparison.folders import FolderChange, compare_folders, sizes_by_path
from imgdiag.comparison.layers import LayerChange, LayerKind, compare_layers
from imgdiag.comparison.packages import (
    EnvironmentChange,
    SystemChange,
    compare_environments,
    compare_system_packages,
)
from imgdiag.comparison.sizes import SizeChange, compare_sizes
from imgdiag.comparison.snapshot import Snapshot
from imgdiag.errors import ImgdiagError


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What changed from `base` to `head`; growth is positive where HEAD has more.

    `causes` add up to the growth of the layers' bytes, and `folders` to that of the visible bytes.
    All but `sizes` and `layers` hold only what differs, the largest change first.
    """

    base: Snapshot
    head: Snapshot
    sizes: tuple[SizeChange, ...]
    layers: tuple[LayerChange, ...]  # in HEAD's order, what is gone where it stood
    environments: tuple[EnvironmentChange, ...]
    system_packages: tuple[SystemChange, ...]
    folders: tuple[FolderChange, ...]
    findings: tuple[FindingChange, ...]
    causes: tuple[Cause, ...]
    warnings: tuple[str, ...]

    @property
    def growth(self) -> int:
        """Return by how many bytes of content the layers grew, negative when they shrank."""
        return self.head.sizes.layer_bytes - self.base.sizes.layer_bytes

    @property
    def growth_percent(self) -> float | None:
        """Return the growth in per cent of BASE's layers, None when these are empty."""
        before = self.base.sizes.layer_bytes
        return 100 * self.growth / before if before else None

    @property
    def is_unchanged(self) -> bool:
        """Tell whether nothing differs that is compared."""
        return (
            all(each.base == each.head for each in self.sizes)
            and all(each.kind is LayerKind.SHARED for each in self.layers)
            and not self.environments
            and not self.system_packages
            and not self.folders
            and not self.findings
        )

    @property
    def is_partial(self) -> bool:
        """Tell whether a part of either image could not be read."""
        return bool(self.base.skipped or self.head.skipped)

    @property
    def shared_bytes(self) -> int:
        """Return the content of the layers that both images have."""
        return sum(each.shown.layer_bytes for each in self.layers if each.kind is LayerKind.SHARED)


def compare(base: Snapshot, head: Snapshot) -> Comparison:
    """Return what changed from `base` to `head`. Raises ImgdiagError when it does not add up."""
    layers = compare_layers(base.layers, head.layers)
    before, after = (sizes_by_path(of.folders, lambda each: each.bytes) for of in (base, head))
    environments = compare_environments(base, head)
    system_packages = compare_system_packages(base, head)
    comparison = Comparison(
        base=base,
        head=head,
        sizes=compare_sizes(base.sizes, head.sizes),
        layers=layers,
        environments=environments,
        system_packages=system_packages,
        folders=compare_folders(before, after),
        findings=compare_findings(base, head),
        causes=find_causes(base, head, layers, environments, system_packages),
        warnings=tuple(_warnings(base, head)),
    )
    for breach in _breaches(comparison):
        raise ImgdiagError(
            f"imgdiag's numbers do not add up: {breach}",
            hint="This is a fault of imgdiag: please report it with both images' JSON reports",
        )
    return comparison


def _breaches(comparison: Comparison) -> Iterator[str]:
    base, head = comparison.base, comparison.head
    unexplained = any(each.kind is CauseKind.UNEXPLAINED for each in comparison.causes)
    if unexplained and not base.is_quick and not head.is_quick:
        yield "the causes are not the growth"
    seen = head.sizes.visible_bytes - base.sizes.visible_bytes
    if sum(each.growth for each in comparison.folders) != seen:
        yield "the folders are not the growth of what is visible"


def _warnings(base: Snapshot, head: Snapshot) -> Iterator[str]:
    if base.platform != head.platform:
        yield f"different platforms: BASE is for {base.platform}, HEAD for {head.platform}"
    for name, image in (("BASE", base), ("HEAD", head)):
        if image.is_quick:
            yield (
                f"{name} was read with --quick: its layers are as the engine counts them, and why "
                "bytes are wasted is not known"
            )
