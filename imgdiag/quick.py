"""`--quick`: what can be known of an engine's image in seconds without reading its layers.

The engine's history gives the layers' sizes, as the engine counts them; a scan in a throw-away
container gives what is visible. What hides what, layer by layer, is not known then, only its sum;
the result says so.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from imgdiag.analysis import Skipped
from imgdiag.errors import ImgdiagError
from imgdiag.facts.steps import MAKE_LAYERS
from imgdiag.image import ImageConfig, instruction, parse_config
from imgdiag.layers.walk import Layer
from imgdiag.scanner.contents import read_contents, wanted_paths
from imgdiag.scanner.listing import Listing, scan
from imgdiag.scanner.live import LiveImage, Output, Sandbox, live_image, run
from imgdiag.sources import Request

MISSING = (
    Skipped("waste by layer", "--quick reads no layers: only the sum of the waste is known"),
    Skipped("layer sizes", "they are the engine's own, which may count links, folders or blocks"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class QuickImage:
    """An image as its engine tells of it: `layer_sizes` oldest first, `visible` as one layer."""

    reference: str
    config: ImageConfig
    layer_sizes: tuple[int, ...]
    visible: Layer
    engine_bytes: int | None
    skipped: tuple[Skipped, ...]


def load(reference: str, request: Request) -> QuickImage:
    """Ask the engine for the image's history and scan it in a container. Raises ImgdiagError."""
    with live_image(reference) as image:
        details = image.client.api.inspect_image(image.reference)
        history = image.client.api.history(image.reference)[::-1]
        request.progress.expect(None, "scanning in a container")
        sandbox = Sandbox(platform=request.platform)

        def runner(command: Any) -> Output:
            return run(image, command, sandbox)

        listing = scan(runner, mounts=image.volumes)
        layer, skipped = _with_contents(listing, runner)
    config, sizes = _config(image, details, history)
    return QuickImage(
        reference=image.reference,
        config=config,
        layer_sizes=sizes,
        visible=layer,
        engine_bytes=details.get("Size"),
        skipped=(*MISSING, *listing.skipped, *skipped),
    )


def _with_contents(listing: Listing, runner: Any) -> tuple[Layer, tuple[Skipped, ...]]:
    """Return the entries with the texts that say what is installed, as far as they can be read."""
    layer = listing.layer()
    try:
        contents = read_contents(runner, listing.program, wanted_paths(listing))
    except ImgdiagError as error:
        return layer, (Skipped("installed packages", error.message),)
    entries = [
        entry._replace(content=contents.get(f"{entry.parent}/{entry.name}".lstrip("/")))
        for entry in layer.entries
    ]
    return replace(layer, entries=entries), ()


def _config(
    image: LiveImage, details: dict[str, Any], history: list[dict[str, Any]]
) -> tuple[ImageConfig, tuple[int, ...]]:
    """Return the config that the engine's answers make, and the layers' sizes, oldest first.

    The API leaves out which instructions made no layer. One with a size did; of those without,
    only some can have. Where that leaves a doubt it is about layers of 0 bytes.
    """
    diff_ids = (details.get("RootFS") or {}).get("Layers") or []
    made = list(_made_layers(history, len(diff_ids)))
    config = parse_config(
        json.dumps(
            {
                "os": details.get("Os"),
                "architecture": details.get("Architecture"),
                "variant": details.get("Variant") or None,
                "created": details.get("Created"),
                "config": details.get("Config") or {},
                "rootfs": {"diff_ids": diff_ids},
                "history": [
                    {
                        "created_by": entry.get("CreatedBy"),
                        "comment": entry.get("Comment"),
                        "empty_layer": index not in made,
                    }
                    for index, entry in enumerate(history)
                ],
            }
        ).encode()
    )
    sizes = [int(history[index].get("Size") or 0) for index in made]
    sizes += [0] * (len(diff_ids) - len(sizes))
    return replace(config, id=image.id), tuple(sizes[: len(diff_ids)])


def _made_layers(history: list[dict[str, Any]], layers: int) -> Iterator[int]:
    sized = {index for index, entry in enumerate(history) if entry.get("Size")}
    possible = [
        index
        for index, entry in enumerate(history)
        if index not in sized and instruction(entry.get("CreatedBy") or "").startswith(MAKE_LAYERS)
    ]
    yield from sorted({*sized, *possible[: max(layers - len(sized), 0)]})
