"""A layer's tar put together again from tar-split's records, no content read but what is asked.

Engines keep, for each layer on a graph driver, the raw header bytes of its tar and the name and
size of each file between them, so that they can make the same tar again from the unpacked files.
Source: github.com/vbatts/tar-split, tar/storage/entry.go and its README: JSON lines, `type` 2 a
segment of raw bytes in base64, `type` 1 a file's content (`name`, or base64 `name_raw`; `size`).
"""

from __future__ import annotations

import binascii
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from imgdiag import jsontext
from imgdiag.errors import CorruptImage
from imgdiag.layers import tar
from imgdiag.layers.compression import Compression, decompress
from imgdiag.layers.reader import PlainHeader, Reader
from imgdiag.sources.beneath import Beneath

_SEGMENT, _FILE = 2, 1
_STEP = 64 * 1024  # bytes; larger, and glibc takes the memory from the kernel anew each time

Record = tuple[bytes, int, bytes]
"""A segment's base64; the size of the file whose content follows it; the line of that file, empty
when none does. The line is parsed for the few files that are read."""


def records(path: Path) -> Iterator[Record]:
    """Yield what a tar-split file holds, each file with the segment before it. Raises CorruptImage.

    The two come in turns, but for a segment or two at the end.
    """
    with path.open("rb") as file:
        stored = iter(lambda: file.read(_STEP), b"")
        segment = b""
        pending: list[bytes] = []  # the start of a line whose end is still to come
        for chunk in decompress(stored, Compression.GZIP, lambda message: None, step=_STEP):
            pending.append(chunk)
            if b"\n" not in chunk:
                continue
            text = b"".join(pending)
            at = 0
            # Line by line, not all lines of a chunk at once: that takes a tenth longer.
            while (end := text.find(b"\n", at)) >= 0:
                size = None
                # As Go's encoder writes segments, half of all lines: no need to parse JSON.
                if text.startswith(_SEGMENT_START, at):
                    start = at + len(_SEGMENT_START)
                    payload = text[start : text.find(b'"', start)]
                else:
                    line = text[at:end]
                    size = _file_size(line)
                    payload = _payload(line) if size is None else b""
                at = end + 1
                if size is not None:
                    yield segment, size, line
                elif segment:
                    yield segment, 0, b""
                segment = payload
            pending = [text[at:]]
        if any(pending):
            raise CorruptImage(f"{_WHAT} is cut short")
    yield segment, 0, b""


def _file_size(line: bytes) -> int | None:
    """Return the size in a file's line, None when it is no file's."""
    # Quotes in a name are escaped, so what stands in quotes here is a key.
    if line.startswith(_FILE_START):
        at = line.find(_SIZE)
        if at < 0:
            return 0
        at += len(_SIZE)
        digits = line[at : line.find(b",", at)]
        if digits.isdigit():
            return int(digits)
    entry: dict[str, Any] = jsontext.parse_object(line, _WHAT)
    if entry.get("type") != _FILE:
        return None
    return max(jsontext.get(entry, "size", int, 0, _WHAT), 0)


def _payload(line: bytes) -> bytes:
    """Return the base64 in a segment's line."""
    entry = jsontext.parse_object(line, _WHAT)
    if entry.get("type") != _SEGMENT:
        return b""
    return jsontext.get(entry, "payload", str, "", _WHAT).encode()


def _name(line: bytes) -> str:
    """Return the path in a file's line."""
    entry = jsontext.parse_object(line, _WHAT)
    if raw := jsontext.get(entry, "name_raw", str, "", _WHAT):
        return _decoded(raw).decode("utf-8", "surrogateescape")
    return jsontext.get(entry, "name", str, "", _WHAT)


def _decoded(text: bytes | str) -> bytes:
    try:
        return binascii.a2b_base64(text, strict_mode=True)
    except ValueError as error:
        raise CorruptImage(f"{_WHAT} is damaged ({error})") from error


_WHAT = "the engine's record of a layer"
_SEGMENT_START = b'{"type":2,"payload":"'
_FILE_START = b'{"type":1,"name'
_NAME_START = b'{"type":1,"name":"'
_SIZE = b'"size":'
_BACKSLASH = 92  # as a number: to look for bytes in bytes costs an exception inside, 0.2 µs each


class TarSplitReader(Reader):
    """Reads a tar from its records, and a file's content from where it lies unpacked."""

    def __init__(self, records: Iterator[Record], files: Beneath) -> None:
        self._records = records
        self._files = files
        self._at = 0
        # The record in hand: itself, its segment once that is decoded, and where its parts stand.
        self._record: Record = (b"", 0, b"")
        self._segment: bytes | None = None
        self._start = self._content_start = self._end = 0

    def read_at(self, start: int, size: int) -> bytes:
        while start >= self._end and self._next():
            pass
        start = min(start, self._end)
        data = b"".join(self._pieces(start, size))
        self._at = start + len(data)
        return data

    def position(self) -> int:
        return self._at

    def plain_headers(self, start: int) -> Iterator[PlainHeader]:
        while True:
            while start >= self._end and self._next():
                pass
            segment, size, line = self._record
            first = start - self._start
            # A segment holds the padding of the file before it, then the headers of the file after.
            alone = first < tar.BLOCK and start + tar.BLOCK == self._content_start
            if not alone or not line.startswith(_NAME_START):
                return
            name = line[len(_NAME_START) : line.find(b'"', len(_NAME_START))]
            if _BACKSLASH in name:
                return
            # To decode all of the segment would take longer than all else that is done with it.
            first += _FIELDS_START
            text = segment[first // 3 * 4 : (first + _FIELDS_SIZE + 2) // 3 * 4]
            self._at = self._content_start
            yield name, size, _decoded(text)[first % 3 : first % 3 + _FIELDS_SIZE]
            start += tar.BLOCK + size + -size % tar.BLOCK

    def _next(self) -> bool:
        """Go to the next record; False at the end."""
        record = next(self._records, None)
        if record is None:
            return False
        segment, size, _ = self._record = record
        self._segment = None
        self._start = self._end
        self._content_start = self._start + len(segment) // 4 * 3 - segment[-2:].count(b"=")
        self._end = self._content_start + size
        return True

    def _pieces(self, start: int, size: int) -> Iterator[bytes]:
        """Yield what stands from `start` on, across records."""
        while size and (start < self._end or self._next()):
            segment, file_size, line = self._record
            if start < self._content_start:
                if self._segment is None:
                    self._segment = _decoded(segment)
                at = start - self._start
                piece = self._segment[at : at + size]
            else:
                at = start - self._content_start
                piece = self._content(_name(line), at, min(size, file_size - at))
            yield piece
            start += len(piece)
            size -= len(piece)

    def _content(self, name: str, at: int, size: int) -> bytes:
        data = self._files.read(name, at, size)
        if len(data) < size:
            raise CorruptImage(
                f"{name!r} is shorter in the engine's store than its record says",
                hint="The store was changed by hand: build or pull the image again",
            )
        return data


_FIELDS_START, _FIELDS_SIZE = tar.FIELDS.start, tar.FIELDS.stop - tar.FIELDS.start
