"""Compression is told by the first bytes, read to the last, and never cut short in silence."""

from __future__ import annotations

import bz2
import lzma

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imgdiag.errors import CorruptImage
from imgdiag.layers import compression as module
from imgdiag.layers.compression import CHUNK, Compression, decompress, sniff
from tests.builder import (
    Compress,
    gzipped,
    gzipped_in_members,
    plain,
    zstd,
    zstd_with_skippable_frames,
)

WAYS: dict[Compress, Compression] = {
    plain: Compression.NONE,
    gzipped: Compression.GZIP,
    gzipped_in_members: Compression.GZIP,
    zstd: Compression.ZSTD,
    zstd_with_skippable_frames: Compression.ZSTD,
}
DATA = bytes(range(256)) * 20


def unpacked(stored: bytes, *, step: int = 1_000) -> tuple[bytes, list[str]]:
    warnings: list[str] = []
    chunks = (stored[at : at + step] for at in range(0, len(stored), step))
    return b"".join(decompress(chunks, sniff(stored[:6]), warnings.append)), warnings


@pytest.mark.parametrize(("compress", "compression"), WAYS.items())
def test_13_each_blob_is_sniffed_for_itself(compress: Compress, compression: Compression) -> None:
    assert sniff(compress(DATA)[:6]) is compression


def test_what_a_compression_is_called() -> None:
    assert [each.value for each in Compression] == ["none", "gzip", "zstd"]


@pytest.mark.parametrize("first", range(0x4F, 0x61))
def test_zstd_may_begin_with_a_skippable_frame(first: int) -> None:
    compression = Compression.ZSTD if 0x50 <= first <= 0x5F else Compression.NONE
    assert sniff(bytes((first,)) + b"\x2a\x4d\x18") is compression


@pytest.mark.parametrize("head", [b"", b"\x1f", b"\x28\xb5", b"\x2a\x4d\x18", b"\0" * 6])
def test_a_blob_too_short_to_tell_is_plain(head: bytes) -> None:
    assert sniff(head) is Compression.NONE


@pytest.mark.parametrize(
    ("stored", "name"),
    [
        (bz2.compress(DATA), "bzip2"),
        (lzma.compress(DATA), "xz"),
        (b"\x04\x22\x4d\x18rest", "lz4"),
        (b"PK\x03\x04rest", "zip"),
    ],
)
def test_a_compression_that_no_format_knows_is_named(stored: bytes, name: str) -> None:
    with pytest.raises(CorruptImage) as caught:
        sniff(stored[:6])
    assert str(caught.value) == (
        f"is compressed with {name}, which image layers do not use. "
        "Images use gzip, zstd or no compression; decompress it first"
    )


@settings(max_examples=60, deadline=None)
@given(
    data=st.binary(max_size=3_000).flatmap(
        lambda some: st.integers(1, 30).map(lambda times: some * times)
    ),
    compress=st.sampled_from(list(WAYS)),
    step=st.integers(1, 5_000),
)
def test_what_is_compressed_comes_out_again(data: bytes, compress: Compress, step: int) -> None:
    warnings: list[str] = []
    stored = compress(data)
    chunks = (stored[at : at + step] for at in range(0, len(stored), step))
    assert b"".join(decompress(chunks, WAYS[compress], warnings.append)) == data
    assert warnings == []


def test_14_every_member_of_a_gzip_is_read() -> None:
    stored = gzipped_in_members(DATA)
    assert stored.count(b"\x1f\x8b\x08") == 6
    assert unpacked(stored) == (DATA, [])


def test_15_skippable_frames_of_zstd_are_skipped() -> None:
    stored = zstd_with_skippable_frames(DATA)
    assert stored.count(b"\x5e\x2a\x4d\x18") == 3
    assert unpacked(stored) == (DATA, [])


@pytest.mark.parametrize("compress", [gzipped, zstd])
def test_27_data_cut_short_anywhere_is_an_error(compress: Compress) -> None:
    stored = compress(DATA)
    for length in range(6, len(stored)):
        with pytest.raises(CorruptImage, match="is cut short"):
            unpacked(stored[:length])


def test_27_no_data_at_all_is_cut_short() -> None:
    with pytest.raises(CorruptImage) as caught:
        list(decompress(iter([]), Compression.GZIP, pytest.fail))
    assert str(caught.value) == (
        "the gzip data is cut short. The file is incomplete: save or download it again"
    )


@pytest.mark.parametrize("at", [-8, -5, -4, -1], ids=["crc", "crc end", "length", "length end"])
def test_27_a_wrong_gzip_trailer_is_an_error(at: int) -> None:
    stored = bytearray(gzipped(DATA))
    stored[at] ^= 0x01
    with pytest.raises(CorruptImage, match="the gzip data is corrupt"):
        unpacked(bytes(stored))


def test_27_a_wrong_trailer_of_an_early_member_is_an_error() -> None:
    stored = bytearray(gzipped(DATA))
    stored[-8] ^= 0x01
    with pytest.raises(CorruptImage, match="the gzip data is corrupt"):
        unpacked(bytes(stored) + gzipped(DATA))


@settings(max_examples=60, deadline=None)
@given(at=st.integers(0), bit=st.integers(0, 7), compress=st.sampled_from([gzipped, zstd]))
def test_a_flipped_bit_never_leaves_imgdiag_without_an_answer(
    at: int, bit: int, compress: Compress
) -> None:
    stored = bytearray(compress(DATA))
    stored[at % len(stored)] ^= 1 << bit
    try:
        unpacked(bytes(stored))
    except CorruptImage as error:
        assert error.hint  # noqa: PT017 - any other outcome but an exception is fine too


def test_the_reason_is_the_librarys_own() -> None:
    assert module._reason(ValueError(" bad data. ")) == "bad data"
    assert module._reason(ValueError("bad~")) == "bad~"
    assert module._reason(ValueError()) == "ValueError"
    with pytest.raises(CorruptImage, match=r"the gzip data is corrupt \([^()]+[^.()]\)"):
        unpacked(b"\x1f\x8b" + b"\xff" * 50)


@pytest.mark.parametrize("compress", [gzipped, zstd])
def test_28_junk_after_the_end_is_a_warning(compress: Compress) -> None:
    name = WAYS[compress].value
    assert unpacked(compress(DATA) + b"junk" * 1_000) == (
        DATA,
        [f"4,000 bytes of junk after the end of the {name} data are ignored"],
    )


@pytest.mark.parametrize("compress", [gzipped, zstd])
@pytest.mark.parametrize("junk", [b"~", bytes(7_000) + b"~", b"~" + bytes(7_000), b"~" * 7_000])
def test_28_junk_among_zeros_is_junk(compress: Compress, junk: bytes) -> None:
    _, [warning] = unpacked(compress(DATA) + junk)
    counted = int(warning.partition(" ")[0].replace(",", ""))
    # It is counted from the piece on in which it begins.
    assert len(junk.lstrip(b"\0")) <= counted <= len(junk.lstrip(b"\0")) + 1_000


@pytest.mark.parametrize("compress", [gzipped, zstd])
@pytest.mark.parametrize("count", [1, 3, 512, 5_000])
def test_zeros_after_the_end_are_padding(compress: Compress, count: int) -> None:
    assert unpacked(compress(DATA) + bytes(count)) == (DATA, [])


@pytest.mark.parametrize("compress", [gzipped, zstd])
def test_much_from_little_comes_in_bounded_pieces(compress: Compress) -> None:
    stored = compress(bytes(5_000_000))
    pieces = [len(piece) for piece in decompress(iter([stored]), WAYS[compress], pytest.fail)]
    assert sum(pieces) == 5_000_000
    assert max(pieces) <= CHUNK
