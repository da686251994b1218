"""The header walk: every format's fields, and no damage that goes unnoticed."""

from __future__ import annotations

import io
import os
import tarfile
from collections.abc import Iterator
from contextlib import nullcontext
from itertools import islice
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imgdiag.errors import CorruptImage
from imgdiag.layers import tar as tars
from imgdiag.layers.reader import PlainHeader, Reader, StreamReader
from imgdiag.layers.tar import Member
from imgdiag.limits import Limits, TooLarge
from tests.builder import (
    BLOCK,
    GNU,
    V7,
    Entry,
    base256,
    device,
    encode,
    fifo,
    file,
    folder,
    gnu_long_link,
    gnu_long_name,
    gnu_sparse,
    hard_link,
    header,
    padded,
    pax,
    pax_raw,
    symlink,
    tar,
)
from tests.layers.test_reader import file_reader

NO_END = "the tar has no end mark; it may be cut short at a file's end"
CUT_SHORT = "The file is incomplete: save or download it again"
DAMAGED = "The file is damaged: save or download it again"


def walk(data: bytes) -> tuple[list[Member], list[str]]:
    """Return the members and warnings of a tar, which every reader must agree on."""
    result = _walk(StreamReader(iter([data])))
    pieces: Iterator[bytes] = (data[at : at + 700] for at in range(0, len(data), 700))
    assert _walk(StreamReader(pieces)) == result
    with file_reader(data, before=b"before", after=b"after") as reader:
        assert _walk(reader) == result
    return result


def _walk(reader: Reader) -> tuple[list[Member], list[str]]:
    warnings: list[str] = []
    return list(tars.members(reader, warnings.append)), warnings


def members(*parts: Entry | bytes) -> list[Member]:
    found, warnings = walk(tar(*parts))
    assert warnings == []
    return found


def error(data: bytes) -> str:
    """Return what is said of a broken tar; every reader must find it."""
    with pytest.raises(CorruptImage) as in_stream:
        _walk(StreamReader(iter([data])))
    with file_reader(data) as reader, pytest.raises(CorruptImage) as in_file:
        _walk(reader)
    assert str(in_file.value) == str(in_stream.value)
    return str(in_file.value)


def member(name: str, kind: bytes = b"0", size: int = 0, **fields: Any) -> Member:
    values = {"stored": size, "attributes": (0o644, 0, 0), "mtime": 0, "link": "", **fields}
    return Member(name=name, type=kind, size=size, **values)


# What every format holds


def test_every_kind_of_member() -> None:
    assert members(
        folder("app"),
        file("app/data", b"12345", mode=0o600, uid=1000, gid=100, mtime=1_700_000_000),
        symlink("app/link", "../data"),
        hard_link("app/same", "app/data"),
        device("dev/null"),
        header(b"dev/sda", kind=b"4"),
        fifo("dev/queue"),
    ) == [
        member("app/", b"5", attributes=(0o755, 0, 0)),
        member("app/data", size=5, attributes=(0o600, 1000, 100), mtime=1_700_000_000),
        member("app/link", b"2", attributes=(0o777, 0, 0), link="../data"),
        member("app/same", b"1", link="app/data"),
        member("dev/null", b"3"),
        member("dev/sda", b"4"),
        member("dev/queue", b"6"),
    ]


def test_ustar_prefix_and_gnu_fields_in_its_place() -> None:
    assert members(
        header(b"name", prefix=b"usr/lib"),
        header(b"name", prefix=b"14000000000\0", magic=GNU),
    ) == [member("usr/lib/name"), member("name")]


def test_v7_tells_a_folder_by_the_slash() -> None:
    assert members(
        header(b"old/", kind=b"\0", magic=V7),
        header(b"old/file", kind=b"\0", magic=V7, size=3) + padded(b"abc"),
        header(b"old/contiguous", kind=b"7"),
    ) == [member("old/", b"5"), member("old/file", size=3), member("old/contiguous")]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        (b"00000000017\0", 15),
        (b"        17 \0", 15),
        (b"17\0\0\0\0\0\0\0\0\0\0", 15),
        (b"17 \0garbage!", 15),
        (b"            ", 0),
        (bytes(12), 0),
        (base256(15), 15),
        (base256(256), 256),
        (b"000000000017", 15),  # all twelve are digits
    ],
)
def test_numbers_as_many_tars_write_them(field: bytes, value: int) -> None:
    [found] = members(header(b"file", size=field) + padded(bytes(value)))
    assert found == member("file", size=value)


def test_times_before_1970() -> None:
    assert members(
        header(b"gnu", mtime=(-5).to_bytes(12, "big", signed=True), magic=GNU),
        pax(mtime="-1.5") + header(b"pax"),
    ) == [member("gnu", mtime=-5), member("pax", mtime=-1)]


@pytest.mark.parametrize("byte", [0x80, 0xE9, 0xFF])
def test_signed_checksums_of_old_tars(byte: int) -> None:
    name = bytes((byte, 0x7F))  # the second is a letter to both
    right = sum(header(name)[:148]) + 8 * 32 + sum(header(name)[156:])
    [found] = members(header(name, checksum=right - 256))
    assert found == member(os.fsdecode(name))


def test_names_in_bytes_that_are_no_utf8_everywhere() -> None:
    raw = b"\xff\xe9"
    assert members(header(raw, kind=b"2", link=raw)) == [
        member(os.fsdecode(raw), b"2", link=os.fsdecode(raw))
    ]


def test_numbers_in_base_256_may_begin_with_any_byte() -> None:
    assert tars._parsed(b"\x80\xff\x00") == 0xFF00
    assert tars._parsed(b"\xff\x00\x01") == 1 - 2**16


def test_links_and_names_of_the_greatest_length() -> None:
    longest = "x" * tars.MAX_NAME
    [found] = members(pax(path=longest, linkpath=longest) + header(b"a", kind=b"2"))
    assert (found.name, found.link) == (longest, longest)
    for too_long in (pax(path=f"{longest}x"), pax(linkpath=f"{longest}x")):
        assert "at most 16,384 are read" in error(tar(too_long, header(b"a", kind=b"2")))


def test_a_pax_global_header_is_for_nobody() -> None:
    data = tar(
        pax(kind=b"g", path="other", size=700, mtime=7),
        header(b"first", size=3) + padded(b"abc"),
        pax(path="of the global") + gnu_long_name("gnu") + gnu_long_link("gnu"),
        pax(kind=b"g", comment="a commit"),
        header(b"second", kind=b"2", link=b"target"),
    )
    assert walk(data) == (
        [member("first", size=3), member("second", b"2", link="target")],
        ["pax global headers are ignored, as engines do"],
    )
    assert members(pax(kind=b"g", comment="a commit"), header(b"a")) == [member("a")]
    assert error(tar(pax_raw(b"x", kind=b"g"))) == "a malformed pax header"


def test_gnu_names_go_before_those_of_pax() -> None:
    after, before = pax(path="pax", linkpath="pax"), gnu_long_name("gnu") + gnu_long_link("link")
    for preludes in (after + before, before + after):
        assert members(preludes + header(b"a", kind=b"2", link=b"b")) == [
            member("gnu", b"2", link="link")
        ]


def test_a_later_pax_header_takes_the_place_of_one_before() -> None:
    assert members(pax(path="one", mtime=5), pax(mtime=7), header(b"a")) == [member("a", mtime=7)]


def test_an_empty_pax_value_deletes_the_record() -> None:
    assert members(pax_raw(b"10 path=b\n8 path=\n") + header(b"a")) == [member("a")]


def test_fields_end_where_the_next_begins() -> None:
    block = bytearray(header(b"n" * 100, kind=b"2", link=b"l" * 100, prefix=b"p" * 155 + b"x" * 12))
    prefixed = "p" * 155 + "/" + "n" * 100
    assert members(bytes(block)) == [member(prefixed, b"2", link="l" * 100)]
    assert members(header(b"name", prefix=b"p")) == [member("p/name")]


def test_content_may_be_read_in_part() -> None:
    data = tar(file("a", b"hello" * 500), file("b", b"world"))
    reader = StreamReader(iter([data]))
    read = [reader.read(3) for _ in tars.members(reader, pytest.fail)]
    assert read == [b"hel", b"wor"]


# The numbered cases


def test_26_a_corrupt_header_in_the_middle_is_an_error() -> None:
    data = tar(file("first", b"x"), header(b"second", checksum=1), file("third"))
    assert error(data) == f"corrupt tar header at byte 1,024 after 'first'. {DAMAGED}"


@pytest.mark.parametrize("data", [b"x" * BLOCK, b"x" * 9_000, b"x", bytes(BLOCK - 1)])
def test_65_what_is_no_tar_at_all(data: bytes) -> None:
    hint = "An image is saved with 'docker save TAG -o image.tar'"
    assert error(data) == f"is not a tar archive. {hint}"


def test_26_a_second_block_that_is_not_zero_is_an_error() -> None:
    data = tar(file("first"), bytes(BLOCK), file("second"))
    assert error(data) == f"a lone block of zeros at byte 1,024 after 'first'. {DAMAGED}"


def test_25_a_tar_cut_short_anywhere_is_an_error_or_a_warning() -> None:
    data = tar(file("first", b"x" * 700), pax(path="long") + header(b"second"), symlink("c", "d"))
    ends = {}
    for length in range(1, len(data)):
        try:
            found, warnings = walk(data[:length])
            ends[length] = ([each.name for each in found], warnings)
        except CorruptImage as broken:
            assert broken.hint  # noqa: PT017 - the other outcome is looked at below
    inside_padding = range(512 + 700, 512 + 1024 + 1)
    assert ends == {
        **dict.fromkeys(inside_padding, (["first"], [NO_END])),
        3_072: (["first", "long"], [NO_END]),
        3_584: (["first", "long", "c"], [NO_END]),
        3_584 + BLOCK: (["first", "long", "c"], [NO_END]),
    }


def test_29_no_end_mark_is_a_warning() -> None:
    assert walk(tar(file("a", b"12"), end=b"")) == ([member("a", size=2)], [NO_END])
    assert walk(tar(file("a", b"12"), end=bytes(BLOCK))) == ([member("a", size=2)], [NO_END])


def test_29_a_last_file_without_its_padding_is_accepted() -> None:
    assert walk(header(b"a", size=2) + b"12") == ([member("a", size=2)], [NO_END])


def test_30_megabytes_of_zeros_at_the_end_are_accepted() -> None:
    assert walk(tar(file("a"), end=bytes(5_000_000))) == ([member("a")], [])


@pytest.mark.parametrize("data", [b"", bytes(1_024)], ids=["no bytes", "1,024 zeros"])
def test_an_empty_tar_is_valid(data: bytes) -> None:
    assert walk(data) == ([], [])


@pytest.mark.parametrize("kind", [b"x", b"g", b"L", b"K"])
def test_32_an_oversized_extension_is_refused_before_it_is_read(kind: bytes) -> None:
    class Watched(StreamReader):
        most = 0

        def read_at(self, start: int, size: int) -> bytes:
            self.most = max(self.most, size)
            return super().read_at(start, size)

    reader = Watched(iter([tar(file("a"), header(b"long", kind=kind, size=1024**2 + 1))]))
    with pytest.raises(TooLarge) as caught:
        _walk(reader)
    assert str(caught.value) == (
        "a tar extension header of 1,048,577 bytes after 'a'; at most 1,048,576 bytes are read. "
        "If you trust this image, raise it with --read-limit header=…"
    )
    assert reader.most == BLOCK


@pytest.mark.parametrize(
    ("records", "message"),
    [
        ({"size": -1}, "the pax size b'-1' after 'a' is no number"),
        ({"size": "1e3"}, "the pax size b'1e3' after 'a' is no number"),
        ({"size": "9" * 21}, f"the pax size b'{'9' * 21}' after 'a' is no number"),
        ({"size": 2**62}, "a file of 4,611,686,018,427,387,904 bytes after 'a'"),
        ({"path": "a\0b"}, "a pax header after 'a' has a NUL in a name"),
        ({"linkpath": "a\0b"}, "a pax header after 'a' has a NUL in a name"),
        ({"mtime": "soon"}, "the pax mtime b'soon' after 'a' is no number"),
        ({"uid": "root"}, "the pax uid b'root' after 'a' is no number"),
        ({"gid": "0x1"}, "the pax gid b'0x1' after 'a' is no number"),
        ({"path": "x" * 17_000}, "a name of 17,000 bytes after 'a'; at most 16,384 are read"),
    ],
)
def test_33_pax_values_that_cannot_be(records: dict[str, Any], message: str) -> None:
    assert error(tar(file("a"), pax(**records), header(b"b"))) == message


@pytest.mark.parametrize(
    "data",
    [
        b"garbage",
        b"11 path=ab\ngarbage without length",
        b"11 path=ab\ngarbagewithoutablank",
        b"11 path=ab\n\0\0\0\0\0\0\0\0\0\0\0\0\0",
        b"12 path=ab\n",
        b"10 path=ab\n",
        b"0 path=ab\n",
        b"-1 path=ab\n",
        b"3 a\n",
        b"99999999999 path=ab\n",
        b" path=ab\n",
        b"8 pathab\n",
    ],
)
def test_33_malformed_pax_records(data: bytes) -> None:
    assert error(tar(file("a"), pax_raw(data), header(b"b"))) == "a malformed pax header after 'a'"


def test_34_a_pax_size_goes_before_a_ustar_size_of_0() -> None:
    parts = pax(size=700) + header(b"big", size=0) + padded(b"x" * 700)
    assert members(parts, file("next")) == [member("big", size=700), member("next")]


def test_35_a_size_in_base_256() -> None:
    size = 9 * 1024**3
    reader = StreamReader(iter([header(b"huge", size=size)]))
    assert next(tars.members(reader, pytest.fail)) == member("huge", size=size)


@pytest.mark.parametrize(
    ("field", "message"),
    [
        (b"\xff" * 12, "the size b'" + "\\xff" * 12 + "' in a tar header after 'a' is no number"),
        (b"12345678x90\0", "the size b'12345678x90\\x00' in a tar header after 'a' is no number"),
        (b"00000000008\0", "the size b'00000000008\\x00' in a tar header after 'a' is no number"),
        (b"~" * 12, "the size b'~~~~~~~~~~~~' in a tar header after 'a' is no number"),
        (b"00000000001~", "the size b'00000000001~' in a tar header after 'a' is no number"),
        (b"~0000000001\0", "the size b'~0000000001\\x00' in a tar header after 'a' is no number"),
        (b"00000000001\1", "the size b'00000000001\\x01' in a tar header after 'a' is no number"),
        (base256(2**60), f"a file of {2**60:,} bytes after 'a'"),
        (base256(2**53 + 1), "a file of 9,007,199,254,740,993 bytes after 'a'"),
        (base256(2**53), f"the tar is cut short after 'b'. {CUT_SHORT}"),
    ],
)
def test_35_sizes_that_cannot_be(field: bytes, message: str) -> None:
    assert error(tar(file("a"), header(b"b", size=field))) == message


LONG = "/".join(["folder"] * 40)


def test_36_long_names_and_links() -> None:
    assert members(
        gnu_long_name(LONG) + header(b"folder", magic=GNU),
        gnu_long_link(LONG) + header(b"link", kind=b"2", link=b"folder", magic=GNU),
        gnu_long_link(LONG) + gnu_long_name(LONG + "x") + header(b"", kind=b"1", magic=GNU),
        pax(path=LONG, linkpath=LONG + "y") + header(b"folder", kind=b"2", link=b"z"),
        file(LONG),
        header(b"short"),
    ) == [
        member(LONG),
        member("link", b"2", link=LONG),
        member(LONG + "x", b"1", link=LONG),
        member(LONG, b"2", link=LONG + "y"),
        member(LONG),
        member("short"),
    ]


def test_36_a_name_without_its_member_is_an_error() -> None:
    for prelude in (gnu_long_name(LONG), gnu_long_link(LONG), pax(path=LONG)):
        assert error(tar(file("a"), prelude)) == f"the tar is cut short after 'a'. {CUT_SHORT}"


@pytest.mark.parametrize("extensions", [0, 1, 3])
def test_37_gnu_sparse_files(extensions: int) -> None:
    stored = b"x" * 700
    sparse = gnu_sparse("hole", stored, real_size=10**10, extensions=extensions)
    assert members(sparse, file("next")) == [
        member("hole", size=10**10, stored=700),
        member("next"),
    ]


@pytest.mark.parametrize(
    "records",
    [
        {"GNU_sparse_size": 9_000, "GNU_sparse_numblocks": 1},
        {"GNU_sparse_size": 9_000, "GNU_sparse_map": "0,700", "GNU_sparse_name": "hole"},
        {
            "GNU_sparse_major": 1,
            "GNU_sparse_minor": 0,
            "GNU_sparse_name": "hole",
            "GNU_sparse_realsize": 9_000,
        },
    ],
    ids=["0.0", "0.1", "1.0"],
)
def test_37_pax_sparse_files(records: dict[str, Any]) -> None:
    name = b"GNUSparseFile.0/hole" if "GNU_sparse_name" in records else b"hole"
    sparse = pax(**records) + header(name, size=700) + padded(b"x" * 700)
    assert members(sparse, file("next")) == [
        member("hole", size=9_000, stored=700),
        member("next"),
    ]


def test_38_names_that_are_not_utf_8() -> None:
    names = ["caf\udce9", "new\nline", "\x1b[31mred", "наука", "e\u0301", "\u00e9"]
    assert [found.name for found in members(*(file(name) for name in names))] == names


@pytest.mark.parametrize("kind", [b"1", b"2", b"3", b"4", b"5", b"6"])
def test_56_a_size_on_what_has_no_content_is_0(kind: bytes) -> None:
    parts = header(b"odd", kind=kind, size=1_000, link=b"target")
    assert members(parts, file("next", b"12")) == [
        member("odd", kind, link="target"),
        member("next", size=2),
    ]


# By another road: what tarfile writes, and reads


paths = st.lists(
    st.text(
        st.characters(codec="utf-8", exclude_characters="\0/") | st.just("\udcff"), min_size=1
    ).filter(lambda part: part not in (".", "..")),
    min_size=1,
    max_size=4,
).map("/".join)
KINDS = [tarfile.REGTYPE, tarfile.DIRTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE]


@st.composite
def tar_infos(draw: st.DrawFn, format_: int) -> tarfile.TarInfo:
    short = format_ == tarfile.USTAR_FORMAT
    names = paths.filter(lambda path: len(encode(path)) <= 98) if short else paths
    info = tarfile.TarInfo(draw(names if short or draw(st.booleans()) else names.map(lengthened)))
    info.type = draw(st.sampled_from(KINDS))
    info.size = draw(st.integers(0, 1_500)) if info.isreg() else 0
    info.mode = draw(st.integers(0, 0o7777))
    info.uid = draw(st.integers(0, 0o7777777 if short else 2**50))
    info.gid = draw(st.integers(0, 0o7777777 if short else 2**50))
    info.mtime = draw(st.integers(0, 2**33 - 1) if short else st.integers(-(2**33), 2**40))
    info.linkname = draw(names) if info.issym() or info.islnk() else ""
    return info


def lengthened(path: str) -> str:
    return f"{path}/" + "long/" * 60 + path


@settings(max_examples=80, deadline=None)
@given(data=st.data())
@pytest.mark.parametrize(
    "format_",
    [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT],
    ids=["ustar", "gnu", "pax"],
)
def test_what_tarfile_writes_is_read_as_it_was(format_: int, data: st.DataObject) -> None:
    infos = data.draw(st.lists(tar_infos(format_), max_size=5))
    file_ = io.BytesIO()
    with tarfile.open(fileobj=file_, mode="w", format=format_) as archive:
        for info in infos:
            archive.addfile(info, io.BytesIO(b"\1" * info.size))
    found, warnings = walk(file_.getvalue())
    assert warnings == []
    with tarfile.open(fileobj=io.BytesIO(file_.getvalue())) as archive:
        assert [_fields(each) for each in found] == [
            (info.name, info.type, info.size, info.mode, info.uid, info.gid, int(info.mtime),
             info.linkname)
            for info in archive
        ]  # fmt: skip
    assert [each.name.rstrip("/") for each in found] == [info.name for info in infos]


def _fields(found: Member) -> tuple[str | bytes | int, ...]:
    name = found.name.removesuffix("/")
    return (name, found.type, found.size, *found.attributes, found.mtime, found.link)


def test_37_a_sparse_file_cut_in_its_map() -> None:
    whole = gnu_sparse("hole", b"x", real_size=9_000, extensions=2)
    with pytest.raises(CorruptImage, match="the tar is cut short after 'a'"):
        _walk(StreamReader(iter([tar(file("a"), whole[: BLOCK + 100], end=b"")])))


@pytest.mark.parametrize("what", ["mode", "uid", "gid"])
def test_attributes_that_cannot_be(what: str) -> None:
    bad = header(b"a", **{what: b"garbage!"})  # type: ignore[arg-type]
    assert error(tar(bad)) == f"the {what} b'garbage!' in a tar header is no number"


def test_attributes_of_eight_digits() -> None:
    full = header(b"a", mode=b"00000644", uid=b"00000017", gid=b"00000020")
    assert members(full) == [member("a", attributes=(0o644, 0o17, 0o20))]


def test_how_large_a_sparse_file_may_be() -> None:
    largest = gnu_sparse("hole", b"x", real_size=base256(2**53))
    assert members(largest) == [member("hole", size=2**53, stored=1)]
    larger = gnu_sparse("hole", b"x", real_size=base256(2**53 + 1))
    assert error(tar(larger)) == "a file of 9,007,199,254,740,993 bytes"
    wrong = gnu_sparse("hole", b"x", real_size=b"x" * 12)
    assert error(tar(wrong)) == f"the sparse size {b'x' * 12!r} in a tar header is no number"
    wrong = pax(GNU_sparse_size="x") + header(b"hole", size=1) + padded(b"x")
    assert error(tar(wrong)) == "the pax sparse size b'x' is no number"


def test_how_long_a_pax_number_may_be() -> None:
    def sized(digits: int) -> bytes:
        return tar(pax(size="3".zfill(digits)) + header(b"a") + padded(b"abc"))

    assert walk(sized(20)) == ([member("a", size=3)], [])
    assert error(sized(21)) == f"the pax size b'{'3'.zfill(21)}' is no number"


def test_how_long_the_length_of_a_pax_record_may_be() -> None:
    def record(digits: int) -> bytes:
        return tar(pax_raw(str(digits + 8).zfill(digits).encode() + b" path=b\n") + header(b"a"))

    assert walk(record(9)) == ([member("b")], [])
    assert error(record(10)) == "a malformed pax header"


def test_an_extension_header_as_long_as_is_allowed() -> None:
    data = tar(pax(path="b") + header(b"a"))
    for limit in (8, 9):
        reader = StreamReader(iter([data]))
        with nullcontext() if limit == 9 else pytest.raises(TooLarge):
            assert list(tars.members(reader, pytest.fail, Limits(header=limit))) == [member("b")]


def test_digits_that_are_no_octal_number() -> None:
    with pytest.raises(CorruptImage, match=r"the mtime b'9999 .*' in a tar header is no number"):
        members(header(b"a", mtime=b"9999 ".ljust(12, b"\0")))


class Knowing(StreamReader):
    """A reader that knows headers without putting them together, as of what an engine keeps."""

    def __init__(self, data: bytes, known: int) -> None:
        super().__init__(iter([data]))
        self._data = data
        self._known = known  # headers, from the second on: the first tells of attributes
        self.asked: list[int] = []

    def plain_headers(self, start: int) -> Iterator[PlainHeader]:
        while start and self._known:
            self._known -= 1
            block = self._data[start : start + BLOCK]
            size = tars._parsed(block[124:136]) or 0
            yield block[:100].rstrip(b"\0"), size, block[tars.FIELDS]
            start += BLOCK + size + -size % BLOCK

    def read_at(self, start: int, size: int) -> bytes:
        self.asked.append(start)
        return super().read_at(start, size)


def test_headers_that_are_known_are_not_read() -> None:
    entries = [file("a"), file(os.fsdecode(b"\xff"), b"abc", mtime=7), file("c", b"", mtime=8)]
    data = tar(*entries, file("d"))
    reader = Knowing(data, known=2)
    assert _walk(reader) == walk(data)
    assert reader.asked == [0, 2_048, 2_560, 3_072]


@pytest.mark.parametrize(
    "unusual",
    [
        header(b"link", kind=b"2", link=b"target"),
        header(b"folder", kind=b"5", size=1_000),  # whatever its header says, it has no content
        header(b"owned", uid=7),  # attributes that no header before had
    ],
)
def test_headers_that_are_known_and_not_usual_are_read(unusual: bytes) -> None:
    data = tar(header(b"a"), header(b"b", kind=b"5", mtime=3), unusual)
    known = Knowing(data, known=2)
    plain = tars.members(StreamReader(iter([data])), pytest.fail)
    assert list(islice(tars.members(known, pytest.fail), 3)) == list(islice(plain, 3))
    assert known.asked == [0, 1_024]


def test_known_headers_of_the_largest_files() -> None:
    known = Knowing(tar(header(b"a"), header(b"huge", size=base256(2**53))), known=1)
    assert [*islice(tars.members(known, pytest.fail), 2)][1] == member("huge", size=2**53)
    assert known.asked == [0]
    known = Knowing(tar(header(b"a"), header(b"huge", size=base256(2**53 + 1))), known=1)
    with pytest.raises(CorruptImage, match="a file of 9,007,199,254,740,993 bytes"):
        list(tars.members(known, pytest.fail))


def test_a_known_header_with_a_time_that_is_no_number() -> None:
    data = tar(header(b"a"), header(b"b", mtime=b"soon".ljust(12)))
    with pytest.raises(CorruptImage, match=r"the mtime b'soon +' in a tar header after 'a'"):
        _walk(Knowing(data, known=1))


def test_headers_that_are_known_count_too() -> None:
    reader = Knowing(header(b"a") * 10, known=9)
    with pytest.raises(TooLarge, match="more entries at 'a'; at most 4 are read"):
        for _ in tars.members(reader, pytest.fail, Limits(entries=4)):
            pass
    assert reader.asked == [0]
