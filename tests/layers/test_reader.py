"""Both readers give the same bytes, and what is passed over in a file is never read."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imgdiag.layers.reader import FileReader, Reader, StreamReader, chunks_of

Step = tuple[int, int]  # how many bytes to pass over, and to read
steps = st.lists(st.tuples(st.integers(0, 9_000), st.integers(0, 9_000)), max_size=12)


@contextmanager
def file_reader(data: bytes, *, before: bytes = b"", after: bytes = b"") -> Iterator[FileReader]:
    with tempfile.TemporaryFile() as file:
        file.write(before + data + after)
        file.flush()
        yield FileReader(file.fileno(), len(before), len(before) + len(data))


def in_chunks(data: bytes, sizes: list[int]) -> Iterator[bytes]:
    """Yield `data` in pieces of `sizes`, over and over; a piece may be empty."""
    while data:
        for size in sizes:
            yield data[:size]
            data = data[size:]


def run(reader: Reader, todo: list[Step]) -> list[tuple[bytes, int]]:
    return [
        (reader.read_at(reader.position() + gap, size), reader.position()) for gap, size in todo
    ]


def expected(data: bytes, todo: list[Step]) -> list[tuple[bytes, int]]:
    results = []
    at = 0
    for gap, size in todo:
        at = min(at + gap, len(data))
        piece = data[at : at + size]
        at += len(piece)
        results.append((piece, at))
    return results


@settings(max_examples=60)
@given(
    data=st.binary(max_size=500).map(lambda some: some * 40),
    todo=steps,
    sizes=st.lists(st.integers(0, 3_000), min_size=1, max_size=5).filter(any),
)
def test_every_reader_gives_the_same_bytes(data: bytes, todo: list[Step], sizes: list[int]) -> None:
    wanted = expected(data, todo)
    assert run(StreamReader(in_chunks(data, sizes)), todo) == wanted
    with file_reader(data, before=b"before", after=b"after") as reader:
        assert run(reader, todo) == wanted


def test_what_is_passed_over_is_never_read(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[int, int]] = []
    pread = os.pread

    def watched(descriptor: int, size: int, at: int) -> bytes:
        asked.append((size, at))
        return pread(descriptor, size, at)

    monkeypatch.setattr(os, "pread", watched)
    with file_reader(b"head" + bytes(1_000_000) + b"tail") as reader:
        assert (reader.read(4), reader.read_at(1_000_004, 4)) == (b"head", b"tail")
    assert asked == [(4096, 0), (4, 1_000_004)]


def test_drain_reads_on_to_the_end() -> None:
    drawn: list[int] = []

    def chunks() -> Iterator[bytes]:
        for number in range(5):
            drawn.append(number)
            yield b"12345"

    reader = StreamReader(chunks())
    assert reader.read(7) == b"1234512"
    assert drawn == [0, 1]
    assert reader.drain() == 18
    assert drawn == [0, 1, 2, 3, 4]
    assert (reader.position(), reader.read(1), reader.drain()) == (25, b"", 0)


def test_drain_passes_over_what_is_left_of_the_last_chunk() -> None:
    reader = StreamReader(iter([b"12345"]))
    assert reader.read(2) == b"12"
    assert (reader.drain(), reader.position()) == (3, 5)


def test_what_a_file_reader_keeps_is_known_by_its_place() -> None:
    data = bytes(range(256)) * 4
    with file_reader(data) as reader:
        assert [reader.read_at(at, 2) for at in (100, 120, 130)] == [
            data[100:102], data[120:122], data[130:132],
        ]  # fmt: skip
    with file_reader(data) as reader:
        assert reader.read(1) == data[:1]


def test_chunks_of_takes_a_stretch_and_leaves_the_rest() -> None:
    reader = StreamReader(iter([b"0123456789"]))
    assert list(chunks_of(reader, 7, step=3)) == [b"012", b"345", b"6"]
    assert list(chunks_of(reader, 7, step=3)) == [b"789"]
