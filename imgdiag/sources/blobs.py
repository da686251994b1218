"""One layer blob opened for reading: decompressed, its digest checked on the way."""

from __future__ import annotations

import hashlib
import itertools
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass

from imgdiag.errors import CorruptImage
from imgdiag.layers.ahead import ahead
from imgdiag.layers.compression import Compression, decompress, sniff
from imgdiag.layers.reader import FileReader, StreamReader
from imgdiag.limits import Meter
from imgdiag.sources.base import LayerVisitor, Request, T
from imgdiag.sources.store import DIGEST, LayerBlob


@dataclass(frozen=True, slots=True)
class Place:
    """Where a blob lies: an open file's descriptor, the first byte and the number of bytes."""

    descriptor: int
    start: int
    size: int


def visit_stream(
    chunks: Iterator[bytes],
    digest: str | None,
    visit: LayerVisitor[T],
    meter: Meter,
    warn: Callable[[str], None],
    *,
    diff_id: str | None = None,
    threads: bool = False,
) -> tuple[T, Compression]:
    """Let `visit` read the layer in `chunks`, then read on to the end so that all is checked.

    `digest` is what the stored bytes must hash to, and `diff_id` the plain ones. With `threads`
    they are drawn and checked in one thread, decompressed in another and visited in this one.
    Raises CorruptImage, and TooLarge for more than `meter` allows.
    """
    with ExitStack() as stack:
        stored = chunks if digest is None else verified(chunks, digest)
        if threads:
            stored = stack.enter_context(closing(ahead(stored)))
        head = next(stored, b"")
        compression = sniff(head)
        plain = unpacked(itertools.chain([head], stored), compression, meter, warn)
        if diff_id is not None:
            plain = verified(plain, diff_id, "the layer is not what its diff_id")
        if threads:
            plain = stack.enter_context(closing(ahead(plain)))
        reader = StreamReader(plain)
        found = visit(reader)
        reader.drain()
    return found, compression


def unpacked(
    chunks: Iterator[bytes], compression: Compression, meter: Meter, warn: Callable[[str], None]
) -> Iterator[bytes]:
    """Yield the plain bytes of `chunks` as `decompress` does, counted. Raises TooLarge."""
    if compression is Compression.NONE:
        yield from chunks
        return
    for chunk in decompress(chunks, compression, warn):
        meter.unpacked(len(chunk))
        yield chunk


def verified(
    chunks: Iterator[bytes], digest: str, what: str = "the blob is not what its digest"
) -> Iterator[bytes]:
    """Yield `chunks`, and raise CorruptImage at their end when they are not what `digest` says."""
    if not DIGEST.fullmatch(digest):
        raise CorruptImage(f"is named by what is no digest: {digest!r}")
    algorithm, _, value = digest.partition(":")
    running = hashlib.new(algorithm)
    for chunk in chunks:
        running.update(chunk)
        yield chunk
    if running.hexdigest() != value:
        raise CorruptImage(
            f"{what} {digest} says",
            hint="The file is damaged or was changed: save or download it again",
        )


def visit_file(
    place: Place,
    blob: LayerBlob,
    visit: LayerVisitor[T],
    request: Request,
    warn: Callable[[str], None],
) -> tuple[T, Compression]:
    """Let `visit` read `blob`, which lies at `place` in an open file.

    An uncompressed one is skipped through: its contents stay on the disk, and so its digest is
    not checked. A compressed one that the request knows by its digest is not read. Both are read
    when the request says to verify.
    """
    digest, verify = blob.digest, request.verify
    compression = sniff(os.pread(place.descriptor, min(6, place.size), place.start))
    if compression is Compression.NONE and not verify:
        found = visit(FileReader(place.descriptor, place.start, place.start + place.size))
        request.progress.advance(place.size)
        return found, Compression.NONE
    known = request.known if digest else None
    if known and digest and not verify and (found := known.get(digest)) is not None:
        request.progress.advance(place.size)
        return found, compression
    warnings: list[str] = []
    found, compression = visit_stream(
        _chunks(place, request),
        digest,
        visit,
        request.meter,
        warnings.append,
        diff_id=blob.diff_id if verify else None,
        threads=place.size >= _LARGE,
    )
    for warning in warnings:
        warn(warning)
    if known and digest and compression is not Compression.NONE and not warnings:
        # Warnings would not be given again.
        known.put(digest, found)
    return found, compression


def _chunks(place: Place, request: Request) -> Iterator[bytes]:
    at, end = place.start, place.start + place.size
    while chunk := os.pread(place.descriptor, min(_STEP, end - at), at):
        at += len(chunk)
        request.progress.advance(len(chunk))
        request.meter.stored(len(chunk))
        yield chunk


_STEP = 128 * 1024
_LARGE = 4 * 1024 * 1024  # bytes; less is done before threads have got going
