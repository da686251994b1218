"""Standard streams that are closed, full or cut off."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

IMGDIAG = f"{sys.executable} -m imgdiag"


def shell(command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", "-o", "pipefail", "-c", command],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parents[2],
    )


@pytest.mark.parametrize(
    ("redirection", "code", "complaint"),
    [
        (">&-", 0, ""),
        ("2>&-", 0, ""),
        (">/dev/full", 3, "imgdiag: cannot write to standard output (No space left on device)\n"),
        ("| head -c 1 >/dev/null", (0, 141), ""),
    ],
)
def test_output_that_goes_nowhere(
    archive: Path, redirection: str, code: int | tuple[int, int], complaint: str
) -> None:
    done = shell(f"{IMGDIAG} analyze {archive} -f json {redirection}")
    assert done.returncode == code or done.returncode in (code if isinstance(code, tuple) else ())
    assert done.stderr == complaint


@pytest.mark.parametrize("arguments", ["--help", "--version", "analyze --help", "rules", "schema"])
def test_nobody_reads_what_is_asked_for(arguments: str) -> None:
    read, write = os.pipe()
    os.close(read)
    try:
        done = subprocess.run(
            [sys.executable, "-m", "imgdiag", *arguments.split()],
            stdout=write,
            stderr=subprocess.PIPE,
            check=False,
        )
    finally:
        os.close(write)
    assert (done.returncode, done.stderr) == (141, b"")


@pytest.mark.parametrize("arguments", ["analyze nosuch", "analyze --nosuch", "analyze - -v"])
def test_complaints_that_find_no_room_are_no_failed_budget(arguments: str) -> None:
    assert shell(f"{IMGDIAG} {arguments} 2>/dev/full </dev/null").returncode == 3


def test_a_working_folder_that_was_removed(archive: Path, tmp_path: Path) -> None:
    package, gone = Path(__file__).parents[2], tmp_path / "gone"
    gone.mkdir()
    done = shell(
        f"cd {gone} && rmdir {gone} && PYTHONPATH={package} {IMGDIAG} analyze {archive} 2>&1"
    )
    assert done.returncode == 2
    assert "the working folder is not there any more. Change to another one" in done.stdout


@pytest.mark.parametrize("arguments", ["--help", "analyze --help"])
def test_help_that_finds_no_room(arguments: str) -> None:
    done = shell(f"{IMGDIAG} {arguments} >/dev/full")
    assert (done.returncode, done.stderr.count("\n")) == (3, 1)
    assert "cannot write to standard output (No space left on device)" in done.stderr


def test_a_closed_standard_input() -> None:
    done = shell(f"{IMGDIAG} analyze - <&-")
    assert done.returncode == 3
    assert done.stderr == ("imgdiag: standard input is closed. Pipe an image in, or name one\n")


def test_an_empty_standard_input() -> None:
    done = shell(f"{IMGDIAG} analyze - </dev/null")
    assert (done.returncode, done.stderr.count("\n")) == (3, 1)


def test_quick_takes_no_limit_on_waste(archive: Path) -> None:
    done = shell(f"{IMGDIAG} analyze {archive} --quick --max-waste 1MB")
    assert done.returncode == 2
    assert "--quick does not know the waste" in done.stderr
