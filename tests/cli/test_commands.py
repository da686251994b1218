from __future__ import annotations

import json
from pathlib import Path

import click
import pytest

import imgdiag
from imgdiag.cli import cli
from tests.cli.conftest import SIZE, Run

COMMANDS = cli.list_commands(click.Context(cli))


def test_the_commands() -> None:
    assert {"analyze", "skeleton"} <= set(COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.parametrize("flag", ["-h", "--help"])
def test_every_command_has_help(run: Run, name: str, flag: str) -> None:
    result = run(name, flag)
    assert result.exit_code == 0
    assert result.stdout.startswith("Usage: ")
    assert name in run("--help").stdout
    command = cli.get_command(click.Context(cli), name)
    assert command is not None
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            assert parameter.help, f"{parameter.name} has no help"


def test_analyze_names_its_exit_codes(run: Run) -> None:
    lines = run("analyze", "--help").stdout.splitlines()
    start = lines.index("  Exit codes:")
    assert [line.split()[0] for line in lines[start + 1 : start + 5]] == ["0", "1", "2", "3"]


def test_version(run: Run) -> None:
    assert imgdiag.__version__ in run("--version").stdout


def test_an_unknown_command(run: Run) -> None:
    assert run("nonsense").exit_code == 2


def test_a_skeleton_is_analysed_like_the_original(run: Run, archive: Path, tmp_path: Path) -> None:
    path = tmp_path / "skeleton.tar"
    result = run("skeleton", archive, "-o", path)
    assert result.exit_code == 0
    assert path.stat().st_size < 20_000
    ours = json.loads(run("analyze", archive, "-f", "json").stdout)
    theirs = json.loads(run("analyze", path, "-f", "json").stdout)
    assert ours["sizes"]["layer_bytes"] == theirs["sizes"]["layer_bytes"] == SIZE
    assert ours["findings"] == theirs["findings"]


@pytest.mark.parametrize("command", ["analyze", "skeleton"])
def test_no_such_file(run: Run, tmp_path: Path, command: str) -> None:
    options = ["-o", tmp_path / "out.tar"] if command == "skeleton" else []
    result = run(command, tmp_path / "none.tar", *options)
    assert result.exit_code == 3
    assert result.stderr.count("\n") == 1
    assert not (tmp_path / "out.tar").exists()


def test_a_skeleton_that_cannot_be_written(run: Run, archive: Path, tmp_path: Path) -> None:
    result = run("skeleton", archive, "-o", tmp_path / "no" / "folder.tar")
    assert result.exit_code == 3
    assert result.stderr.startswith("imgdiag: cannot write ")
