"""A saved image in a tar file, of which only headers are read."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

from imgdiag.errors import CorruptImage, ImgdiagError, JsonInstead, within
from imgdiag.layers import tar
from imgdiag.layers.compression import Compression, sniff
from imgdiag.layers.reader import FileReader
from imgdiag.limits import Limits
from imgdiag.sources import stream
from imgdiag.sources.base import LayerVisitor, Request, SourceImage, T
from imgdiag.sources.blobs import Place, visit_file
from imgdiag.sources.layout import find_image, refuse_cut_archive
from imgdiag.sources.store import LayerBlob, refuse_large
from imgdiag.sources.visiting import visit_layers


def load(path: Path, visit: LayerVisitor[T], request: Request) -> SourceImage[T]:
    """Read an archive of `docker save`, skopeo, podman, kaniko or buildx.

    One that is compressed as a whole, or a pipe, is streamed. Raises ImgdiagError.
    """
    with path.open("rb") as file, within(path.name), ExitStack() as watch:
        if stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            watch.enter_context(unchanged(file))
            head = os.pread(file.fileno(), tar.BLOCK, 0)
            if stream.begins_as_json(head):
                raise JsonInstead
            if head and sniff(head) is Compression.NONE:
                return _load_plain(file, path, visit, request)
        request.progress.expect(os.fstat(file.fileno()).st_size or None, "reading the archive")
        return stream.read(
            stream.file_chunks(file, request),
            reference=str(path),
            route="stream",
            visit=visit,
            request=request,
        )


@contextmanager
def unchanged(file: BinaryIO) -> Iterator[None]:
    """Raise CorruptImage when the file is another one after this block than before it.

    Whatever went wrong in the block is then no wonder: this error comes in its place.
    """
    before = os.fstat(file.fileno())
    failure: ImgdiagError | None = None
    try:
        yield
    except ImgdiagError as error:
        failure = error
    after = os.fstat(file.fileno())
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        raise CorruptImage(
            "was changed while it was read",
            hint="Wait until whatever writes it has finished, and try again",
        ) from failure
    if failure is not None:
        raise failure


def _load_plain(
    file: BinaryIO, path: Path, visit: LayerVisitor[T], request: Request
) -> SourceImage[T]:
    store = _Members(file, request.limits)
    layout = find_image(store, request)
    refuse_cut_archive(layout, store.warnings)
    layout = replace(
        layout,
        # A repeated layer, which is a link to the first, is then read once.
        layers=tuple(
            blob if blob.name is None or blob.digest else replace(blob, name=store.real(blob.name))
            for blob in layout.layers
        ),
        warnings=(*layout.warnings, *store.warnings),
    )

    def visit_blob(blob: LayerBlob, warn: Callable[[str], None]) -> tuple[T, Compression]:
        return visit_file(store.place(blob.name or ""), blob, visit, request, warn)

    return visit_layers(
        layout,
        {blob.name: store.size(blob.name) for blob in layout.layers if blob.name},
        visit_blob,
        request=request,
        reference=layout.names[0] if layout.names else str(path),
        source="docker-archive" if layout.kind == "docker-archive" else "oci-archive",
        route="file",
    )


class _Members:
    """A BlobStore over the members of a tar file."""

    def __init__(self, file: BinaryIO, limits: Limits) -> None:
        self._limits = limits
        self._descriptor = file.fileno()
        self._places: dict[str, Place] = {}
        self._links: dict[str, str] = {}
        self.warnings: list[str] = []
        reader = FileReader(self._descriptor, 0, os.fstat(self._descriptor).st_size)
        for member in tar.members(reader, self.warnings.append, limits):
            name = stream.member_name(member.name)
            if member.type in (tar.SYMLINK, tar.HARD_LINK):
                self._links[name] = stream.link_target(name, member)
            elif member.type == tar.FILE:
                stream.refuse_second_manifest(name, self._places)
                self._places[name] = Place(self._descriptor, reader.position(), member.stored)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self.real(name) in self._places

    def real(self, name: str) -> str:
        """Return the member's own name at the end of its links."""
        return stream.follow(name, self._links)

    def place(self, name: str) -> Place:
        return self._places[self.real(name)]

    def size(self, name: str) -> int:
        return self.place(name).size

    def read(self, name: str) -> bytes:
        place = self.place(name)
        refuse_large(name, place.size, self._limits)
        return os.pread(self._descriptor, place.size, place.start)
