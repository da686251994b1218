"""Images whose layers lie unpacked on a graph driver, with tar-split's records beside them.

What Docker's overlay2 and podman's containers/storage share: each knows where a layer's records
and its unpacked files are, and this reads them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from imgdiag.errors import CorruptImage, ImgdiagError, within
from imgdiag.image import parse_config
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
    """Visit `layers`, oldest first, a repeated one once. Raises CorruptImage, RouteClosed."""
    config = parse_config(config_data)
    if tuple(layer.diff_id for layer in layers) != config.diff_ids:
        raise CorruptImage("the engine's store and the image's config disagree on the layers")
    found: dict[str, T] = {}
    for index, layer in enumerate(layers):
        # In layers: how many bytes a layer takes is not known before it is read.
        request.progress.expect(
            None, f"reading the engine's store, layer {index + 1} of {len(layers)}"
        )
        request.progress.advance(0)
        with (
            within(f"layer {index} ({layer.diff_id})"),
            readable(layer.records),
            Beneath(layer.files) as files,
        ):
            if layer.diff_id not in found:
                found[layer.diff_id] = _visited(layer, files, visit, request.known)
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


def _visited(
    layer: UnpackedLayer, files: Beneath, visit: LayerVisitor[T], known: Known | None
) -> T:
    """Return what `visit` finds in a layer, now or before: the engine held it to its diff_id."""
    before: T | None = known.get(layer.diff_id) if known else None
    if before is not None:
        return before
    found = visit(TarSplitReader(records(layer.records), files))
    if known:
        known.put(layer.diff_id, found)
    return found


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
