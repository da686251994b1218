"""A layer as bytes and back: the same, to the value and its type; damage is told."""

from __future__ import annotations

import gzip
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from isal import igzip

from imgdiag.layers.index import decode, encode
from imgdiag.layers.walk import Entry, Kind, Layer, Whiteout

# Names of tars are bytes: those that are no UTF-8 are surrogates in text.
NAMES = st.binary(max_size=6).map(lambda data: data.decode("utf-8", "surrogateescape"))
NUMBERS = st.integers(0, 2**53)
ENTRIES = st.builds(
    Entry,
    parent=st.sampled_from(["", "usr", "usr/lib\n"]),
    name=NAMES,
    kind=st.sampled_from(Kind),
    size=NUMBERS,
    attributes=st.tuples(NUMBERS, NUMBERS, NUMBERS),
    mtime=st.integers(-(2**53), 2**53),
    target=st.just("") | NAMES,
    content=st.none() | st.binary(max_size=20),
)
LAYERS = st.builds(
    Layer,
    entries=st.lists(ENTRIES),
    whiteouts=st.lists(st.builds(Whiteout, NAMES, st.none() | NAMES)),
    warnings=st.lists(NAMES).map(tuple),
)


@given(LAYERS)
def test_what_is_written_is_read(layer: Layer) -> None:
    read = decode(encode(layer))
    assert read == layer
    assert repr(read) == repr(layer)  # a tuple equals a named one, a number its kind


def test_entries_of_one_folder_share_its_path() -> None:
    layer = Layer(
        entries=[Entry("a/b", name, Kind.FILE, 1, (0, 0, 0), 0, "", None) for name in "xy"],
        whiteouts=[],
    )
    first, second = decode(encode(layer)).entries
    assert first.parent is second.parent
    assert first.attributes is second.attributes


def test_damage_is_told() -> None:
    layer = Layer(entries=[Entry("", "a", Kind.FILE, 1, (0, 0, 0), 0, "", b"text")], whiteouts=[])
    data = encode(layer)
    for at in range(len(data)):
        if at in range(4, 10):
            continue  # the gzip header's time and flags, which its checksum leaves out
        for damaged in (data[:at], data[:at] + bytes((data[at] ^ 0x55,)) + data[at + 1 :]):
            with pytest.raises(ValueError, match="no index of a layer"):
                decode(damaged)


def test_a_large_index_comes_in_pieces() -> None:
    texts = [random.Random(number).randbytes(200_000) for number in range(3)]
    entries = [
        Entry("", f"{number}", Kind.FILE, len(text), (0, 0, 0), 0, "", text)
        for number, text in enumerate(texts)
    ]
    layer = Layer(entries=entries, whiteouts=[])
    assert decode(encode(layer)) == layer


def test_columns_of_unequal_length_are_damage() -> None:
    layer = Layer(entries=[Entry("", "a", Kind.FILE, 1, (0, 0, 0), 0, "", None)], whiteouts=[])
    plain = gzip.decompress(encode(layer))
    with pytest.raises(ValueError, match=r"argument 6 is longer"):
        decode(igzip.compress(plain.replace(b'"mtimes":[0]', b'"mtimes":[0,0]')))


def test_junk_behind_it_is_damage_too() -> None:
    data = encode(Layer(entries=[], whiteouts=[]))
    with pytest.raises(ValueError, match=r"no index of a layer .4 bytes of junk"):
        decode(data + b"junk")


@pytest.mark.parametrize("plain", [b"", b"{}", b"[]", b'{"names": ["a"]}', b"\xff", b"1\n"])
def test_anything_else_is_no_index(plain: bytes) -> None:
    with pytest.raises(ValueError, match=r"index|JSON|Expecting|decode"):
        decode(igzip.compress(plain))
