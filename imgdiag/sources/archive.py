"""A saved image in a tar file, mapped into memory: only headers are touched."""

from __future__ import annotations

import mmap
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, NamedTuple

from imgdiag.errors import CorruptImage, within
from imgdiag.layers import tar
from imgdiag.layers.compression import Compression, sniff
from imgdiag.layers.reader import MappedReader
from imgdiag.sources import stream
from imgdiag.sources.base import LayerVisitor, Request, SourceImage, T
from imgdiag.sources.blobs import visit_mapped
from imgdiag.sources.layout import MAX_JSON, LayerBlob, find_image
from imgdiag.sources.visiting import visit_layers


def load(path: Path, visit: LayerVisitor[T], request: Request) -> SourceImage[T]:
    """Read an archive of `docker save`, skopeo, podman, kaniko or buildx.

    One that is compressed as a whole is streamed. Raises ImgdiagError.
    """
    with path.open("rb") as file, within(path.name):
        head = file.read(6)
        file.seek(0)
        if not head:
            raise CorruptImage("the file is empty")
        if sniff(head) is not Compression.NONE:
            request.progress.expect(path.stat().st_size, "reading the archive")
            return stream.read(
                stream.file_chunks(file, request),
                reference=str(path),
                route="stream",
                visit=visit,
                request=request,
            )
        return _load_mapped(file, path, visit, request)


def _load_mapped(
    file: BinaryIO, path: Path, visit: LayerVisitor[T], request: Request
) -> SourceImage[T]:
    with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        # Headers lie far apart: reading ahead would load what is skipped.
        data.madvise(mmap.MADV_RANDOM)
        store = _Members(data)
        layout = find_image(store, request)

        def visit_blob(blob: LayerBlob, warn: Callable[[str], None]) -> tuple[T, Compression]:
            place = store.place(blob.name or "")
            return visit_mapped(data, place.start, place.size, blob.digest, visit, request, warn)

        names = [blob.name for blob in layout.layers if blob.name]
        return visit_layers(
            layout,
            {name: store.size(name) for name in names},
            visit_blob,
            request=request,
            reference=layout.names[0] if layout.names else str(path),
            source="docker-archive" if layout.kind == "docker-archive" else "oci-archive",
            route="file",
        )


class _Place(NamedTuple):
    start: int
    size: int


class _Members:
    """A BlobStore over the members of a mapped tar."""

    def __init__(self, data: mmap.mmap) -> None:
        self._data = data
        self._places: dict[str, _Place] = {}
        self._links: dict[str, str] = {}
        reader = MappedReader(data)
        for member in tar.members(reader, lambda message: None):
            name = stream.member_name(member.name)
            if member.type in (tar.SYMLINK, tar.HARD_LINK):
                self._links[name] = stream.link_target(name, member)
            elif member.type == tar.FILE:
                stream.refuse_second_manifest(name, self._places)
                self._places[name] = _Place(reader.position(), member.size)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self._resolve(name) in self._places

    def place(self, name: str) -> _Place:
        return self._places[self._resolve(name)]

    def size(self, name: str) -> int:
        return self.place(name).size

    def read(self, name: str) -> bytes:
        start, size = self.place(name)
        if size > MAX_JSON:
            raise CorruptImage(f"{name!r} has {size:,} bytes; at most {MAX_JSON:,} are read")
        return self._data[start : start + size]

    def _resolve(self, name: str) -> str:
        return stream.follow(name, self._links)
