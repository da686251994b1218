"""The tar header walk: one pass, no content read but what the caller asks for.

The standard library's `tarfile` stops silently at a corrupt header, so that everything after it
vanishes, and takes 28 s for a million entries. This walk demands valid checksums and a proper
end, and takes a tenth of that. Formats: POSIX ustar and pax, GNU (long names, base-256 numbers,
sparse files), and the old V7. Sources: POSIX.1-2017 "pax", the GNU tar manual's "Basic Tar
Format", and Go's archive/tar, which is what container engines read with.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import NamedTuple
from zlib import adler32

from imgdiag.errors import CorruptImage
from imgdiag.layers.reader import Reader
from imgdiag.limits import DEFAULT, Limits

BLOCK = 512
ZERO_BLOCK = bytes(BLOCK)
MAX_NAME = 16 * 1024  # bytes; four times Linux' PATH_MAX, so no engine can unpack more
NO_END_MARK = "the tar has no end mark; it may be cut short at a file's end"
GLOBAL_HEADER = "pax global headers are ignored, as engines do"
MAX_SIZE = 2**53  # bytes; more than any file system holds, and exact in every JSON reader

FILE, HARD_LINK, SYMLINK, CHAR_DEVICE = b"0", b"1", b"2", b"3"
BLOCK_DEVICE, DIRECTORY, FIFO = b"4", b"5", b"6"
_WITHOUT_CONTENT = frozenset((HARD_LINK, SYMLINK, CHAR_DEVICE, BLOCK_DEVICE, DIRECTORY, FIFO))
_REGULAR = frozenset((FILE, b"\0", b"7", b"S"))
_PRELUDES = frozenset((b"x", b"g", b"L", b"K"))

# name; mode, uid and gid together; size; mtime; checksum; type. What follows is empty for most.
_unpack = struct.Struct("100s24s12s12s8sc").unpack_from
_unpack_fields = struct.Struct("24s12x12s8xc").unpack  # the same without name and size
FIELDS, _LINK, _MAGIC, _PREFIX = slice(100, 157), slice(157, 257), slice(257, 263), slice(345, 500)
_SPARSE_IN_EXTENSION = 21
_PAX_KEYS = frozenset(
    (b"path", b"linkpath", b"size", b"mtime", b"uid", b"gid", b"GNU.sparse.major",
     b"GNU.sparse.name", b"GNU.sparse.realsize", b"GNU.sparse.size")
)  # fmt: skip

Attributes = tuple[int, int, int]  # mode, uid, gid


class Member(NamedTuple):
    """One member of a tar, as its headers say.

    `size` is the content's real size in bytes and `stored` what stands in the archive: less for
    a sparse file, 0 for a link, a directory or a device whatever its header claims.
    `attributes` are mode, uid and gid. `mtime` is in whole seconds.
    """

    name: str
    type: bytes
    size: int
    stored: int
    attributes: Attributes
    mtime: int
    link: str


def members(
    reader: Reader, warn: Callable[[str], None], limits: Limits = DEFAULT
) -> Iterator[Member]:
    """Yield the members in the archive's order, from a reader that stands at its start.

    After each, the reader stands at the start of its content: read any part of up to `stored`
    bytes, and the rest is passed over. Raises CorruptImage at a bad checksum, a bad number, an
    oversized name or an early end, and TooLarge for more entries or longer extension headers than
    `limits` allow. A missing end mark and a global header
    are passed to `warn`.
    """
    attributes_of: dict[bytes, Attributes] = {}
    pax: dict[bytes, bytes] = {}
    name_override: bytes | None = None
    link_override: bytes | None = None
    name_before = ""
    read_at, plain_headers = reader.read_at, reader.plain_headers
    left = limits.entries
    new = tuple.__new__
    at = 0  # where the next header stands
    needed = 0  # bytes that there must be: all so far but the padding of the last file
    while True:
        # Of a layer that an engine keeps, nearly every header is known without being put together,
        # in half the time. The engine held it to its checksum when it unpacked the layer.
        for raw_name, size, fields in plain_headers(at):
            raw_attributes, raw_mtime, kind = _unpack_fields(fields)
            attributes = attributes_of.get(raw_attributes)
            mtime = _parsed(raw_mtime)
            usual = (kind == FILE and size <= MAX_SIZE) or (kind == DIRECTORY and not size)
            if not usual or attributes is None or mtime is None:
                break
            name_before = raw_name.decode("utf-8", "surrogateescape")
            needed = at + BLOCK + size
            at = needed + -size % BLOCK
            left -= 1
            if left < 0:
                raise limits.refusal("entries", f"more entries at {name_before!r}")
            yield new(Member, (name_before, kind, size, size, attributes, mtime, ""))
        block = read_at(at, BLOCK)
        if len(block) < BLOCK or block == ZERO_BLOCK:
            if reader.position() < needed:
                raise _cut_short(name_before)
            _check_end(
                block, reader, bool(pax or name_override or link_override), name_before, warn
            )
            return
        raw_name, raw_attributes, raw_size, raw_mtime, raw_checksum, kind = _unpack(block)
        # Adler-32's low half is 1 + the sum of the bytes, modulo 65521: a sum at the speed of C.
        if adler32(block) & 0xFFFF != _adler_for(raw_checksum) and not _checksum_is_exact(
            block, raw_checksum
        ):
            if not at:
                raise _no_tar()
            raise CorruptImage(
                f"corrupt tar header at byte {at:,}{_after(name_before)}",
                hint="The file is damaged: save or download it again",
            )
        at += BLOCK
        size = _number(raw_size, "size", name_before)

        if kind in _PRELUDES:
            if size > limits.header:
                raise limits.refusal(
                    "header", f"a tar extension header of {size:,} bytes{_after(name_before)}"
                )
            data = read_at(at, size)
            if len(data) < size:
                raise _cut_short(name_before)
            at += size + -size % BLOCK
            needed = at
            if kind == b"x":
                pax = _pax_records(data, name_before)
            elif kind == b"g":
                # To Go's reader, which engines have, it is a member of its own: it takes what stood
                # before it, and its records are for nobody.
                if _pax_records(data, name_before):
                    warn(GLOBAL_HEADER)
                pax = {}
                name_override = link_override = None
            elif kind == b"L":
                name_override = data.partition(b"\0")[0]
            else:
                link_override = data.partition(b"\0")[0]
            continue

        name = raw_name.partition(b"\0")[0]
        # GNU's magic has a blank where ustar has a NUL, and other fields in the prefix's place.
        if block[345] and block[_MAGIC] == b"ustar\0":
            name = block[_PREFIX].partition(b"\0")[0] + b"/" + name
        link = block[_LINK].partition(b"\0")[0] if block[157] else b""
        attributes = attributes_of.get(raw_attributes)
        if attributes is None:
            attributes = attributes_of[raw_attributes] = _attributes(raw_attributes, name_before)
        mtime = _parsed(raw_mtime)
        if mtime is None:
            raise _no_number(raw_mtime, "mtime", name_before)

        real_size = size
        if kind == b"S":
            real_size = _gnu_sparse(block, reader, name_before)
            at = reader.position()
        if pax:
            records, pax = pax, {}
            name = records.get(b"path", name)
            link = records.get(b"linkpath", link)
            if b"size" in records:
                size = real_size = _decimal(records[b"size"], "size", name_before)
            if b"mtime" in records:
                mtime = _seconds(records[b"mtime"], name_before)
            if b"uid" in records or b"gid" in records:
                mode, uid, gid = attributes
                uid = _decimal(records[b"uid"], "uid", name_before) if b"uid" in records else uid
                gid = _decimal(records[b"gid"], "gid", name_before) if b"gid" in records else gid
                attributes = (mode, uid, gid)
            if b"GNU.sparse.major" in records or b"GNU.sparse.size" in records:
                name, real_size = _pax_sparse(records, name, size, name_before)
        # As in Go's archive/tar, GNU's names go before those of pax.
        if name_override is not None:
            name, name_override = name_override, None
        if link_override is not None:
            link, link_override = link_override, None
        if len(name) > MAX_NAME or len(link) > MAX_NAME:
            raise CorruptImage(
                f"a name of {max(len(name), len(link)):,} bytes{_after(name_before)}; "
                f"at most {MAX_NAME:,} are read"
            )
        if size > MAX_SIZE or real_size > MAX_SIZE:
            raise CorruptImage(f"a file of {max(size, real_size):,} bytes{_after(name_before)}")

        if kind in _REGULAR:
            # V7 had no type for directories, only the slash at the end of the name.
            kind = DIRECTORY if kind == b"\0" and name.endswith(b"/") else FILE
        if kind in _WITHOUT_CONTENT:
            size = real_size = 0
        name_before = name.decode("utf-8", "surrogateescape")
        needed = at + size
        at = needed + -size % BLOCK
        left -= 1
        if left < 0:
            raise limits.refusal("entries", f"more entries at {name_before!r}")
        yield Member(
            name_before,
            kind,
            real_size,
            size,
            attributes,
            mtime,
            link.decode("utf-8", "surrogateescape"),
        )


def _check_end(
    block: bytes, reader: Reader, unfinished: bool, last: str, warn: Callable[[str], None]
) -> None:
    """Hold the archive to its end mark, two blocks of zeros."""
    if unfinished or (block and len(block) < BLOCK):
        raise _cut_short(last) if last else _no_tar()
    second = reader.read(BLOCK) if block else b""
    if second == ZERO_BLOCK:
        return
    if second:
        raise CorruptImage(
            f"a lone block of zeros at byte {reader.position() - len(second):,}{_after(last)}",
            hint="The file is damaged: save or download it again",
        )
    if block or reader.position():  # an empty file is a valid empty layer
        warn(NO_END_MARK)


@lru_cache(maxsize=32 * 1024)
def _adler_for(checksum: bytes) -> int:
    """Return the low half of the Adler-32 that a header with this checksum field has.

    A checksum is the sum of the header's bytes, its own field counted as blanks.
    """
    value = _parsed(checksum)
    return -1 if value is None else (1 + value - sum(b" " * 8) + sum(checksum)) % 65521


def _checksum_is_exact(block: bytes, checksum: bytes) -> bool:
    """Compare with the byte sum, unsigned as POSIX says or signed as old tars computed it."""
    filled = block[:148] + b" " * 8 + block[156:]
    unsigned = sum(filled)
    signed = unsigned - 256 * sum(byte > 127 for byte in filled)
    return _parsed(checksum) in (unsigned, signed)


def _number(field: bytes, what: str, last: str) -> int:
    """Return a field's number, which may not be negative."""
    digits = field[:-1]
    # Nearly every field is octal digits and a NUL; these two tests spare the general way.
    if field[-1] == 0 and digits.isdigit():
        try:
            return int(digits, 8)
        except ValueError:
            raise _no_number(field, what, last) from None
    value = _parsed(field)
    if value is None or value < 0:
        raise _no_number(field, what, last)
    return value


@lru_cache(maxsize=32 * 1024)  # times and checksums repeat from header to header
def _parsed(field: bytes) -> int | None:
    """Parse an octal field, or GNU's base-256; an empty one is 0, nonsense None."""
    text = field.rstrip(b"\0 ")
    if not text:
        return 0
    if text[0] in (0x80, 0xFF):
        return (
            int.from_bytes(field, "big", signed=True)
            if text[0] == 0xFF
            else (int.from_bytes(field[1:], "big"))
        )
    text = field.partition(b"\0")[0].strip(b" ")
    try:
        return int(text, 8) if text.isdigit() else None
    except ValueError:
        return None


def _no_number(field: bytes, what: str, last: str) -> CorruptImage:
    return CorruptImage(f"the {what} {field!r} in a tar header{_after(last)} is no number")


def _attributes(fields: bytes, last: str) -> Attributes:
    return (
        _number(fields[:8], "mode", last),
        _number(fields[8:16], "uid", last),
        _number(fields[16:], "gid", last),
    )


def _pax_records(data: bytes, last: str) -> dict[bytes, bytes]:
    """Parse `<length> <key>=<value>` lines (POSIX pax, "Extended Header")."""
    records: dict[bytes, bytes] = {}
    at = 0
    while at < len(data):
        blank = data.find(b" ", at, at + 10)
        digits = data[at:blank] if blank > at else b""
        stop = at + int(digits) if digits.isdigit() else 0
        key, equals, value = data[blank + 1 : stop - 1].partition(b"=")
        if not at < blank < stop <= len(data) or data[stop - 1 : stop] != b"\n" or not equals:
            raise CorruptImage(f"a malformed pax header{_after(last)}")
        if key in (b"path", b"linkpath") and b"\0" in value:
            raise CorruptImage(f"a pax header{_after(last)} has a NUL in a name")
        # POSIX: an empty value deletes the record. Others than these are nobody's here.
        if key in _PAX_KEYS:
            if value:
                records[key] = value
            else:
                records.pop(key, None)
        at = stop
    return records


def _decimal(value: bytes, what: str, last: str) -> int:
    if not value.isdigit() or len(value) > 20:
        raise CorruptImage(f"the pax {what} {value[:40]!r}{_after(last)} is no number")
    return int(value)


def _seconds(value: bytes, last: str) -> int:
    """Return the whole seconds of a pax time such as b"1700000000.123456789"."""
    sign = -1 if value.startswith(b"-") else 1
    return sign * _decimal(value.removeprefix(b"-").partition(b".")[0], "mtime", last)


def _gnu_sparse(block: bytes, reader: Reader, last: str) -> int:
    """Return an old GNU sparse file's real size and read past its map's extra blocks."""
    extended = block[482]
    while extended:
        extension = reader.read(BLOCK)
        if len(extension) < BLOCK:
            raise _cut_short(last)
        extended = extension[_SPARSE_IN_EXTENSION * 24]
    return _number(block[483:495], "sparse size", last)


def _pax_sparse(
    records: dict[bytes, bytes], name: bytes, size: int, last: str
) -> tuple[bytes, int]:
    """Return a pax sparse file's true name and real size (GNU formats 0.0, 0.1 and 1.0)."""
    real_size = records.get(b"GNU.sparse.realsize") or records.get(b"GNU.sparse.size")
    return (
        records.get(b"GNU.sparse.name", name),
        _decimal(real_size, "sparse size", last) if real_size else size,
    )


def _no_tar() -> CorruptImage:
    return CorruptImage(
        "is not a tar archive", hint="An image is saved with 'docker save TAG -o image.tar'"
    )


def _after(name: str) -> str:
    return f" after {name!r}" if name else ""


def _cut_short(last: str) -> CorruptImage:
    return CorruptImage(
        f"the tar is cut short{_after(last)}",
        hint="The file is incomplete: save or download it again",
    )
