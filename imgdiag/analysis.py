"""The result of an analysis: frozen, complete, and all that reports and the gate see."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

from imgdiag.facts.purpose import Purpose
from imgdiag.filesystem import Cause
from imgdiag.filesystem.folders import Folder
from imgdiag.finding import Finding
from imgdiag.gate.files import Files
from imgdiag.image import ImageConfig
from imgdiag.prediction import Prediction
from imgdiag.project.alignment import Alignment, Lines
from imgdiag.python.requires import Edge
from imgdiag.python.root import Root
from imgdiag.python.torch import Torch
from imgdiag.scanner.tree import Tree
from imgdiag.scanner.usage import UsageRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """What 'size' can mean, all in bytes. `layer_bytes` = `visible_bytes` + `wasted_bytes`."""

    layer_bytes: int  # regular-file content in layers, hard links within a layer once
    visible_bytes: int  # content reachable in the merged file system, each inode once
    wasted_bytes: int  # shipped, and seen by nobody
    transfer_bytes: int | None  # compressed layers, as a registry sends them
    engine_bytes: int | None  # what `docker images` says
    symlink_bytes: int  # lengths of symlink targets, which some engines add to their sizes

    @property
    def efficiency(self) -> float:
        """Return the visible share of the layers, 1.0 for an empty image."""
        return self.visible_bytes / self.layer_bytes if self.layer_bytes else 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerSummary:
    """One layer. `created_by` is the history's text, `instruction` what of it the user wrote.

    `problem` says why a layer could not be read; its sizes are then 0 and mean nothing. What of
    it is visible and wasted is None when layers were not read at all (--quick).
    """

    index: int
    diff_id: str
    digest: str | None
    created_by: str
    instruction: str
    layer_bytes: int
    visible_bytes: int | None
    wasted_bytes: int | None
    transfer_bytes: int | None
    files: int | None
    problem: str
    lines: Lines | None = None  # of the Dockerfile, where they are known
    base_image: str = ""  # that it came with, where that is known


@dataclass(frozen=True, slots=True, kw_only=True)
class Waste:
    """Files that one layer ships and another hides, for one cause; the largest are examples."""

    cause: Cause
    created_in: int
    hidden_in: int
    bytes: int
    files: int
    examples: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageTable:
    """A du table: the children of `path`, the largest first."""

    path: str
    title: str
    bytes: int
    rows: tuple[UsageRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvironmentSummary:
    """A folder of installed Python distributions: `bytes` are in and below it.

    `in_use` is None where nothing proves that the image's program uses it, or that it does not;
    `evidence` says why in words. `roots` are what was asked for, each with its reason. See
    `Environment` for the rest.
    """

    path: str
    prefix: str
    kind: str
    creator: str
    python_version: str | None
    packages: int
    bytes: int
    in_use: bool | None
    evidence: str
    roots: tuple[Root, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class InterpreterSummary:
    """A Python that can run on its own: `bytes` are those of its standard library's folder."""

    path: str  # "" when its program is not in the image
    prefix: str
    library: str
    version: str
    implementation: str
    bytes: int
    in_use: bool | None
    evidence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemPackageSummary:
    """A package of dpkg, apk or conda; `bytes` is what it alone owns, and `layers` made that."""

    name: str
    version: str
    manager: str
    bytes: int
    layers: tuple[int, ...]  # the one with the most bytes first


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """An installed Python distribution. `retained_bytes` go away with it: its own and those of
    what nothing else requires. `requires` are its requirements that hold in the image, those by
    its extras too; `layers` made its files.

    Of the files that it names and that are missing, `deleted_files` were deleted by the layers
    `deleted_in`; the others were never there, or went in the layer that made them.
    """

    name: str
    version: str
    environment: str
    installer: str
    bytes: int
    retained_bytes: int
    required_by: tuple[str, ...]
    requires: tuple[Edge, ...]
    layers: tuple[int, ...]  # the one with the most bytes first
    evidence: str
    missing_files: int
    deleted_files: int
    deleted_in: tuple[int, ...]
    system_package: str  # that brought it and owns its files, "" when none did
    direct_url: str  # "" when it came from an index
    editable: bool


@dataclass(frozen=True, slots=True)
class Skipped:
    """What could not be read, and why: the result is partial."""

    what: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Analysis:
    """Everything that is known about one image.

    `files` answers what budgets and waivers ask; `tree` is made when a report asks for it.
    `predict` gives the prediction of some of the findings.
    """

    reference: str
    source: str
    route: str
    route_note: str  # why a faster route was not taken, "" when none is faster
    config: ImageConfig
    sizes: Sizes
    layers: tuple[LayerSummary, ...]
    waste: tuple[Waste, ...]
    tables: tuple[UsageTable, ...]
    largest_files: tuple[UsageRow, ...]
    environments: tuple[EnvironmentSummary, ...]  # those in use first, then by bytes
    interpreters: tuple[InterpreterSummary, ...]
    packages: tuple[Package, ...]
    system_packages: tuple[SystemPackageSummary, ...]
    unattributed: tuple[UsageRow, ...]  # where the bytes are that no package owns; all of them
    folders: tuple[Folder, ...]  # in the order of their paths, for another image's to be held to
    purpose: Purpose
    torches: tuple[Torch, ...]
    findings: tuple[Finding, ...]
    prediction: Prediction
    skipped: tuple[Skipped, ...]
    warnings: tuple[str, ...]
    dockerfile: Alignment | None  # None when none was given and none found
    files: Files = field(compare=False, repr=False)
    tree: Callable[[], Tree] = field(compare=False, repr=False)
    predict: Callable[[Iterable[Finding]], Prediction] = field(compare=False, repr=False)

    def without_mends(self, accepted: Iterable[Finding]) -> Analysis:
        """Return this analysis with the prediction of the mends of all but `accepted` findings."""
        left_out = frozenset(accepted)
        if not left_out:
            return self
        advised = (each for each in self.findings if each not in left_out)
        return replace(self, prediction=self.predict(advised))

    @property
    def package_bytes(self) -> int:
        """Return what Python's distributions own."""
        return sum(each.bytes for each in self.packages)

    @property
    def system_package_bytes(self) -> int:
        """Return what the system's packages own."""
        return sum(each.bytes for each in self.system_packages)

    @property
    def unattributed_bytes(self) -> int:
        """Return what no package owns."""
        return sum(row.bytes for row in self.unattributed)
