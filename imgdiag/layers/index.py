"""A layer's entries as bytes and back, so that a later run need not read the layer.

Columns, not rows: JSON of lists of one kind is read at twice the speed of JSON of entries. JSON
and the captured contents behind it, all in one gzip, whose checksum tells damage. Nothing here can
run code, whoever wrote the file, as a pickle could.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import partial
from typing import Any, TypeVar

from imgdiag.errors import CorruptImage
from imgdiag.layers.compression import Compression, decompress
from imgdiag.layers.walk import Entry, Kind, Layer, Whiteout

VERSION = 1  # of what is written here
_LEVEL = 1  # of 0 to 3: the highest takes half as long again for a hundredth less


def encode(layer: Layer) -> bytes:
    """Return `layer` as bytes."""
    from isal import igzip_lib

    entries = layer.entries
    folders, folder_of = _distinct(entry.parent for entry in entries)
    attributes, attributes_of = _distinct(entry.attributes for entry in entries)
    targets = {number: entry.target for number, entry in enumerate(entries) if entry.target}
    contents = {
        number: entry.content for number, entry in enumerate(entries) if entry.content is not None
    }
    columns = {
        "folders": folders,
        "folder_of": folder_of,
        "names": [entry.name for entry in entries],
        "kinds": [int(entry.kind) for entry in entries],
        "sizes": [entry.size for entry in entries],
        "attributes": attributes,
        "attributes_of": attributes_of,
        "mtimes": [entry.mtime for entry in entries],
        "targets": [*targets.items()],
        "contents": [(number, len(content)) for number, content in contents.items()],
        "whiteouts": layer.whiteouts,
        "warnings": layer.warnings,
    }
    head = json.dumps(columns, separators=(",", ":")).encode()
    data = b"\n".join((head, b"".join(contents.values())))
    return bytes(igzip_lib.compress(data, _LEVEL, igzip_lib.COMP_GZIP))


def decode(data: bytes) -> Layer:
    """Return the layer that `encode` was given. Raises ValueError for anything else."""
    try:
        plain = b"".join(decompress(iter([data]), Compression.GZIP, _refuse))
        # JSON escapes line breaks, so that the first ends it.
        head, _, contents = plain.partition(b"\n")
        return _layer(json.loads(head), contents)
    except (CorruptImage, KeyError, IndexError, TypeError) as error:
        raise ValueError(f"no index of a layer ({error})") from error


def _refuse(warning: str) -> None:
    raise CorruptImage(warning)


def _layer(columns: dict[str, Any], contents: bytes) -> Layer:
    names: list[str] = columns["names"]
    folders, kinds = columns["folders"], [*Kind]
    attributes = [tuple(each) for each in columns["attributes"]]
    targets = [""] * len(names)
    for number, target in columns["targets"]:
        targets[number] = target
    captured: list[bytes | None] = [None] * len(names)
    at = 0
    for number, size in columns["contents"]:
        captured[number] = contents[at : at + size]
        at += size
    rows = zip(
        map(folders.__getitem__, columns["folder_of"]),
        names,
        map(kinds.__getitem__, columns["kinds"]),
        columns["sizes"],
        map(attributes.__getitem__, columns["attributes_of"]),
        columns["mtimes"],
        targets,
        captured,
        strict=True,
    )
    return Layer(
        entries=[*map(partial(tuple.__new__, Entry), rows)],
        whiteouts=[Whiteout(*each) for each in columns["whiteouts"]],
        warnings=tuple(columns["warnings"]),
    )


_Value = TypeVar("_Value")


def _distinct(values: Iterable[_Value]) -> tuple[list[_Value], list[int]]:
    """Return the values that differ, and for each value its place among them."""
    places: dict[_Value, int] = {}
    numbers = [places.setdefault(value, len(places)) for value in values]
    return list(places), numbers
