"""Work divided among processes: the same results and errors, and no process left behind."""

from __future__ import annotations

import os
import pickle
import sys
import threading
import time
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgdiag.errors import CorruptImage
from imgdiag.layers import apart
from imgdiag.layers.apart import divided

linux = pytest.mark.skipif(sys.platform != "linux", reason="it forks on Linux only")
SIZES = {"a": 5, "b": 4, "c": 3, "d": 1}


def where(share: list[str]) -> tuple[list[str], int]:
    return share, os.getpid()


@pytest.fixture
def copies(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """Return the processes that are forked, and see that all have ended and been waited for."""
    pids: list[int] = []
    fork = os.fork

    def counted() -> int:
        pid = fork()
        pids.append(pid)
        return pid

    monkeypatch.setattr(os, "fork", counted)
    yield pids
    for pid in pids:
        with pytest.raises(ChildProcessError):
            os.waitpid(pid, os.WNOHANG)


@linux
def test_each_share_has_a_process_and_the_first_is_ours(copies: list[int]) -> None:
    found = divided(where, SIZES, least=1, cores=3)
    assert [share for share, _ in found] == [["a"], ["b"], ["c", "d"]]
    processes = [process for _, process in found]
    assert processes[0] == os.getpid()
    assert len(set(processes)) == 3
    assert len(copies) == 2


@linux
def test_a_share_that_is_not_worth_a_process_is_done_here() -> None:
    found = divided(where, {"a": 5, "b": 4, "c": 1, "d": 1}, least=3, cores=3)
    assert [share for share, _ in found] == [["a", "c", "d"], ["b"]]


@pytest.mark.parametrize("cores", [1, None])
def test_nothing_to_do(cores: int | None) -> None:
    assert divided(where, {}, least=1, cores=cores) == [([], os.getpid())]


@given(
    st.dictionaries(st.text(), st.integers(0, 1_000)),
    st.integers(1, 9),
    st.integers(0, 2_000),
)
def test_every_key_is_in_one_share(sizes: dict[str, int], count: int, least: int) -> None:
    shares = apart._shares(sizes, count, least)
    assert sorted(key for share in shares for key in share) == sorted(sizes)
    assert len(shares) <= count
    assert all(sum(sizes[key] for key in share) >= least for share in shares[1:])


def test_with_other_threads_nothing_is_forked() -> None:
    done = threading.Event()
    thread = threading.Thread(target=done.wait)
    thread.start()
    try:
        found = divided(where, SIZES, least=1, cores=4)
    finally:
        done.set()
        thread.join()
    assert found == [(["a", "b", "c", "d"], os.getpid())]


@linux
def test_what_a_copy_fails_at_is_done_here(copies: list[int]) -> None:
    parent = os.getpid()

    def work(share: list[str]) -> tuple[list[str], int]:
        if os.getpid() != parent:
            raise CorruptImage("only in the copy")
        return share, os.getpid()

    assert divided(work, {"a": 2, "b": 1}, least=1, cores=2) == [(["a"], parent), (["b"], parent)]
    assert len(copies) == 1


@linux
@pytest.mark.parametrize("lost", [0, 5_000])
def test_a_copy_that_dies_on_the_way_is_made_up_for(
    lost: int, copies: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    parent = os.getpid()

    def cut_short(value: object, sink: object, protocol: int) -> None:
        assert os.getpid() != parent
        data = pickle.dumps(value, protocol)
        os.write(sink.fileno(), data[:lost])  # type: ignore[attr-defined]
        os._exit(0)

    monkeypatch.setattr(pickle, "dump", cut_short)
    found = divided(lambda share: [share] * 9_000, {"a": 2, "b": 1}, least=1, cores=2)
    assert found == [[["a"]] * 9_000, [["b"]] * 9_000]
    assert len(copies) == 1


@linux
@pytest.mark.parametrize("bad", ["a", "b"])
def test_an_error_is_raised_here_and_no_copy_stays(bad: str, copies: list[int]) -> None:
    parent = os.getpid()

    def work(share: list[str]) -> list[str]:
        if bad in share:
            raise CorruptImage(f"layer {bad}")
        if os.getpid() != parent:
            time.sleep(60)  # it must not be waited for
        return share

    sizes = {"a": 2, "b": 1} if bad == "a" else {"b": 2, "a": 1}
    with pytest.raises(CorruptImage, match=f"layer {bad}"):
        divided(work, sizes, least=1, cores=2)
    assert len(copies) == 1


@linux
@pytest.mark.parametrize("fails", [False, True])
def test_a_copy_ends_with_its_answer(fails: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    parent = os.getpid()
    ends: list[int] = []
    wait = os.waitpid

    def work(share: list[str]) -> list[str]:
        if fails and os.getpid() != parent:
            raise CorruptImage("only in the copy")
        return share

    def waited(pid: int, options: int) -> tuple[int, int]:
        pid, status = wait(pid, options)
        ends.append(status)
        return pid, status

    monkeypatch.setattr(os, "kill", lambda pid, sign: None)
    monkeypatch.setattr(os, "waitpid", waited)
    assert divided(work, {"a": 2, "b": 1}, least=1, cores=2) == [["a"], ["b"]]
    assert ends == [0]  # nothing of what the parent was about to do was done by the copy


def test_where_nobody_knows_the_cores_there_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert divided(where, SIZES, least=1) == [(["a", "b", "c", "d"], os.getpid())]


@linux
def test_a_copy_says_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    def work(share: list[str]) -> list[str]:
        os.write(1, b"out")
        os.write(2, b"err")
        return share

    divided(work, {"a": 2, "b": 1}, least=1, cores=2)
    assert capfd.readouterr() == ("out", "err")  # ours, once
