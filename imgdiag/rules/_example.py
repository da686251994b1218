"""From a rule's example to the facts that the rule looks at."""

from __future__ import annotations

import json

from imgdiag.capture import CAPTURE
from imgdiag.facts import Facts
from imgdiag.filesystem import merge
from imgdiag.image import parse_config
from imgdiag.layers.walk import Entry, Kind, Layer, Whiteout, split
from imgdiag.rules.rule import Example, ExampleLayer


def example_facts(example: Example) -> Facts:
    """Return the facts of an example's image, merged as a real one is."""
    config = {
        "os": "linux",
        "architecture": example.architecture,
        "config": {
            "Env": [f"{name}={value}" for name, value in example.environment.items()],
            "Cmd": list(example.command),
        },
        "rootfs": {"diff_ids": [f"sha256:{index:064x}" for index in range(len(example.layers))]},
        "history": [{"created_by": layer.created_by} for layer in example.layers],
    }
    return Facts(
        config=parse_config(json.dumps(config).encode()),
        filesystem=merge([_layer(layer) for layer in example.layers]),
    )


def _layer(example: ExampleLayer) -> Layer:
    attributes = (0o755, example.uid, example.uid)
    entries = []
    for path, what in example.files.items():
        parent, name = split(path)
        content = what.encode() if isinstance(what, str) else None
        size = len(content) if content is not None else int(what)
        if not CAPTURE.wanted_in(parent)(name) and size > CAPTURE.small_in(parent):
            content = None
        entries.append(Entry(parent, name, Kind.FILE, size, attributes, example.mtime, "", content))
    for path, target in example.links.items():
        parent, name = split(path)
        entries.append(
            Entry(parent, name, Kind.HARD_LINK, 0, attributes, example.mtime, target, None)
        )
    return Layer(entries=entries, whiteouts=[Whiteout(*split(path)) for path in example.deletes])
