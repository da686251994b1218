"""An image in a folder: an OCI layout, or what skopeo's `dir:` transport writes."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from imgdiag.errors import CorruptImage, NotFound, within
from imgdiag.layers.compression import Compression
from imgdiag.sources.base import LayerVisitor, Request, SourceImage, T
from imgdiag.sources.blobs import Place, visit_file
from imgdiag.sources.layout import MAX_JSON, LayerBlob, find_image
from imgdiag.sources.visiting import visit_layers


def load(path: Path, visit: LayerVisitor[T], request: Request) -> SourceImage[T]:
    """Read the image in the folder `path`. Raises ImgdiagError."""
    with within(path.name or str(path)):
        if not path.is_dir():
            raise NotFound("is not a folder", hint=f"There is no folder {str(path)!r}")
        store = _Files(path)
        layout = find_image(store, request)

        def visit_blob(blob: LayerBlob, warn: Callable[[str], None]) -> tuple[T, Compression]:
            with store.path(blob.name or "").open("rb") as file:
                place = Place(file.fileno(), 0, os.fstat(file.fileno()).st_size)
                return visit_file(place, blob.digest, visit, request, warn)

        return visit_layers(
            layout,
            {blob.name: store.size(blob.name) for blob in layout.layers if blob.name},
            visit_blob,
            request=request,
            reference=layout.names[0] if layout.names else str(path),
            source="oci-dir",
            route="folder",
        )


def looks_like_image(path: Path) -> bool:
    """Tell whether a folder holds an image, by the files that say so."""
    return any((path / name).is_file() for name in ("index.json", "manifest.json"))


class _Files:
    """A BlobStore over a folder. Names come from manifests and are digests, never paths up."""

    def __init__(self, root: Path) -> None:
        self._root = root.resolve()

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and "\0" not in name and self.path(name).is_file()

    def path(self, name: str) -> Path:
        path = (self._root / name).resolve()
        if not path.is_relative_to(self._root):
            raise CorruptImage(f"names a blob outside its folder: {name!r}")
        return path

    def size(self, name: str) -> int:
        return self.path(name).stat().st_size

    def read(self, name: str) -> bytes:
        if self.size(name) > MAX_JSON:
            raise CorruptImage(
                f"{name!r} has {self.size(name):,} bytes; at most {MAX_JSON:,} are read"
            )
        return self.path(name).read_bytes()
