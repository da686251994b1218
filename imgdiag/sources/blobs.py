"""One layer blob opened for reading: decompressed, its digest checked on the way."""

from __future__ import annotations

import hashlib
import itertools
import mmap
from collections.abc import Callable, Iterator

from imgdiag.errors import CorruptImage
from imgdiag.layers.compression import Compression, decompress, sniff
from imgdiag.layers.reader import MappedReader, StreamReader
from imgdiag.sources.base import LayerVisitor, Request, T


def visit_stream(
    chunks: Iterator[bytes], digest: str | None, visit: LayerVisitor[T], warn: Callable[[str], None]
) -> tuple[T, Compression]:
    """Let `visit` read the layer in `chunks`, then read on to the end so that all is checked.

    `digest` is what the stored bytes must hash to. Raises CorruptImage.
    """
    head = next(chunks, b"")
    compression = sniff(head)
    stored: Iterator[bytes] = itertools.chain([head], chunks)
    if digest is not None:
        stored = verified(stored, digest)
    reader = StreamReader(decompress(stored, compression, warn))
    found = visit(reader)
    reader.drain()
    return found, compression


def verified(chunks: Iterator[bytes], digest: str) -> Iterator[bytes]:
    """Yield `chunks`, and raise CorruptImage at their end when they are not what `digest` says."""
    algorithm, _, value = digest.partition(":")
    running = hashlib.new(algorithm)
    for chunk in chunks:
        running.update(chunk)
        yield chunk
    if running.hexdigest() != value:
        raise CorruptImage(
            f"the blob is not what its digest {digest} says",
            hint="The file is damaged or was changed: save or download it again",
        )


def visit_mapped(
    data: mmap.mmap | bytes,
    start: int,
    size: int,
    digest: str | None,
    visit: LayerVisitor[T],
    request: Request,
    warn: Callable[[str], None],
) -> tuple[T, Compression]:
    """Let `visit` read the blob at `start` of a mapped file.

    An uncompressed one is skipped through: its contents stay on the disk, and so its digest is
    not checked.
    """
    if sniff(data[start : start + 6] if size >= 6 else b"") is Compression.NONE:
        found = visit(MappedReader(data, start, start + size))
        request.progress.advance(size)
        return found, Compression.NONE
    return visit_stream(_mapped_chunks(data, start, size, request), digest, visit, warn)


def _mapped_chunks(
    data: mmap.mmap | bytes, start: int, size: int, request: Request
) -> Iterator[bytes]:
    for at in range(start, start + size, _STEP):
        chunk = data[at : min(at + _STEP, start + size)]
        request.progress.advance(len(chunk))
        yield chunk


_STEP = 128 * 1024
