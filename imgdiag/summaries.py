"""What was measured, as an analysis tells of it: facts turned into its summaries."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from heapq import nsmallest

from imgdiag.analysis import LayerSummary, Sizes, Skipped, UsageTable, Waste
from imgdiag.facts.facts import Facts
from imgdiag.filesystem import Directory
from imgdiag.layers.walk import Layer
from imgdiag.project.alignment import Alignment
from imgdiag.sources.base import SourceImage, SourceLayer

_ROWS = 15  # of a du table
_EXAMPLES = 5


def sizes(image: SourceImage[Layer], facts: Facts) -> Sizes:
    """Return the image's sizes, each under its own name."""
    transfers = [_transfer(image, layer) for layer in image.layers]
    known = [transfer for transfer in transfers if transfer is not None]
    return Sizes(
        layer_bytes=facts.filesystem.layer_bytes,
        visible_bytes=facts.filesystem.visible_bytes,
        wasted_bytes=facts.filesystem.wasted_bytes,
        transfer_bytes=sum(known) if len(known) == len(transfers) else None,
        engine_bytes=image.engine_bytes,
        symlink_bytes=facts.filesystem.symlink_bytes,
    )


def _transfer(image: SourceImage[Layer], layer: SourceLayer[Layer]) -> int | None:
    """Return a layer's compressed size; what a skeleton's zeros come to is not the image's."""
    return None if image.is_skeleton else layer.transfer_bytes


def layers(image: SourceImage[Layer], facts: Facts) -> tuple[LayerSummary, ...]:
    """Return the layers, oldest first."""
    return tuple(
        LayerSummary(
            index=index,
            diff_id=layer.diff_id,
            digest=layer.digest,
            created_by=image.config.created_by(index),
            instruction=facts.instruction(index),
            layer_bytes=of.layer_bytes,
            visible_bytes=of.visible_bytes,
            wasted_bytes=of.wasted_bytes,
            transfer_bytes=_transfer(image, layer),
            files=of.files,
            problem=layer.problem,
        )
        for index, (layer, of) in enumerate(zip(image.layers, facts.filesystem.layers, strict=True))
    )


def skipped(image: SourceImage[Layer]) -> tuple[Skipped, ...]:
    """Return the layers that could not be read, oldest first."""
    return tuple(
        Skipped(f"layer {index} ({layer.digest or layer.diff_id})", layer.problem)
        for index, layer in enumerate(image.layers)
        if layer.content is None
    )


def placed(layers: Iterable[LayerSummary], alignment: Alignment | None) -> tuple[LayerSummary, ...]:
    """Return layers with the lines that made them, or the base image that brought them."""
    if alignment is None or not alignment.fits:
        return tuple(layers)
    base = alignment.base_layers or 0
    return tuple(
        replace(
            layer,
            lines=alignment.layers.get(layer.index),
            base_image=alignment.base_image if layer.index < base else "",
        )
        for layer in layers
    )


def waste(facts: Facts) -> tuple[Waste, ...]:
    """Return what is shipped and not seen, the most bytes first."""
    groups = (
        Waste(
            cause=cause,
            created_in=created_in,
            hidden_in=hidden_in,
            bytes=sum(each.file.size for each in group),
            files=len(group),
            examples=tuple(
                each.path
                for each in nsmallest(_EXAMPLES, group, lambda each: (-each.file.size, each.path))
            ),
        )
        for (cause, created_in, hidden_in), group in facts.hidden_groups.items()
    )
    return tuple(
        sorted(groups, key=lambda each: (-each.bytes, each.created_in, each.hidden_in, each.cause))
    )


def tables(facts: Facts) -> tuple[UsageTable, ...]:
    """Return what `du` would say of the root, the usual large folders and each environment."""
    return tuple(_tables(facts))


def _tables(facts: Facts) -> Iterator[UsageTable]:
    titles = {"": "The root", "usr": "/usr", "usr/local": "/usr/local", "opt": "/opt"}
    for environment in facts.environments:
        if environment.prefix != environment.path:
            titles.setdefault(environment.prefix, f"/{environment.prefix} ({environment.kind})")
        titles.setdefault(environment.path, f"/{environment.path}")
    for path, title in titles.items():
        directory = facts.filesystem.find(path)
        rows = facts.usage.table(path)
        if isinstance(directory, Directory) and any(row.bytes for row in rows):
            yield UsageTable(
                path=path,
                title=title,
                bytes=facts.usage.bytes_below(directory),
                rows=tuple(rows[:_ROWS]),
            )


def warnings(image: SourceImage[Layer], facts: Facts) -> tuple[str, ...]:
    """Return what was odd, in the order in which it was met."""
    return tuple(_warnings(image, facts))


def _warnings(image: SourceImage[Layer], facts: Facts) -> Iterator[str]:
    yield from image.warnings
    for index, layer in enumerate(image.layers):
        for warning in layer.content.warnings if layer.content else ():
            yield f"layer {index}: {warning}"
    yield from facts.filesystem.warnings
    yield from facts.limits
    for path, graph in facts.graphs.items():
        yield from (f"/{path}: {warning}" for warning in graph.warnings)
