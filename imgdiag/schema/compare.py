"""The JSON of `imgdiag compare`."""

from __future__ import annotations

from typing import Annotated, TypedDict

from imgdiag.comparison.causes import CauseKind
from imgdiag.comparison.findings import FindingKind
from imgdiag.comparison.layers import LayerKind
from imgdiag.comparison.packages import Change
from imgdiag.finding import Safety, Severity
from imgdiag.schema._common import Bytes, ImageRead, Skipped, Version
from imgdiag.schema._dependencies import Requirement, Root
from imgdiag.schema._gate import Gate

GrownBytes = Annotated[int, "bytes, negative where something shrank"]


class Image(ImageRead):
    """One of the two images."""

    created: str | None


class Growth(TypedDict):
    """By how much the layers grew."""

    bytes: GrownBytes
    percent: Annotated[float | None, "of the layers of BASE, null when these are empty"]


class SizeChange(TypedDict):
    """A size before and after, in bytes; null where it is not known."""

    base: int | None
    head: int | None
    growth: int | None


class Efficiency(TypedDict):
    """The visible share of the layers, 1.0 for an empty image."""

    base: float
    head: float


class Sizes(TypedDict):
    """What 'size' can mean, as in the report of one image."""

    layer_bytes: SizeChange
    visible_bytes: SizeChange
    wasted_bytes: SizeChange
    transfer_bytes: SizeChange
    engine_bytes: SizeChange
    symlink_bytes: SizeChange
    efficiency: Efficiency


class CausePackage(TypedDict):
    """A package's share of a cause; a version is null where it is not installed."""

    name: str
    base_version: str | None
    head_version: str | None
    growth: GrownBytes


class Cause(TypedDict):
    """A reason why the image grew; layers are named by their indexes in their own image."""

    kind: CauseKind
    change: Change
    name: Annotated[str, "a package, an environment's path, a manager, a folder, a cause of waste"]
    growth: GrownBytes
    environment: str | None
    packages: list[CausePackage]
    chain: Annotated[list[str], "from what was asked for to the package"]
    base_layer: int | None
    head_layer: int | None
    hidden_by_base_layer: int | None
    hidden_by_head_layer: int | None


class Layer(TypedDict):
    """A layer of one image."""

    index: int
    diff_id: str
    created_by: str
    layer_bytes: Bytes
    visible_bytes: int | None
    wasted_bytes: int | None
    transfer_bytes: int | None
    place: Annotated[str | None, "where in the Dockerfile it was made"]
    base_image: str | None


class LayerChange(TypedDict):
    """A layer and the one that stands for it in the other image, null where none does."""

    kind: LayerKind
    growth: GrownBytes
    base: Layer | None
    head: Layer | None


class Environment(TypedDict):
    """A folder of Python distributions in one image."""

    path: str
    prefix: str
    kind: str
    python_version: str | None
    in_use: Annotated[bool | None, "null where nothing proves it"]


class InstalledChange(TypedDict):
    """A package that differs; a version is null where it is not installed."""

    name: str
    change: Change
    base_version: str | None
    head_version: str | None
    base_bytes: Bytes
    head_bytes: Bytes
    growth: GrownBytes


class PackageChange(InstalledChange):
    """A Python package that differs."""

    chain: Annotated[list[str], "from what was asked for to what was added or removed"]


class SystemPackageChange(InstalledChange):
    """A package of dpkg, apk or conda that differs."""

    manager: str


class RequirementChange(Requirement):
    """A requirement that came or went."""

    required_by: str


class EnvironmentChange(TypedDict):
    """An environment and the one that stands for it in the other image, null where none does."""

    base: Environment | None
    head: Environment | None
    growth: GrownBytes
    packages: list[PackageChange]
    roots_new: list[Root]
    roots_gone: list[Root]
    requirements_new: list[RequirementChange]
    requirements_gone: list[RequirementChange]


class FolderChange(TypedDict):
    """A folder with what is in and below it, and in no other of the rows."""

    path: str
    base_bytes: Bytes
    head_bytes: Bytes
    growth: GrownBytes


class Finding(TypedDict):
    """A finding in one image."""

    severity: Severity
    safety: Safety
    bytes: Bytes
    layers: Annotated[list[int], "indexes of layers"]
    message: str


class FindingChange(TypedDict):
    """A finding that is not the same in both images, null where it is not found."""

    kind: FindingKind
    rule: str
    growth: GrownBytes
    base: Finding | None
    head: Finding | None


class SkippedOf(Skipped):
    """What of one image could not be read; `image` is base or head."""

    image: str


class Report(TypedDict):
    """What changed between two images. Growth is HEAD less BASE."""

    schema_version: Version
    base: Image
    head: Image
    unchanged: bool
    growth: Growth
    sizes: Sizes
    causes: Annotated[list[Cause], "the largest change first; they add up to the growth"]
    layers: Annotated[list[LayerChange], "in HEAD's order"]
    shared_bytes: Annotated[int, "bytes of the layers that both images have"]
    environments: Annotated[list[EnvironmentChange], "those that differ"]
    system_packages: list[SystemPackageChange]
    folders: Annotated[list[FolderChange], "they add up to the growth of the visible bytes"]
    findings: list[FindingChange]
    skipped: list[SkippedOf]
    warnings: list[str]
    gate: Gate
