"""The walk over one layer: its tar's members as normalised entries, whiteouts set apart.

What a whiteout is: OCI image-spec 1.1, layer.md, "Whiteouts".
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from functools import partial
from typing import Any, NamedTuple

from imgdiag.errors import CorruptImage
from imgdiag.layers import tar
from imgdiag.layers.reader import Reader
from imgdiag.layers.tar import Attributes
from imgdiag.limits import Meter
from imgdiag.warnings import Warnings

MAX_DEPTH = 4_096  # components of a path; Linux' PATH_MAX allows no more than 2,048
WHITEOUT_PREFIX = ".wh."
OPAQUE_MARK = ".wh..wh..opq"


class Kind(IntEnum):
    """What an entry is."""

    FILE = 0
    DIRECTORY = 1
    SYMLINK = 2
    HARD_LINK = 3
    SPECIAL = 4  # device, FIFO, socket


class Entry(NamedTuple):
    """One entry of a layer, its path split at the last slash; neither part has a leading one.

    A named tuple, not a data class: a layer may hold a million. `size` is in bytes and 0 for all
    but files. `target` is a link's: verbatim for a symlink, normalised for a hard link.
    `content` is what was captured of a file that the analysis reads.
    """

    parent: str
    name: str
    kind: Kind
    size: int
    attributes: Attributes
    mtime: int
    target: str
    content: bytes | None


class Whiteout(NamedTuple):
    """A path of lower layers that this layer hides; without a name, all children of `parent`."""

    parent: str
    name: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """All entries of a layer, in the tar's order, and what was odd about it."""

    entries: list[Entry]
    whiteouts: list[Whiteout]
    warnings: tuple[str, ...] = ()

    def __reduce__(self) -> tuple[Any, ...]:
        """Go through a pickle as columns: in a quarter of the time that entries take."""
        return _of_columns, ([*zip(*self.entries, strict=True)], self.whiteouts, self.warnings)


def _of_columns(
    columns: list[tuple[Any, ...]], whiteouts: list[Whiteout], warnings: tuple[str, ...]
) -> Layer:
    entries = [*map(partial(tuple.__new__, Entry), zip(*columns, strict=True))]
    return Layer(entries=entries, whiteouts=whiteouts, warnings=warnings)


@dataclass(frozen=True, slots=True)
class Digest:
    """Files of which only a digest is kept, made as they are read.

    `limit_in` answers for a folder with a function from a file's name to how many bytes it may
    have, 0 when it is not read. `make` gets a file's folder, name and content.
    """

    limit_in: Callable[[str], Callable[[str], int]]
    make: Callable[[str, str, bytes], bytes]


@dataclass(frozen=True, slots=True)
class Capture:
    """Which files' contents an analysis reads, and up to how many bytes each.

    `wanted_in` answers for a folder with a test of its files' names. It is asked once for each
    folder in a row, so that only the test itself is paid for each file. `small_in` says for a
    folder how many bytes a file may have to be read whatever its name, -1 for none. What `digest`
    takes of the others stands in place of their contents.
    """

    wanted_in: Callable[[str], Callable[[str], bool]]
    max_bytes: int
    small_in: Callable[[str], int] = lambda parent: -1
    digest: Digest | None = None


NOTHING = Capture(lambda parent: frozenset[str]().__contains__, 0)

# Kept by name here, as each look into an enumeration takes as long as making a tuple.
_FILE, _HARD_LINK = Kind.FILE, Kind.HARD_LINK
_KINDS = {
    tar.FILE: Kind.FILE,
    tar.DIRECTORY: Kind.DIRECTORY,
    tar.SYMLINK: Kind.SYMLINK,
    tar.HARD_LINK: Kind.HARD_LINK,
    tar.CHAR_DEVICE: Kind.SPECIAL,
    tar.BLOCK_DEVICE: Kind.SPECIAL,
    tar.FIFO: Kind.SPECIAL,
}


def read_layer(reader: Reader, capture: Capture = NOTHING, meter: Meter | None = None) -> Layer:
    """Walk an uncompressed layer tar from `reader`, counted by `meter`.

    Raises CorruptImage and TooLarge as `tar.members` does.
    """
    meter = meter or Meter()
    limits, most = meter.limits, meter.limits.kept
    kept = 0  # bytes of names and texts, which stay in memory
    entries: list[Entry] = []
    whiteouts: list[Whiteout] = []
    warnings = Warnings()
    # By a folder as paths write it: its clean path, which entries share, and what is read there.
    folders: dict[str, _Here] = {}
    written: str | None = None
    digest = capture.digest
    new = tuple.__new__  # half the cost of calling Entry
    for path, type_, size, stored, attributes, mtime, link in tar.members(
        reader, warnings.add, limits
    ):
        kept += len(path) + len(link)
        if kept > most:
            raise limits.refusal("kept", f"more names and texts at {path[:200]!r}")
        folder, _, name = path.rpartition("/")
        if not name:  # a folder's own path ends in a slash
            folder, _, name = path.rstrip("/").rpartition("/")
        # Most stand in the folder of the one before.
        if folder != written or name in _NO_NAMES:
            if name in _NO_NAMES or ".." in folder:  # rare, and each is warned of
                written = None
                parent, name = split(path, warnings.add)
                if not name and type_ != tar.DIRECTORY:
                    warnings.add(f"what stands for the root and is no folder is left out: {path!r}")
                    continue
                here = _here(parent, capture)
            else:
                written = folder
                if folder not in folders:
                    folders[folder] = _here(split(path)[0], capture)
                here = folders[folder]
            parent, wants, small, limit = here
        if name.startswith(WHITEOUT_PREFIX):
            if name == OPAQUE_MARK:
                whiteouts.append(Whiteout(parent, None))
            elif name[len(WHITEOUT_PREFIX) :] in ("", ".", ".."):
                warnings.add(f"a whiteout that names nothing is ignored: {path!r}")
            else:
                whiteouts.append(Whiteout(parent, name[len(WHITEOUT_PREFIX) :]))
            continue
        kind = _KINDS.get(type_)
        if kind is None:
            warnings.add(f"an entry of unknown type is left out: {path!r}, type {type_!r}")
            continue
        content = None
        if kind is _FILE:
            if wants(name):
                if stored == size <= capture.max_bytes:
                    content = reader.read(size)
                else:
                    warnings.add(f"too large to read ({size:,} bytes): {path!r}")
            elif stored == size <= small:
                content = reader.read(size)
            elif digest and limit and stored == size <= limit(name):
                content = digest.make(parent, name, reader.read(size)) if size else b""
            if content is not None:
                kept += len(content)
        else:
            size = 0
            if kind is _HARD_LINK:
                link = "/".join(filter(None, split(link, warnings.add)))
        entries.append(new(Entry, (parent, name, kind, size, attributes, mtime, link, content)))
    meter.read(len(entries) + len(whiteouts), kept)
    return Layer(entries=entries, whiteouts=whiteouts, warnings=warnings.messages())


_NO_NAMES = frozenset(("", ".", ".."))
_Here = tuple[str, Callable[[str], bool], int, Callable[[str], int] | None]


def _here(parent: str, capture: Capture) -> _Here:
    """Return a folder's path and what is read in it."""
    limit = capture.digest.limit_in(parent) if capture.digest else None
    return parent, capture.wanted_in(parent), capture.small_in(parent), limit


def split(path: str, warn: Callable[[str], None] = lambda message: None) -> tuple[str, str]:
    """Split a member's path into its normalised parent and its name; the root is ("", "").

    `./`, `//` and a leading `/` vanish; `..` stops at the root, and `warn` hears of it.
    Raises CorruptImage for a path deeper than any file system takes.
    """
    if path.endswith("/"):
        path = path.rstrip("/")
    # Nearly every path is clean; a look for the four signs of a bad one is a tenth of a split.
    if path[:1] == "/" or "//" in path or "./" in path or path.endswith("."):
        path = _normalised(path, warn)
    if path.count("/") >= MAX_DEPTH:
        raise CorruptImage(f"a path of {path.count('/') + 1:,} parts; at most {MAX_DEPTH:,}")
    parent, _, name = path.rpartition("/")
    return parent, name


def _normalised(path: str, warn: Callable[[str], None]) -> str:
    parts: list[str] = []
    leaves = False
    for part in path.split("/"):
        if part == "..":
            leaves = leaves or not parts
            parts = parts[:-1]
        elif part not in ("", "."):
            parts.append(part)
    if leaves:
        warn(f"a path that leaves the image is kept inside: {path!r}")
    return "/".join(parts)
