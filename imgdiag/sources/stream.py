"""A saved image in a pipe: one pass, each layer visited as it comes by.

The manifest often comes last, so what a member is must be told from its first bytes, and a
member that is no layer after all only matters when the manifest says that it should be one.
"""

from __future__ import annotations

import itertools
import posixpath
from collections.abc import Callable, Container, Iterator
from typing import BinaryIO, Generic

from imgdiag.errors import CorruptImage, ImgdiagError, JsonInstead, within
from imgdiag.layers import tar
from imgdiag.layers.compression import Compression, sniff
from imgdiag.layers.reader import StreamReader, chunks_of
from imgdiag.layers.tar import Member
from imgdiag.layers.walk import split
from imgdiag.limits import TooLarge
from imgdiag.sources.base import LayerVisitor, Request, SourceImage, T
from imgdiag.sources.blobs import unpacked, visit_stream
from imgdiag.sources.layout import find_image, refuse_cut_archive
from imgdiag.sources.store import digest_of, refuse_large
from imgdiag.sources.visiting import assemble

_STEP = 1024 * 1024
_MAGIC = 6  # bytes that tell every compression
_MAX_JSON = 64 * 1024 * 1024  # bytes of JSON in place of an image; a report has at most half
_MAX_SMALL_BLOBS = 64 * 1024 * 1024  # bytes of JSON kept in all; an index has a few kilobytes


def read(
    chunks: Iterator[bytes],
    *,
    reference: str,
    route: str,
    visit: LayerVisitor[T],
    request: Request,
    source: str | None = None,
    engine_bytes: int | None = None,
) -> SourceImage[T]:
    """Read an archive, plain or compressed as a whole, from its bytes in order.

    Raises ImgdiagError.
    """
    head = b""
    while len(head) < _MAGIC and (chunk := next(chunks, b"")):
        head += chunk
    if not head:
        raise CorruptImage("there is nothing to read: the input is empty")
    while begins_as_json(head) and len(head) < tar.BLOCK and (chunk := next(chunks, b"")):
        head += chunk
    if begins_as_json(head):
        data = [head]
        size = len(head)
        while size <= _MAX_JSON and (chunk := next(chunks, b"")):
            data.append(chunk)
            size += len(chunk)
        raise JsonInstead(b"".join(data))
    warnings: list[str] = []
    stored = itertools.chain([head], chunks)
    plain = unpacked(stored, sniff(head), request.meter, warnings.append)
    blobs: _Blobs[T] = _Blobs(StreamReader(plain), visit, request, warnings)
    layout = find_image(blobs, request)
    refuse_cut_archive(layout, warnings)
    for index, blob in enumerate(layout.layers):
        if blob.name is not None:
            with within(f"layer {index} ({blob.name})"):
                blobs.raise_failure(blob.name)
    return assemble(
        layout,
        {blob.name: blobs.found(blob.name) for blob in layout.layers if blob.name},
        {blob.name: blobs.size(blob.name) for blob in layout.layers if blob.name},
        reference=reference if source or not layout.names else layout.names[0],
        source=source or ("docker-archive" if layout.kind == "docker-archive" else "oci-archive"),
        route=route,
        warnings=[*layout.warnings, *warnings],
        engine_bytes=engine_bytes,
    )


def begins_as_json(head: bytes) -> bool:
    """Tell JSON from an archive: a tar may begin with any name, but there are zero bytes behind."""
    start = head[: tar.BLOCK]
    return start.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] in (b"{", b"[") and b"\0" not in start


def file_chunks(file: BinaryIO, request: Request) -> Iterator[bytes]:
    """Yield what is left of `file`."""
    while chunk := file.read(_STEP):
        request.progress.advance(len(chunk))
        request.meter.stored(len(chunk))
        yield chunk


class _Blobs(Generic[T]):
    """A BlobStore of what came by: small JSON kept, layers visited."""

    def __init__(
        self, reader: StreamReader, visit: LayerVisitor[T], request: Request, warnings: list[str]
    ) -> None:
        self._meter = request.meter
        self._json: dict[str, bytes] = {}
        self._json_bytes = 0
        self._found: dict[str, tuple[T, Compression]] = {}
        self._failures: dict[str, ImgdiagError] = {}
        self._sizes: dict[str, int] = {}
        self._links: dict[str, str] = {}
        for member in tar.members(reader, warnings.append, request.limits):
            name = member_name(member.name)
            if member.type in (tar.SYMLINK, tar.HARD_LINK):
                self._links[name] = link_target(name, member)
            elif member.type == tar.FILE:
                refuse_second_manifest(name, self._sizes)
                self._sizes[name] = member.stored
                self._take(reader, name, member.stored, visit, warnings.append)
        if self._sizes:  # what begins with an end mark may have no other end
            reader.drain()

    def _take(
        self,
        reader: StreamReader,
        name: str,
        size: int,
        visit: LayerVisitor[T],
        warn: Callable[[str], None],
    ) -> None:
        head = reader.read(min(size, tar.BLOCK))
        if name.endswith(".json") or begins_as_json(head):
            if size <= self._meter.limits.manifest and self._json_bytes + size <= _MAX_SMALL_BLOBS:
                self._json[name] = head + reader.read(size - len(head))
                self._json_bytes += size
            return
        if 0 < size < tar.BLOCK and sniff(head) is Compression.NONE:
            return  # VERSION, oci-layout and the like: too short for a layer
        stored = itertools.chain([head], chunks_of(reader, size - len(head)))
        try:
            self._found[name] = visit_stream(stored, digest_of(name), visit, self._meter, warn)
        except TooLarge:
            raise
        except ImgdiagError as error:
            self._failures[name] = error

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and follow(name, self._links) in self._sizes

    def size(self, name: str) -> int:
        return self._sizes[follow(name, self._links)]

    def read(self, name: str) -> bytes:
        refuse_large(name, self.size(name), self._meter.limits)
        data = self._json.get(follow(name, self._links))
        if data is None:
            raise CorruptImage(f"{name!r} is not valid JSON, or too large to be a manifest")
        return data

    def found(self, name: str) -> tuple[T, Compression]:
        """Return what the visit of a layer found."""
        return self._found[follow(name, self._links)]

    def raise_failure(self, name: str) -> None:
        """Raise what went wrong with a member that turned out to be a layer."""
        name = follow(name, self._links)
        if name in self._failures:
            raise self._failures[name]
        if name not in self._found:
            raise CorruptImage("is not a tar", hint="Save the image again")


def member_name(name: str) -> str:
    """Return an archive member's normalised name."""
    parent, base = split(name)
    return f"{parent}/{base}" if parent else base


def link_target(name: str, member: Member) -> str:
    """Return the member that a link of the archive leads to.

    Docker up to 24 stores a repeated layer as a symlink `../<other>/layer.tar`.
    """
    if member.type == tar.HARD_LINK:
        return member_name(member.link)
    return member_name(posixpath.normpath(posixpath.join(posixpath.dirname(name), member.link)))


def follow(name: str, links: dict[str, str]) -> str:
    """Return the name at the end of a chain of links; a circle ends where it began."""
    for _ in range(len(links)):
        if name not in links:
            break
        name = links[name]
    return name


def refuse_second_manifest(name: str, before: Container[str]) -> None:
    """Raise CorruptImage for a second manifest: engines disagree on which of the two counts."""
    if name in ("manifest.json", "index.json") and name in before:
        raise CorruptImage(f"holds two {name}", hint="Engines disagree on which counts: rebuild it")
