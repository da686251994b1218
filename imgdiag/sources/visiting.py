"""From a layout whose blobs can be reached in any order to a `SourceImage`."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from imgdiag.errors import CorruptImage, within
from imgdiag.layers.compression import Compression
from imgdiag.sources.base import Request, SourceImage, SourceLayer, T
from imgdiag.sources.store import LayerBlob, Layout

VisitBlob = Callable[[LayerBlob, Callable[[str], None]], tuple[T, Compression]]


def visit_layers(
    layout: Layout,
    sizes: dict[str, int],
    visit_blob: VisitBlob[T],
    *,
    request: Request,
    reference: str,
    source: str,
    route: str,
) -> SourceImage[T]:
    """Visit each distinct blob of `layout` once, on all cores, and put the image together.

    `sizes` are the blobs' stored sizes by name. Decompression runs outside Python's lock, so two
    layers at a time take half as long.
    """
    warnings = list(layout.warnings)
    blobs = {blob.name: (index, blob) for index, blob in reversed(list(enumerate(layout.layers)))}
    blobs.pop(None, None)
    if request.verify:
        _refuse_two_diff_ids(layout)
    request.progress.expect(sum(sizes[name] for name in blobs if name), "reading layers")

    def visit(index: int, blob: LayerBlob) -> tuple[T, Compression]:
        with within(f"layer {index} ({blob.name})"):
            return visit_blob(blob, lambda message: warnings.append(f"layer {index}: {message}"))

    # The largest first, so that no core waits for it at the end.
    order = sorted(blobs.values(), key=lambda each: -sizes[each[1].name or ""])
    workers = ThreadPoolExecutor(os.cpu_count() or 1)
    try:
        results = workers.map(lambda each: visit(*each), order)
        found = {blob.name: result for (_, blob), result in zip(order, results, strict=True)}
    finally:
        workers.shutdown(cancel_futures=True)
    return assemble(
        layout, found, sizes, reference=reference, source=source, route=route, warnings=warnings
    )


def _refuse_two_diff_ids(layout: Layout) -> None:
    """Raise CorruptImage for a blob that stands for two layers: it is read as one of them."""
    known: dict[str, str] = {}
    for index, blob in enumerate(layout.layers):
        if blob.name and known.setdefault(blob.name, blob.diff_id) != blob.diff_id:
            raise CorruptImage(
                f"layer {index} has another diff_id than a layer before it of the same blob "
                f"({blob.name})",
                hint="The archive contradicts itself: save the image again",
            )


def assemble(
    layout: Layout,
    found: dict[str | None, tuple[T, Compression]],
    sizes: dict[str, int],
    *,
    reference: str,
    source: str,
    route: str,
    warnings: list[str],
    engine_bytes: int | None = None,
) -> SourceImage[T]:
    """Give each layer of `layout` what its blob's visit found, by the blob's name."""
    layers = []
    for blob in layout.layers:
        content, compression = found.get(blob.name, (None, Compression.NONE))
        compressed = compression is not Compression.NONE
        layers.append(
            SourceLayer(
                diff_id=blob.diff_id,
                digest=blob.digest,
                transfer_bytes=sizes[blob.name] if blob.name and compressed else None,
                content=content,
                problem=blob.problem,
            )
        )
    return SourceImage(
        reference=reference,
        source=source,
        route=route,
        config=layout.config,
        config_data=layout.config_data,
        layers=tuple(layers),
        engine_bytes=engine_bytes,
        warnings=tuple(warnings),
        is_skeleton=layout.is_skeleton,
    )
