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
from typing import Any

from imgdiag import jsontext
from imgdiag.errors import CorruptImage
from imgdiag.layers.compression import Compression, decompress
from imgdiag.layers.walk import split

_SEGMENT, _FILE = 2, 1
_STEP = 128 * 1024


def records(path: Path) -> Iterator[bytes | tuple[str, int]]:
    """Yield a tar-split file's records: raw bytes, or a file's name and its size in bytes.

    Files without content are left out. Raises CorruptImage.
    """
    with path.open("rb") as file:
        stored = iter(lambda: file.read(_STEP), b"")
        rest = b""
        for chunk in decompress(stored, Compression.GZIP, lambda message: None):
            *lines, rest = (rest + chunk).split(b"\n")
            for line in lines:
                record = _record(line)
                if record is not None:
                    yield record
        if rest:
            raise CorruptImage("the engine's record of a layer is cut short")


def _record(line: bytes) -> bytes | tuple[str, int] | None:
    what = "the engine's record of a layer"
    try:
        # Half of all lines are segments, as Go's encoder writes them: no need to parse JSON.
        if line.startswith(_SEGMENT_START):
            end = line.index(b'"', len(_SEGMENT_START))
            return binascii.a2b_base64(line[len(_SEGMENT_START) : end])
        # A quote in a name is escaped, so this key stands in no name.
        if line.startswith(_FILE_START) and b'"size":' not in line:
            return None
        entry: dict[str, Any] = jsontext.parse_object(line, what)
        if entry.get("type") == _SEGMENT:
            return binascii.a2b_base64(jsontext.get(entry, "payload", str, "", what))
        size = jsontext.get(entry, "size", int, 0, what)
        if entry.get("type") != _FILE or size <= 0:
            return None
        if raw := jsontext.get(entry, "name_raw", str, "", what):
            return binascii.a2b_base64(raw).decode("utf-8", "surrogateescape"), size
    except ValueError as error:  # binascii.Error is one
        raise CorruptImage(f"{what} is damaged ({error})") from error
    return jsontext.get(entry, "name", str, "", what), size


_SEGMENT_START = b'{"type":2,"payload":"'
_FILE_START = b'{"type":1,"name":'


class TarSplitReader:
    """Reads a tar from its records; a file's content comes from the folder it is unpacked in."""

    def __init__(self, parts: Iterator[bytes | tuple[str, int]], folder: Path) -> None:
        self._parts = parts
        self._folder = folder
        self._segment = b""
        self._segment_at = 0
        self._file = ""
        self._file_size = 0
        self._file_at = 0
        self._passed = 0

    def read(self, size: int) -> bytes:
        at = self._segment_at
        if at + size <= len(self._segment):
            self._segment_at = at + size
            self._passed += size
            return self._segment[at : at + size]
        parts = []
        missing = size
        while missing:
            if self._segment_at < len(self._segment):
                part = self._segment[self._segment_at : self._segment_at + missing]
                self._segment_at += len(part)
            elif self._file_at < self._file_size:
                part = self._content(min(missing, self._file_size - self._file_at))
                self._file_at += len(part)
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
            if self._file_at < self._file_size:
                step = min(missing, self._file_size - self._file_at)
                self._file_at += step
            elif self._segment_at < len(self._segment):
                step = min(missing, len(self._segment) - self._segment_at)
                self._segment_at += step
            elif self._next():
                continue
            else:
                break
            missing -= step
        self._passed += size - missing
        return size - missing

    def position(self) -> int:
        return self._passed

    def _next(self) -> bool:
        part = next(self._parts, None)
        if part is None:
            return False
        if isinstance(part, bytes):
            self._segment, self._segment_at = part, 0
        else:
            self._file, self._file_size = part
            self._file_at = 0
        return True

    def _content(self, size: int) -> bytes:
        data = _read_beneath(self._folder, self._file, self._file_at, size)
        if len(data) < size:
            raise CorruptImage(
                f"{self._file!r} is shorter in the engine's store than its record says",
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
