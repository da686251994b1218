"""Chunks drawn ahead by a thread: the same chunks and errors, never too far, and an end to it."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest

from imgdiag.errors import CorruptImage
from imgdiag.layers import ahead as module
from imgdiag.layers.ahead import ahead


def chunks(count: int, drawn: list[int]) -> Iterator[bytes]:
    for number in range(count):
        drawn.append(number)
        yield b"%d" % number


@pytest.mark.parametrize("count", [0, 1, module._AHEAD, 1_000])
def test_the_same_chunks_in_their_order(count: int) -> None:
    drawn: list[int] = []
    assert list(ahead(chunks(count, drawn))) == list(chunks(count, []))
    assert len(drawn) == count


def test_an_error_comes_in_its_place() -> None:
    def broken() -> Iterator[bytes]:
        yield b"one"
        raise CorruptImage("the data is cut short")

    reading = ahead(broken())
    assert next(reading) == b"one"
    with pytest.raises(CorruptImage, match="cut short"):
        next(reading)


def test_no_more_than_a_few_are_drawn_before_they_are_needed() -> None:
    drawn: list[int] = []
    for taken, _ in enumerate(ahead(chunks(200, drawn)), start=1):
        assert len(drawn) <= taken + module._AHEAD + 1


def test_a_reader_that_stops_early_stops_the_thread() -> None:
    drawn: list[int] = []
    before = threading.active_count()
    reading = ahead(chunks(1_000, drawn))
    next(reading)
    assert threading.active_count() == before + 1
    reading.close()
    assert threading.active_count() == before
    assert len(drawn) < 1_000


def test_a_thread_that_waits_for_room_is_stopped_too() -> None:
    drawn: list[int] = []
    before = {*threading.enumerate()}
    reading = ahead(chunks(1_000, drawn))
    next(reading)
    while len(drawn) < module._AHEAD + 2:
        time.sleep(0.001)
    [thread] = {*threading.enumerate()} - before
    assert thread.daemon  # a program that ends does not wait for it
    reading.close()
    assert not thread.is_alive()
    assert len(drawn) < 1_000


def test_nothing_is_drawn_before_it_is_asked_for() -> None:
    drawn: list[int] = []
    reading = ahead(chunks(3, drawn))
    reading.close()
    assert drawn == []
