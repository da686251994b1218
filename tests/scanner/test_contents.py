"""Reading a few files from a container, without one."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from imgdiag.errors import ImgdiagError
from imgdiag.scanner.contents import read_contents
from imgdiag.scanner.live import CannotStart, Output


def here(command: Sequence[str]) -> Output:
    """Run a command on this machine, as `run` would in a container."""
    done = subprocess.run(command, capture_output=True, check=False)
    return Output(exit_code=done.returncode, stdout=done.stdout, stderr=done.stderr)


def test_contents_come_back_whole_and_the_unreadable_is_left_out(tmp_path: Path) -> None:
    files = {
        "empty": b"",
        "text": b"Name: torch\n",
        "12 looks like a size": b"7 1234567",
        "new\nline": b"a\nb",
        os.fsdecode(b"\xff"): bytes(range(256)) * 2000,
    }
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    paths = [str(tmp_path / name).lstrip("/") for name in [*files, "absent"]]
    found = read_contents(here, sys.executable, paths)
    assert found == dict(zip(paths, files.values(), strict=False))


def test_many_paths_are_read_in_several_runs(tmp_path: Path) -> None:
    runs: list[int] = []

    def counting(command: Sequence[str]) -> Output:
        runs.append(len(command))
        return here(command)

    (tmp_path / "one").write_bytes(b"1")
    path = str(tmp_path / "one").lstrip("/")
    found = read_contents(counting, sys.executable, [path] * 9_000)
    assert found == {path: b"1"}
    assert len(runs) > 1


def test_an_answer_that_is_nonsense_is_an_error() -> None:
    answer = Output(exit_code=0, stdout=b"what?", stderr=b"")
    with pytest.raises(ImgdiagError, match="cannot be read"):
        read_contents(lambda command: answer, "python3", ["etc/os-release"])


def test_without_python_nothing_can_be_read() -> None:
    def missing(command: Sequence[str]) -> Output:
        raise CannotStart("find does not start")

    with pytest.raises(ImgdiagError, match="no Python to read files with"):
        read_contents(missing, "find", ["etc/os-release"])
