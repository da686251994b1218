"""Images loaded by each of the routes that need no engine."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from imgdiag import sources
from imgdiag.errors import ImgdiagError
from imgdiag.filesystem import merge
from imgdiag.layers.walk import Layer, read_layer
from imgdiag.sources import Request, SourceImage
from tests.builder import Entry, gzipped, write_archive, write_folder

Save = Callable[[Path, Iterable[Entry]], Path]


def as_file(folder: Path, entries: Iterable[Entry]) -> Path:
    return write_archive(folder / "image.tar", entries)


def as_stream(folder: Path, entries: Iterable[Entry]) -> Path:
    """Compressed as a whole, an archive can only be read front to back."""
    return write_archive(folder / "image.tar", entries, gzipped)


def as_folder(folder: Path, entries: Iterable[Entry]) -> Path:
    return write_folder(folder / "image.tar", entries)


def load(reference: str | Path, **request: Any) -> SourceImage[Layer]:
    return sources.load(str(reference), read_layer, Request(**request))


def layer_bytes(found: SourceImage[Layer]) -> list[int]:
    """Return the bytes of each layer's files, oldest first."""
    filesystem = merge([layer.content for layer in found.layers])
    return [layer.layer_bytes for layer in filesystem.layers]


def refusal(reference: str | Path, **request: Any) -> str:
    """Return what is said when an image is not read."""
    with pytest.raises(ImgdiagError) as caught:
        load(reference, **request)
    return str(caught.value)


def changed(entries: Iterable[Entry], path: str, change: Callable[[Any], None]) -> bytes:
    """Return the JSON at `path` after `change` has had its way with it."""
    [value] = [json.loads(entry.content) for entry in entries if entry.path == path]
    change(value)
    return json.dumps(value).encode()
