"""Decompression of layers: told by their first bytes, never by what a manifest claims.

Media types lie (skopeo's `dir:` transport writes `.tar.gzip` over a plain tar), so every blob is
sniffed for itself.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from enum import Enum
from typing import Protocol

from imgdiag.errors import CorruptImage

CHUNK = 256 * 1024  # larger gains nothing, and the allocator gives pages back at each chunk


class Compression(Enum):
    """How a blob is stored."""

    NONE = "none"
    GZIP = "gzip"
    ZSTD = "zstd"


class _Decompressor(Protocol):
    """What igzip and zstd share, in the manner of the standard library's bz2 and lzma."""

    @property
    def eof(self) -> bool: ...
    @property
    def needs_input(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int = ...) -> bytes: ...


_OTHER_MAGICS = {
    b"BZh": "bzip2",
    b"\xfd7zXZ\x00": "xz",
    b"\x04\x22\x4d\x18": "lz4",
    b"PK\x03\x04": "zip",
}
_ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"


def sniff(head: bytes) -> Compression:
    """Tell the compression from a blob's first bytes (4 or more, fewer for a tiny blob).

    Raises CorruptImage for a compression that no image format knows.
    """
    if _is_member_start(Compression.GZIP, head):
        return Compression.GZIP
    if _is_member_start(Compression.ZSTD, head):
        return Compression.ZSTD
    for magic, name in _OTHER_MAGICS.items():
        if head.startswith(magic):
            raise CorruptImage(
                f"is compressed with {name}, which image layers do not use",
                hint="Images use gzip, zstd or no compression; decompress it first",
            )
    return Compression.NONE


def decompress(
    chunks: Iterator[bytes],
    compression: Compression,
    warn: Callable[[str], None],
    *,
    step: int = CHUNK,
) -> Iterator[bytes]:
    """Yield the plain bytes of `chunks`, all members or frames one after the other.

    They come in pieces of up to `step` bytes.

    A gzip of several members (eStargz) or a zstd of several frames, skippable ones too, is read
    to its last. Zeros after the end are padding; anything else there is passed to `warn`.
    Raises CorruptImage when the data ends early or a checksum (gzip's CRC at the end, zstd's when
    present) is wrong; both are known only when the iterator has been read to its end.
    """
    if compression is Compression.NONE:
        yield from chunks
        return
    make = _gzip if compression is Compression.GZIP else _zstd
    decompressor = make()
    data = b""
    while True:
        if decompressor.eof:
            data = decompressor.unused_data
            while len(data) < len(_ZSTD_MAGIC) and (more := next(chunks, b"")):
                data += more
            if not _is_member_start(compression, data):
                _check_rest(data, chunks, compression, warn)
                return
            decompressor = make()
        elif decompressor.needs_input and not data:
            data = next(chunks, b"")
            if not data:
                raise CorruptImage(
                    f"the {compression.value} data is cut short",
                    hint="The file is incomplete: save or download it again",
                )
        try:
            plain = decompressor.decompress(data, step)
        except Exception as error:  # igzip and zstd each have their own error types
            raise CorruptImage(
                f"the {compression.value} data is corrupt ({_reason(error)})",
                hint="The file is damaged: save or download it again",
            ) from error
        data = b""
        if plain:
            yield plain


def _is_member_start(compression: Compression, data: bytes) -> bool:
    if compression is Compression.GZIP:
        return data.startswith(b"\x1f\x8b")
    # RFC 8878: a frame, or a skippable frame whose magic's lowest half-byte is free.
    return data.startswith(_ZSTD_MAGIC) or (
        data[1:4] == b"\x2a\x4d\x18" and 0x50 <= data[0] <= 0x5F
    )


def _check_rest(
    data: bytes, chunks: Iterator[bytes], compression: Compression, warn: Callable[[str], None]
) -> None:
    junk = len(data) if data.strip(b"\0") else 0
    for chunk in chunks:
        if junk or chunk.strip(b"\0"):
            junk += len(chunk)
    if junk:
        warn(f"{junk:,} bytes of junk after the end of the {compression.value} data are ignored")


def _gzip() -> _Decompressor:
    from isal import igzip_lib

    return igzip_lib.IgzipDecompressor(flag=igzip_lib.DECOMP_GZIP)


def _zstd() -> _Decompressor:
    if sys.version_info >= (3, 14):
        from compression.zstd import ZstdDecompressor
    else:
        from backports.zstd import ZstdDecompressor
    return ZstdDecompressor()


def _reason(error: Exception) -> str:
    return str(error).strip().rstrip(".") or type(error).__name__
