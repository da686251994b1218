"""From a rule's example to the facts that the rule looks at."""

from __future__ import annotations

import json

from imgdiag.capture import CAPTURE, CAPTURE_IMPORTS
from imgdiag.facts.facts import Facts
from imgdiag.filesystem import merge
from imgdiag.image import parse_config
from imgdiag.layers.walk import Capture, Entry, Kind, Layer, Whiteout, split
from imgdiag.rules.rule import Example, ExampleLayer


def example_facts(example: Example) -> Facts:
    """Return the facts of an example's image, merged as a real one is."""
    layers = [each for each in example.layers if not each.created_by.startswith("CMD ")]
    config = {
        "os": "linux",
        "architecture": example.architecture,
        "config": {
            "Env": [f"{name}={value}" for name, value in example.environment.items()],
            "Cmd": list(example.command),
        },
        "rootfs": {"diff_ids": [f"sha256:{index:064x}" for index in range(len(layers))]},
        "history": [
            {"created_by": each.created_by, "empty_layer": each.created_by.startswith("CMD ")}
            for each in example.layers
        ],
    }
    capture = CAPTURE_IMPORTS if example.check_imports else CAPTURE
    return Facts(
        config=parse_config(json.dumps(config).encode()),
        filesystem=merge([_layer(layer, capture) for layer in layers]),
        sources_read=example.check_imports,
    )


def _layer(example: ExampleLayer, capture: Capture = CAPTURE) -> Layer:
    attributes = (0o755, example.uid, example.uid)
    entries = []
    for path, what in example.files.items():
        parent, name = split(path)
        content = what.encode() if isinstance(what, str) else None
        size = len(content) if content is not None else int(what)
        if not capture.wanted_in(parent)(name) and size > capture.small_in(parent):
            content = _digested(capture, parent, name, content)
        entries.append(Entry(parent, name, Kind.FILE, size, attributes, example.mtime, "", content))
    for path, target in example.links.items():
        parent, name = split(path)
        entries.append(
            Entry(parent, name, Kind.HARD_LINK, 0, attributes, example.mtime, target, None)
        )
    for path, target in example.symlinks.items():
        parent, name = split(path)
        entries.append(
            Entry(parent, name, Kind.SYMLINK, 0, attributes, example.mtime, target, None)
        )
    return Layer(entries=entries, whiteouts=[Whiteout(*split(path)) for path in example.deletes])


def _digested(capture: Capture, parent: str, name: str, content: bytes | None) -> bytes | None:
    """Return what is kept of a file whose content is not."""
    if capture.digest is None or content is None or not capture.digest.limit_in(parent)(name):
        return None
    return capture.digest.make(parent, name, content)
