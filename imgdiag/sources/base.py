"""What every source takes and gives."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

from imgdiag.image import ImageConfig, Platform
from imgdiag.layers.reader import Reader
from imgdiag.limits import DEFAULT, Limits, Meter

T = TypeVar("T")

LayerVisitor = Callable[[Reader], T]
"""Reads one uncompressed layer and returns what it found. Called once for each distinct layer,
in no particular order, as a stream gives them in its own."""


class Progress(Protocol):
    """Hears how far a source has come, in bytes of what it reads."""

    def expect(self, total: int | None, what: str) -> None:
        """Say what is being read, and how many bytes it has when that is known."""

    def advance(self, count: int) -> None:
        """Say that `count` more bytes have been read."""

    def note(self, text: str) -> None:
        """Say something that the user should know at once."""


class Silent:
    """Progress that nobody watches."""

    def expect(self, total: int | None, what: str) -> None:
        """Say nothing."""

    def advance(self, count: int) -> None:
        """Say nothing."""

    def note(self, text: str) -> None:
        """Say nothing."""


class Known(Protocol):
    """What the visitor of this request found in layers before, by the digest of their blobs."""

    def get(self, digest: str) -> Any:
        """Return what it found, None when that is not known."""

    def put(self, digest: str, found: Any) -> None:
        """Keep what it found in a blob that has been held to its digest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What the user asked for, beyond the path or tag itself.

    `name` (a tag or digest) and `platform` choose among several images in one place; `layout`,
    "docker" or "oci", says which manifest to follow where an archive holds both kinds. `route`
    (auto, store or save) is the way to an engine's image, and `engine_root` the engine's folder
    as seen from here, when it is not where the engine says. `cache_folder` is where an analysis
    keeps what it found in layers, None for nowhere; `known` is what it keeps there. With `verify`,
    layers that could be passed over are read and held to their digests. `meter` counts what is
    read of one image against its limits.
    """

    name: str | None = None
    platform: Platform | None = None
    layout: str | None = None
    route: str = "auto"
    engine_root: Path | None = None
    cache_folder: Path | None = None
    known: Known | None = None
    verify: bool = False
    progress: Progress = field(default_factory=Silent)
    meter: Meter = field(default_factory=Meter)

    @property
    def limits(self) -> Limits:
        """How much of an image is read."""
        return self.meter.limits


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceLayer(Generic[T]):
    """One layer. `content` is None when the layer could not be read, and `problem` says why."""

    diff_id: str
    digest: str | None
    transfer_bytes: int | None  # as stored compressed; None when it is not, or not there
    content: T | None
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceImage(Generic[T]):
    """An image with its layers visited, oldest first. `config_data` is the config verbatim."""

    reference: str
    source: str  # docker-archive, oci-archive, oci-dir, docker or podman
    route: str  # how the bytes came: file, folder, stream, store or save
    config: ImageConfig
    config_data: bytes
    layers: tuple[SourceLayer[T], ...]
    engine_bytes: int | None = None
    route_note: str = ""  # why a faster route was not taken
    warnings: tuple[str, ...] = ()
    is_skeleton: bool = False  # its files' contents were replaced by zeros
    limits: Limits = DEFAULT  # under which it was read
