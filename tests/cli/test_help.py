"""The help teaches: a line for each command, examples that parse, nothing wider than a terminal."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import click
import pytest

from imgdiag.cli import about, cli
from tests.cli.conftest import Run

COMMANDS = cli.list_commands(click.Context(cli))


def test_each_command_stands_once_in_the_help_with_its_line(run: Run) -> None:
    lines = run("--help").stdout.splitlines()
    for name in COMMANDS:
        assert [line.split(None, 1)[1] for line in lines if line.startswith(f"  {name} ")] == [
            about(name)
        ]


def test_commands_stand_under_what_they_are_for(run: Run) -> None:
    text = run("--help").stdout
    sections = re.findall(r"^(\S.*):$", text, re.MULTILINE)
    assert sections[:2] == ["Options", "An image"]
    assert "More" not in sections  # a new command has its place in imgdiag/cli/__init__.py


@pytest.mark.parametrize("name", COMMANDS)
def test_a_commands_line_is_short(name: str) -> None:
    widest = max(map(len, COMMANDS))
    assert 20 < len(about(name)) <= 78 - 4 - widest


@pytest.mark.parametrize("name", ["", *COMMANDS])
def test_help_fits_a_terminal(run: Run, name: str) -> None:
    for line in run(*filter(None, [name]), "--help").stdout.splitlines():
        assert len(line) <= 80, line


def examples(name: str) -> list[list[str]]:
    """Return the arguments of the examples that a command's help shows."""
    command = cli.get_command(click.Context(cli), name)
    assert command is not None
    assert command.help is not None
    _, _, block = command.help.partition("Examples:\n")
    lines = block.partition("\n\n")[0].splitlines()
    # What stands after two blanks, or a #, says what the example does.
    commands = [re.split(r"\s{2,}|[#>)]", line.strip())[0] for line in lines]
    return [
        words[words.index("imgdiag") + 1 :]
        for each in commands
        for part in each.split("|")
        if "imgdiag" in (words := shlex.split(part))
    ]


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_shows_examples_that_it_takes(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for file in ("Dockerfile", "docker/Dockerfile", "services/api/Dockerfile", ".dive-ci"):
        Path(file).parent.mkdir(parents=True, exist_ok=True)
        Path(file).write_text("FROM scratch\n", encoding="utf-8")
    shown = examples(name)
    assert [words[0] for words in shown].count(name) >= 1
    for first, *rest in shown:
        command = cli.get_command(click.Context(cli), first)
        assert command is not None, first
        if "--help" not in rest:
            # Wrong usage raises. A command keeps the names of --help that it is first asked with.
            parent = click.Context(cli, **cli.context_settings)
            command.make_context(first, rest, parent)


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("anlyze", "imgdiag analyze"),
        ("explian", "imgdiag explain"),
        ("my-service:1.0", "imgdiag analyze my-service:1.0"),
    ],
)
def test_a_command_that_is_none(run: Run, word: str, meant: str) -> None:
    result = run(word)
    assert result.exit_code == 2
    assert result.stderr.splitlines()[-1] == (
        f"Error: There is no command '{word}'. Did you mean '{meant}'?"
    )


READING = [
    "platform", "route", "engine_root", "no_cache", "verify_digests", "read_limits", "verbose",
    "quiet",
]  # fmt: skip


@pytest.mark.parametrize("name", COMMANDS)
def test_how_an_image_is_read_stands_last_and_in_one_order(name: str) -> None:
    command = cli.get_command(click.Context(cli), name)
    assert command is not None
    names = [parameter.name for parameter in command.params]
    shared = [each for each in names if each in READING]
    assert shared in ([], READING)
    assert names[len(names) - len(shared) :] == shared
