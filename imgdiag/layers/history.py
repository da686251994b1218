"""The history of an image: each instruction, and the layer that it made if it made one."""

from __future__ import annotations

from dataclasses import dataclass

from imgdiag import sources
from imgdiag.filesystem import merge
from imgdiag.image import ImageConfig
from imgdiag.project.alignment import Alignment, Lines
from imgdiag.project.choice import Choice
from imgdiag.sources import Request


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeLayer:
    """What an instruction added. `problem` says why a layer could not be read: no sizes then."""

    index: int
    layer_bytes: int
    visible_bytes: int
    wasted_bytes: int
    transfer_bytes: int | None
    files: int
    problem: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One entry of the history; `layer` is None for one that made none, such as ENV.

    `lines` are those of the Dockerfile, `base_image` is the one that brought it, each where that
    is known.
    """

    created: str | None
    created_by: str
    layer: MadeLayer | None
    lines: Lines | None = None
    base_image: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """An image's steps, oldest first; layers that the history does not know come last."""

    reference: str
    source: str
    route: str
    config: ImageConfig
    steps: tuple[Step, ...]
    dockerfile: Alignment | None = None


def read_history(reference: str, request: Request, dockerfile: Choice | None = None) -> History:
    """Read the image that `reference` names. Raises ImgdiagError."""
    image = sources.load_layers(reference, request)
    merged = merge([layer.content for layer in image.layers], limits=image.limits).layers
    layers = [
        MadeLayer(
            index=index,
            layer_bytes=sizes.layer_bytes,
            visible_bytes=sizes.visible_bytes,
            wasted_bytes=sizes.wasted_bytes,
            transfer_bytes=layer.transfer_bytes,
            files=sizes.files,
            problem=layer.problem,
        )
        for index, (layer, sizes) in enumerate(zip(image.layers, merged, strict=True))
    ]
    known = {entry.layer for entry in image.config.history}
    alignment = dockerfile.alignment(image.config) if dockerfile else None
    lines = alignment.entries if alignment else {}
    base = (alignment.base_entries or 0) if alignment else 0
    return History(
        reference=image.reference,
        source=image.source,
        route=image.route,
        config=image.config,
        steps=(
            *(
                Step(
                    created=entry.created,
                    created_by=entry.created_by,
                    layer=None if entry.layer is None else layers[entry.layer],
                    lines=lines.get(index),
                    base_image=alignment.base_image if alignment and index < base else "",
                )
                for index, entry in enumerate(image.config.history)
            ),
            *(
                Step(created=None, created_by="", layer=layer)
                for layer in layers
                if layer.index not in known
            ),
        ),
        dockerfile=alignment,
    )
