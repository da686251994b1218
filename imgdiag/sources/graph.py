"""Images whose layers lie unpacked on a graph driver, with tar-split's records beside them.

What Docker's overlay2 and podman's containers/storage share: each knows where a layer's records
and its unpacked files are, and this reads them.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Generic

from imgdiag.errors import CorruptImage, ImgdiagError, within
from imgdiag.image import parse_config
from imgdiag.layers.apart import divided
from imgdiag.sources.base import Known, LayerVisitor, Request, SourceImage, SourceLayer, T
from imgdiag.sources.beneath import Beneath
from imgdiag.sources.tarsplit import TarSplitReader, records


class RouteClosed(ImgdiagError):
    """A way to an image is not open here; the hint says how to open it, if that can be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnpackedLayer:
    """Where one layer lies: tar-split's records and the folder of its files."""

    diff_id: str
    records: Path
    files: Path


def read_layers(
    config_data: bytes,
    layers: Sequence[UnpackedLayer],
    visit: LayerVisitor[T],
    request: Request,
    *,
    reference: str,
    source: str,
    engine_bytes: int | None,
) -> SourceImage[T]:
    """Visit `layers`, a repeated one once, on all cores. Raises CorruptImage, RouteClosed."""
    config = parse_config(config_data)
    if tuple(layer.diff_id for layer in layers) != config.diff_ids:
        raise CorruptImage("the engine's store and the image's config disagree on the layers")
    request.progress.expect(None, "reading the engine's store")
    request.progress.advance(0)
    found = _found(layers, visit, request)
    return SourceImage(
        reference=reference,
        source=source,
        route="store",
        config=config,
        config_data=config_data,
        layers=tuple(
            SourceLayer(
                diff_id=layer.diff_id,
                digest=None,
                transfer_bytes=None,
                content=found[layer.diff_id],
            )
            for layer in layers
        ),
        engine_bytes=engine_bytes,
        warnings=config.warnings,
    )


def _found(
    layers: Sequence[UnpackedLayer], visit: LayerVisitor[T], request: Request
) -> dict[str, T]:
    """Return what `visit` finds in each layer, now or before: the engine held it to its diff_id."""
    known, meter = request.known, request.meter
    found: dict[str, T] = {}
    unread: dict[str, tuple[int, UnpackedLayer]] = {}
    sizes: dict[str, int] = {}
    for index, layer in enumerate(layers):
        if layer.diff_id in found or layer.diff_id in unread:
            continue
        before: T | None = known.get(layer.diff_id) if known else None
        if before is not None:
            found[layer.diff_id] = before
            continue
        unread[layer.diff_id] = index, layer
        with readable(layer.records):
            sizes[layer.diff_id] = layer.records.stat().st_size

    def read(share: list[str]) -> _Share[T]:
        entries, kept = meter.entries, meter.kept
        return _Share(
            found={diff_id: _visited(*unread[diff_id], visit, known) for diff_id in share},
            entries=meter.entries - entries,
            kept=meter.kept - kept,
            process=os.getpid(),
        )

    for share in divided(read, sizes, least=_WORTH_A_PROCESS):
        found |= share.found
        if share.process != os.getpid():
            meter.read(share.entries, share.kept)
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class _Share(Generic[T]):
    """What one process found in its layers, and what its meter counted, which is a copy too."""

    found: dict[str, T]
    entries: int
    kept: int
    process: int


def _visited(index: int, layer: UnpackedLayer, visit: LayerVisitor[T], known: Known | None) -> T:
    with (
        within(f"layer {index} ({layer.diff_id})"),
        readable(layer.records),
        Beneath(layer.files) as files,
    ):
        found = visit(TarSplitReader(records(layer.records), files))
    if known:
        known.put(layer.diff_id, found)
    return found


_WORTH_A_PROCESS = 256 * 1024  # bytes of records: some 5,000 entries, read in 30 ms


@contextmanager
def readable(path: Path) -> Iterator[None]:
    """Turn what the system says of a file of the store into RouteClosed."""
    try:
        yield
    except PermissionError as error:
        raise RouteClosed(
            f"reading the engine's store takes rights to {error.filename or path}",
            hint="For the fast way run imgdiag with sudo (rootless podman: "
            "'podman unshare imgdiag …')",
        ) from error
    except OSError as error:
        raise RouteClosed(
            f"the engine's store is not as expected ({error.strerror}: {error.filename or path})",
            hint="If its folder is elsewhere from here, name it with --engine-root",
        ) from error
