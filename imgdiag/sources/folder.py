"""An image in a folder: an OCI layout, or what skopeo's `dir:` transport writes."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from imgdiag.errors import CorruptImage, NotFound, within
from imgdiag.layers.compression import Compression
from imgdiag.limits import DEFAULT, Limits
from imgdiag.sources.base import LayerVisitor, Request, SourceImage, T
from imgdiag.sources.blobs import Place, visit_file
from imgdiag.sources.layout import find_image
from imgdiag.sources.store import LayerBlob, refuse_large
from imgdiag.sources.visiting import visit_layers


def load(path: Path, visit: LayerVisitor[T], request: Request) -> SourceImage[T]:
    """Read the image in the folder `path`. Raises ImgdiagError."""
    with within(path.name or str(path)):
        if not path.is_dir():
            raise NotFound("is not a folder", hint=f"There is no folder {str(path)!r}")
        return load_store(
            Files(path, {}, request.limits),
            visit,
            request,
            reference=str(path),
            source="oci-dir",
            route="folder",
        )


def load_store(
    store: Files,
    visit: LayerVisitor[T],
    request: Request,
    *,
    reference: str,
    source: str,
    route: str,
    engine_bytes: int | None = None,
) -> SourceImage[T]:
    """Read the image in a folder of blobs. Raises ImgdiagError."""
    layout = find_image(store, request)

    def visit_blob(blob: LayerBlob, warn: Callable[[str], None]) -> tuple[T, Compression]:
        with store.path(blob.name or "").open("rb") as file:
            place = Place(file.fileno(), 0, os.fstat(file.fileno()).st_size)
            return visit_file(place, blob, visit, request, warn)

    image = visit_layers(
        layout,
        {blob.name: store.size(blob.name) for blob in layout.layers if blob.name},
        visit_blob,
        request=request,
        reference=layout.names[0] if layout.names and source == "oci-dir" else reference,
        source=source,
        route=route,
    )
    return replace(image, engine_bytes=engine_bytes)


def looks_like_image(path: Path) -> bool:
    """Tell whether a folder holds an image, by the files that say so."""
    return any((path / name).is_file() for name in ("index.json", "manifest.json"))


class Files:
    """A BlobStore over a folder, and a few blobs that are not in it (`extra`).

    Names come from manifests: what leads out of the folder is refused.
    """

    def __init__(self, root: Path, extra: dict[str, bytes], limits: Limits = DEFAULT) -> None:
        self._limits = limits
        self._root = root.resolve()
        self._extra = extra

    def __contains__(self, name: object) -> bool:
        return name in self._extra or (
            isinstance(name, str) and "\0" not in name and self.path(name).is_file()
        )

    def path(self, name: str) -> Path:
        """Return the path of the blob `name`."""
        try:
            path = (self._root / name).resolve()
        except (RuntimeError, ValueError) as error:  # a circle of links, or no name for a file
            raise CorruptImage(f"names a blob that no file can be: {name!r}") from error
        if not path.is_relative_to(self._root):
            raise CorruptImage(f"names a blob outside its folder: {name!r}")
        return path

    def size(self, name: str) -> int:
        return self.path(name).stat().st_size

    def read(self, name: str) -> bytes:
        if name in self._extra:
            return self._extra[name]
        refuse_large(name, self.size(name), self._limits)
        return self.path(name).read_bytes()
