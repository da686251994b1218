"""Work on several layers divided among processes, one for each core.

To make entries of headers is work for Python itself, whose lock lets threads have one core between
them. A forked copy of this process needs no start and no imports, and what it found comes back
through a pipe in a tenth of the time that it takes to find it.
"""

from __future__ import annotations

import os
import pickle
import signal
import sys
import threading
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from typing import BinaryIO, Generic, TypeVar

K = TypeVar("K")
T = TypeVar("T")


def divided(
    work: Callable[[list[K]], T], sizes: Mapping[K, int], *, least: int, cores: int | None = None
) -> list[T]:
    """Return what `work` gives for shares of the keys of `sizes`, each key in one share.

    The shares are of about the same size, as many as there are cores; none but this process's own
    is smaller than `least`. What a copy fails at is done here, so that its error is raised here.
    """
    shares = _shares(sizes, (cores or os.cpu_count() or 1) if _may_fork() else 1, least)
    with ExitStack() as stack:
        copies = [stack.enter_context(_Copy(work, share)) for share in shares[1:]]
        return [work(shares[0]), *(copy.result() for copy in copies)]


def _may_fork() -> bool:
    """Tell whether a copy is sure to run: of other threads it would have the locks they hold, and
    macOS' own libraries do not stand it.
    """
    return sys.platform == "linux" and threading.active_count() == 1


def _shares(sizes: Mapping[K, int], count: int, least: int) -> list[list[K]]:
    """Divide the keys, the largest first, each to the share that has least.

    Shares smaller than `least` are given to the first, which is this process's own.
    """
    shares: list[list[K]] = [[] for _ in range(count)]
    totals = [0] * count
    for key in sorted(sizes, key=lambda key: -sizes[key]):
        place = totals.index(min(totals))
        shares[place].append(key)
        totals[place] += sizes[key]
    worth = [share for share, total in zip(shares[1:], totals[1:], strict=True) if total >= least]
    small = [share for share, total in zip(shares[1:], totals[1:], strict=True) if total < least]
    return [sum(small, shares[0]), *worth]


class _Copy(Generic[K, T]):
    """A copy of this process that does one share of the work. It ends with the `with` block."""

    def __init__(self, work: Callable[[list[K]], T], share: list[K]) -> None:
        self._work = work
        self._share = share

    def __enter__(self) -> _Copy[K, T]:
        source, sink = os.pipe()
        self._pid = os.fork()
        if not self._pid:  # pragma: no cover - what the copy does is not measured
            os.close(source)
            self._answer(os.fdopen(sink, "wb"))
        os.close(sink)
        self._source = os.fdopen(source, "rb")
        return self

    def _answer(self, sink: BinaryIO) -> None:  # pragma: no cover
        """Do the work, write what it gives, and end, whatever happens, without a word."""
        try:
            nowhere = os.open(os.devnull, os.O_RDWR)
            for stream in range(3):
                os.dup2(nowhere, stream)
            with sink:
                pickle.dump(self._work(self._share), sink, pickle.HIGHEST_PROTOCOL)
        finally:
            os._exit(0)  # not as Python ends: what is open or registered is the other's

    def result(self) -> T:
        """Return what the copy found, or do its work here when it found nothing."""
        try:
            with self._source:
                # A pickle can run code, but nobody else can write to this pipe.
                found: T = pickle.load(self._source)  # noqa: S301
        except (EOFError, pickle.UnpicklingError):
            return self._work(self._share)
        return found

    def __exit__(self, *_: object) -> None:
        self._source.close()
        os.kill(self._pid, signal.SIGKILL)
        os.waitpid(self._pid, 0)
