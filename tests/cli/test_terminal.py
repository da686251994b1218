"""Colours, widths and words on standard error: what the terminal and the user ask for."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Run

ESCAPE = "\x1b["


@pytest.mark.parametrize(
    ("environment", "colored"),
    [
        ({}, False),  # a pipe takes none
        ({"FORCE_COLOR": "1"}, True),
        ({"FORCE_COLOR": ""}, False),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
        ({"FORCE_COLOR": "1", "NO_COLOR": ""}, True),
        ({"FORCE_COLOR": "1", "TERM": "dumb"}, False),
    ],
)
@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_colour_in_a_pipe(
    run: Run,
    archive: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    environment: dict[str, str],
    colored: bool,
    stream: str,
) -> None:
    for name in ("FORCE_COLOR", "NO_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    result = run("analyze", archive if stream == "stdout" else tmp_path / "none.tar")
    assert (ESCAPE in getattr(result, stream)) is colored


@pytest.mark.parametrize(
    ("variables", "colored"), [({}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)]
)
def test_colour_on_a_terminal(archive: Path, variables: dict[str, str], colored: bool) -> None:
    master, slave = pty.openpty()
    kept = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "FORCE_COLOR")}
    with os.fdopen(master, "rb", buffering=0) as screen:
        subprocess.run(
            [sys.executable, "-m", "imgdiag", "explain", "deleted-later"],
            stdout=slave,
            env={**kept, "TERM": "xterm", **variables},
            check=True,
        )
        subprocess.run(
            [sys.executable, "-m", "imgdiag", "history", archive],
            stdout=slave,
            env={**kept, "TERM": "xterm", **variables},
            check=True,
        )
        os.close(slave)
        shown = b""
        while True:
            try:
                shown += screen.read(65536)
            except OSError:  # the other end is closed
                break
    assert b"created by" in shown
    assert (ESCAPE.encode() in shown) is colored


@pytest.mark.parametrize("width", [40, 60, 80, 120])
@pytest.mark.parametrize(
    "arguments",
    [
        ("history", "{}"),
        ("du", "{}", "/", "--depth", "3"),
        ("analyze", "{}", "--details"),
        ("tree", "fixtures/ml-service/after.oci.tar"),
        ("why", "numpy", "fixtures/ml-service/after.oci.tar"),
        ("analyze", "fixtures/ml-service/after.oci.tar"),
        ("rules",),
        ("explain", "deleted-later"),
    ],
    ids=" ".join,
)
def test_nothing_is_wider_than_the_terminal(
    run: Run, archive: Path, monkeypatch: pytest.MonkeyPatch, width: int, arguments: tuple[str, ...]
) -> None:
    monkeypatch.chdir(Path(__file__).parents[2])
    monkeypatch.setenv("COLUMNS", str(width))
    result = run(*(each.format(archive) for each in arguments))
    assert result.exit_code == 0
    # Lines to be copied into a file stay whole: they are indented by seven.
    lines = [line for line in result.stdout.splitlines() if not line.startswith(" " * 7)]
    assert [line for line in lines if len(line) > width] == []


def test_verbose_says_what_is_read_and_when(run: Run, archive: Path) -> None:
    words = [line.split(" s  ")[1] for line in run("history", archive, "-v").stderr.splitlines()]
    assert words == ["reading layers", "all read"]


@pytest.mark.parametrize("options", [(), ("-q",), ("-q", "-v")])
def test_without_it_a_short_run_says_nothing(
    run: Run, archive: Path, options: tuple[str, ...]
) -> None:
    assert run("history", archive, *options).stderr == ""


def test_a_patch_on_a_terminal_moves_no_cursor(tmp_path: Path) -> None:
    text = "FROM debian:12\nENV A='\x1b[2J'\nRUN apt-get update &&\tapt-get install -y gcc\n"
    (tmp_path / "Dockerfile").write_text(text)
    command = [sys.executable, "-m", "imgdiag", "fix", "--project", str(tmp_path)]
    master, slave = pty.openpty()
    with os.fdopen(master, "rb", buffering=0) as screen:
        subprocess.run(command, stdout=slave, stderr=subprocess.DEVNULL, check=True)
        shown = screen.read(10_000)
        os.close(slave)
    assert b"\x1b" not in shown
    assert rb"ENV A='\x1b[2J'" in shown
    assert b"&&\tapt-get" in shown
    piped = subprocess.run(command, capture_output=True, check=True)
    assert b"ENV A='\x1b[2J'" in piped.stdout
