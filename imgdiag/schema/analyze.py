"""The JSON of `imgdiag analyze`."""

from __future__ import annotations

from typing import Annotated, TypedDict

from imgdiag.facts.purpose import Target
from imgdiag.filesystem import Cause
from imgdiag.finding import Safety, Severity
from imgdiag.schema._common import Bytes, Dockerfile, Fix, Lines, PathBytes, Skipped, Version
from imgdiag.schema._dependencies import Requirement, Root
from imgdiag.schema._gate import Gate, Waiver


class Image(TypedDict):
    """Which image was read, and how."""

    reference: str
    id: str
    created: str | None
    platform: str
    source: str
    route: str
    route_note: Annotated[str | None, "why a faster route was not taken"]


class Sizes(TypedDict):
    """What 'size' can mean. `layer_bytes` = `visible_bytes` + `wasted_bytes`."""

    layer_bytes: Annotated[int, "bytes of file content in layers, hard links in a layer once"]
    visible_bytes: Annotated[int, "bytes of file content that the container sees"]
    wasted_bytes: Annotated[int, "bytes that are shipped and seen by nobody"]
    transfer_bytes: Annotated[int | None, "bytes of the compressed layers"]
    engine_bytes: Annotated[int | None, "what the engine says"]
    symlink_bytes: Annotated[int, "bytes of symlink targets, which some engines count"]
    efficiency: Annotated[float, "the visible share of the layers, 1.0 for an empty image"]


class Layer(TypedDict):
    """A layer, oldest first. With a `problem` its sizes mean nothing."""

    index: int
    diff_id: str
    digest: str | None
    created_by: str
    layer_bytes: Bytes
    visible_bytes: int | None
    wasted_bytes: int | None
    transfer_bytes: int | None
    files: int | None
    problem: Annotated[str | None, "why it could not be read"]
    dockerfile: Lines | None
    base_image: str | None


class HistoryEntry(TypedDict):
    """An entry of the history, oldest first; `layer` is the index of the one it made."""

    created: str | None
    created_by: str
    layer: int | None


class Waste(TypedDict):
    """Files that one layer ships and another hides, for one cause."""

    cause: Cause
    created_in: int
    hidden_in: int
    bytes: Bytes
    files: int
    examples: list[str]


class UsageTable(TypedDict):
    """The largest children of a folder."""

    path: str
    bytes: Bytes
    children: list[PathBytes]


class Purpose(TypedDict):
    """What the image is meant to run on; `declared` when --gpu or --cpu said so."""

    target: Target
    evidence: str | None
    declared: bool


class Companion(TypedDict):
    """torchvision or torchaudio beside a torch."""

    name: str
    version: str
    variant: Annotated[str, "cpu, cuda, rocm, xpu or unknown"]


class Torch(TypedDict):
    """An installed torch and what it was built for."""

    version: str
    environment: str
    variant: Annotated[str, "cpu, cuda, rocm, xpu or unknown"]
    toolkit: Annotated[str, "the version of CUDA or ROCm, empty where there is none"]
    evidence: str
    companions: list[Companion]


class Environment(TypedDict):
    """A folder of installed Python distributions; `bytes` are in and below it."""

    path: str
    prefix: str
    kind: str
    creator: str | None
    python_version: str | None
    packages: int
    bytes: Bytes
    in_use: Annotated[bool | None, "null where nothing proves it"]
    evidence: str
    roots: Annotated[list[Root], "what was asked for"]


class Interpreter(TypedDict):
    """A Python that can run on its own; `bytes` are those of its standard library's folder."""

    path: str | None
    prefix: str
    library: str
    version: str
    implementation: str
    bytes: Bytes
    in_use: bool | None
    evidence: str


class Package(TypedDict):
    """An installed Python distribution."""

    name: str
    version: str
    environment: str
    installer: str
    bytes: Annotated[int, "bytes of its own files"]
    retained_bytes: Annotated[int, "bytes that go with it"]
    required_by: list[str]
    requires: list[Requirement]
    layers: Annotated[list[int], "indexes of the layers that made its files"]
    evidence: str
    missing_files: int
    deleted_files: int
    deleted_in: Annotated[list[int], "indexes of layers"]
    system_package: str | None
    direct_url: str | None
    editable: bool


class SystemPackage(TypedDict):
    """A package of dpkg, apk or conda."""

    name: str
    version: str
    manager: str
    bytes: Bytes
    layers: Annotated[list[int], "indexes of the layers that made its files"]


class LayerBytes(TypedDict):
    """What one layer made of something."""

    layer: int
    bytes: Bytes


class Folder(TypedDict):
    """A folder with all that is in and below it; the root's path is empty."""

    path: str
    bytes: Bytes
    unattributed_bytes: Annotated[int, "bytes of it that no package owns"]
    made_by: Annotated[list[LayerBytes], "those of them that are in no folder told below it"]


class Finding(TypedDict):
    """One thing to know or to mend."""

    rule: str
    severity: Severity
    safety: Safety
    bytes: Annotated[int, "bytes that the layers lose with the mend"]
    visible_bytes: Annotated[int, "bytes of it that the container sees"]
    replacement_bytes: Annotated[int, "bytes that the mend installs instead, left out above"]
    informational: bool
    in_base: bool
    hazard: bool
    estimate: Annotated[str | None, "why the bytes are an estimate"]
    layers: Annotated[list[int], "indexes of layers"]
    dockerfile: list[Lines]
    files: int
    paths: Annotated[list[str], "the largest"]
    message: str
    fix: Fix
    waived: Annotated[Waiver | None, "the waiver that covers it"]


class Outcome(TypedDict):
    """The image after some mends: what goes and what is left."""

    bytes: Annotated[int, "bytes that the layers lose"]
    visible_bytes: Annotated[int, "bytes that the container sees afterwards"]
    layer_bytes: Annotated[int, "bytes of the layers afterwards"]
    estimate: bool


class FixBytes(TypedDict):
    """What a mend adds to those before it."""

    rule: str
    bytes: Bytes


class Prediction(TypedDict):
    """The image after the safe mends, and after those for review too; each byte counts once."""

    safe: Outcome
    review: Outcome
    fixes: list[FixBytes]


class Report(TypedDict):
    """What is known of an image. Integers are bytes unless their name says otherwise."""

    schema_version: Version
    image: Image
    sizes: Sizes
    dockerfile: Dockerfile | None
    layers: list[Layer]
    history: list[HistoryEntry]
    waste: list[Waste]
    usage: list[UsageTable]
    largest_files: list[PathBytes]
    purpose: Purpose
    torch: list[Torch]
    environments: Annotated[list[Environment], "those in use first, then by bytes"]
    interpreters: list[Interpreter]
    packages: list[Package]
    system_packages: list[SystemPackage]
    unattributed_bytes: Annotated[int, "visible bytes that no package owns"]
    unattributed: list[PathBytes]
    folders: Annotated[list[Folder], "by path: those with 1 MB or more"]
    findings: list[Finding]
    prediction: Prediction
    skipped: list[Skipped]
    warnings: list[str]
    gate: Gate
