"""A layer's tar put together again from tar-split's records, no content read but what is asked.

Engines keep, for each layer on a graph driver, the raw header bytes of its tar and the name and
size of each file between them, so that they can make the same tar again from the unpacked files.
Source: github.com/vbatts/tar-split, tar/storage/entry.go and its README: JSON lines, `type` 2 a
segment of raw bytes in base64, `type` 1 a file's content (`name`, or base64 `name_raw`; `size`).
"""

from __future__ import annotations

import binascii
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from imgdiag import jsontext
from imgdiag.errors import CorruptImage
from imgdiag.layers.compression import Compression, decompress
from imgdiag.layers.walk import split

_SEGMENT, _FILE = 2, 1
_STEP = 128 * 1024


class FileRecord(NamedTuple):
    """A file between two segments. Its name is in `line`, parsed for the few that are read."""

    size: int
    line: bytes

    @property
    def name(self) -> str:
        """Return the file's path in the layer."""
        entry = jsontext.parse_object(self.line, _WHAT)
        if raw := jsontext.get(entry, "name_raw", str, "", _WHAT):
            return _decoded(raw).decode("utf-8", "surrogateescape")
        return jsontext.get(entry, "name", str, "", _WHAT)


def records(path: Path) -> Iterator[bytes | FileRecord]:
    """Yield a tar-split file's records: raw bytes, or a file that stands between them.

    Files without content are left out. Raises CorruptImage.
    """
    with path.open("rb") as file:
        stored = iter(lambda: file.read(_STEP), b"")
        rest = b""
        for chunk in decompress(stored, Compression.GZIP, lambda message: None):
            *lines, rest = (rest + chunk).split(b"\n")
            for line in lines:
                # As Go's encoder writes segments, half of all lines: no need to parse JSON.
                if line.startswith(_SEGMENT_START):
                    end = line.find(b'"', len(_SEGMENT_START))
                    yield _decoded(line[len(_SEGMENT_START) : end])
                elif (record := _record(line)) is not None:
                    yield record
        if rest:
            raise CorruptImage(f"{_WHAT} is cut short")


def _record(line: bytes) -> bytes | FileRecord | None:
    # Quotes in a name are escaped, so what stands in quotes here is a key.
    if line.startswith(_FILE_START):
        at = line.find(_SIZE)
        if at < 0:
            return None
        at += len(_SIZE)
        digits = line[at : line.find(b",", at)]
        if digits.isdigit():
            return FileRecord(int(digits), line)
    entry: dict[str, Any] = jsontext.parse_object(line, _WHAT)
    if entry.get("type") == _SEGMENT:
        return _decoded(jsontext.get(entry, "payload", str, "", _WHAT))
    size = jsontext.get(entry, "size", int, 0, _WHAT)
    return FileRecord(size, line) if entry.get("type") == _FILE and size > 0 else None


def _decoded(text: bytes | str) -> bytes:
    try:
        return binascii.a2b_base64(text, strict_mode=True)
    except ValueError as error:
        raise CorruptImage(f"{_WHAT} is damaged ({error})") from error


_WHAT = "the engine's record of a layer"
_SEGMENT_START = b'{"type":2,"payload":"'
_FILE_START = b'{"type":1,"name'
_SIZE = b'"size":'


class TarSplitReader:
    """Reads a tar from its records; a file's content comes from the folder it is unpacked in."""

    def __init__(self, parts: Iterator[bytes | FileRecord], folder: Path) -> None:
        self._parts = parts
        self._folder = folder
        self._segment = b""
        self._segment_at = 0
        self._file = FileRecord(0, b"")
        self._file_left = 0
        self._passed = 0

    def read(self, size: int) -> bytes:
        at = self._segment_at
        if not self._file_left and at + size <= len(self._segment):
            self._segment_at = at + size
            self._passed += size
            return self._segment[at : at + size]
        parts: list[bytes] = []
        missing = size
        while missing:
            if self._file_left:
                part = self._content(min(missing, self._file_left))
                self._file_left -= len(part)
            elif self._segment_at < len(self._segment):
                part = self._segment[self._segment_at : self._segment_at + missing]
                self._segment_at += len(part)
            elif self._next():
                continue
            else:
                break
            parts.append(part)
            missing -= len(part)
        self._passed += size - missing
        return b"".join(parts)

    def skip(self, size: int) -> int:
        missing = size
        while missing:
            step = self._file_left
            if step:
                step = min(step, missing)
                self._file_left -= step
            else:
                step = min(len(self._segment) - self._segment_at, missing)
                self._segment_at += step
                if not step and not self._next():
                    break
            missing -= step
        self._passed += size - missing
        return size - missing

    def position(self) -> int:
        return self._passed

    def _next(self) -> bool:
        """Go to the next record, when the one before is used up; False at the end."""
        part = next(self._parts, None)
        if part is None:
            return False
        if isinstance(part, bytes):
            self._segment, self._segment_at = part, 0
        else:
            self._file, self._file_left = part, part.size
        return True

    def _content(self, size: int) -> bytes:
        name = self._file.name
        data = _read_beneath(self._folder, name, self._file.size - self._file_left, size)
        if len(data) < size:
            raise CorruptImage(
                f"{name!r} is shorter in the engine's store than its record says",
                hint="The store was changed by hand: build or pull the image again",
            )
        return data


def _read_beneath(folder: Path, name: str, offset: int, size: int) -> bytes:
    """Read from the regular file `name` below `folder`, no symbolic link followed on the way.

    Names come from an image: a link in one must not lead to a file of this machine.
    """
    parent, base = split(name)
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        for part in parent.split("/") if parent else ():
            inner = os.open(part, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=descriptor)
            os.close(descriptor)
            descriptor = inner
        file = os.open(base, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=descriptor)
        try:
            if not stat.S_ISREG(os.fstat(file).st_mode):
                raise CorruptImage(f"{name!r} is no file in the engine's store")
            return os.pread(file, size, offset)
        finally:
            os.close(file)
    finally:
        os.close(descriptor)
