"""What the shells may complete; bash itself is asked, since its words end at colons."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from imgdiag.cli import _completion, cli
from imgdiag.project.checks import all_checks
from imgdiag.rules import all_rules
from tests.cli.conftest import Run
from tests.sources.test_unixapi import answer, serving

IMAGES = [
    {"Id": "sha256:1", "RepoTags": ["my-service:1.0", "my-service:latest"]},
    {"Id": "sha256:2", "RepoTags": ["localhost:5000/team/api:2"]},
    {"Id": "sha256:3", "RepoTags": None},
    {"Id": "sha256:4", "RepoTags": ["<none>:<none>", "evil\x1b[2J:1", "two words:1", "$(id):1", 7]},
    "no object",
]
ALL = ["localhost:5000/team/api:2", "my-service", "my-service:1.0"]


def complete(monkeypatch: pytest.MonkeyPatch, incomplete: str, images: object) -> list[str]:
    with serving(answer(json.dumps(images).encode())) as (host, asked):
        monkeypatch.setenv("DOCKER_HOST", host)
        items = _completion.references(incomplete)
    assert asked == [b"GET /images/json HTTP/1.0\r\n"]
    return [f"{item.type} {item.value}" for item in items]


@pytest.mark.parametrize(
    ("incomplete", "completed"),
    [
        ("", [f"plain {tag}" for tag in ALL] + ["plain saved.tar"]),
        ("my-service:", ["plain my-service:1.0"]),
        ("docker:my", ["plain docker:my-service", "plain docker:my-service:1.0"]),
        ("docker:none", []),
        ("localhost:5000/t", ["plain localhost:5000/team/api:2"]),
        ("s", ["plain saved.tar"]),
        ("folder/im", ["file folder/im"]),
    ],
)
def test_images_and_archives(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, incomplete: str, completed: list[str]
) -> None:
    for name in ("saved.tar", "notes.txt", "two words.tar"):
        (tmp_path / name).touch()
    monkeypatch.chdir(tmp_path)
    assert complete(monkeypatch, incomplete, IMAGES) == completed


@pytest.mark.parametrize("images", [{"message": "no"}, [], [[]], [{"RepoTags": "no list"}], None])
def test_an_engine_that_answers_nonsense(monkeypatch: pytest.MonkeyPatch, images: object) -> None:
    assert complete(monkeypatch, "zzz", images) == ["file zzz"]


@pytest.mark.parametrize("host", ["unix:///nonexistent/docker.sock", "tcp://127.0.0.1:1", "junk"])
def test_no_engine(monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    monkeypatch.setenv("DOCKER_HOST", host)
    assert [item.type for item in _completion.references("zzz")] == ["file"]


@pytest.mark.parametrize("incomplete", ["/", "./im", "~/im"])
def test_a_path_asks_no_engine(monkeypatch: pytest.MonkeyPatch, incomplete: str) -> None:
    monkeypatch.delattr(_completion, "_tags")
    (item,) = _completion.references(incomplete)
    assert (item.type, item.value) == ("file", incomplete)


def test_rules_are_those_that_there_are() -> None:
    names = {item.value for item in _completion.rules("")}
    known = [rule.name for rule in all_rules()] + [check.name for check in all_checks()]
    assert names == set(known)
    assert [item.value for item in _completion.rules("deleted")] == ["deleted-later"]


def bash(script: str, environment: dict[str, str]) -> list[str]:
    done = subprocess.run(
        ["bash", "--norc", "-c", script],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""
    return done.stdout.split()


@pytest.mark.parametrize(
    ("line", "words", "replies"),
    [
        ("imgdiag his", ["imgdiag", "his"], ["history"]),
        ("imgdiag explain deleted-", ["imgdiag", "explain", "deleted-"], ["deleted-later"]),
        ("imgdiag history --no-t", ["imgdiag", "history", "--no-t"], ["--no-trunc"]),
        # bash takes the colon for a word of its own, and writes what follows it
        ("imgdiag du my-service:", ["imgdiag", "du", "my-service", ":"], ["1.0"]),
        ("imgdiag du my-service:1", ["imgdiag", "du", "my-service", ":", "1"], ["1.0"]),
    ],
)
def test_bash(run: Run, tmp_path: Path, line: str, words: list[str], replies: list[str]) -> None:
    program = tmp_path / "imgdiag"
    root = Path(__file__).parents[2]
    program.write_text(
        f'#!/bin/sh\nPYTHONPATH={root} exec {sys.executable} -m imgdiag "$@"\n', encoding="utf-8"
    )
    program.chmod(0o755)
    (tmp_path / "completion.sh").write_text(run("completion", "bash").stdout, encoding="utf-8")
    quoted = " ".join(f"'{word}'" for word in words)
    script = f"""
        source {tmp_path}/completion.sh
        COMP_LINE='{line}' COMP_POINT={len(line)} COMP_WORDS=({quoted}) COMP_CWORD={len(words) - 1}
        _imgdiag_completion {program}
        printf '%s\\n' "${{COMPREPLY[@]}}"
    """
    if ":" not in line:
        assert bash(script, {"DOCKER_HOST": "unix:///nonexistent"}) == replies
        return
    with serving(answer(json.dumps(IMAGES).encode())) as (host, _):
        assert bash(script, {"DOCKER_HOST": host}) == replies


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_has_its_script(run: Run, shell: str) -> None:
    script = run("completion", shell).stdout
    assert f"_IMGDIAG_COMPLETE={shell}_complete" in script
    assert run("completion", shell).exit_code == 0


def test_another_shell(run: Run) -> None:
    assert run("completion", "tcsh").exit_code == 2


def test_docker_is_told_what_to_do_with_files(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "unix:///nonexistent/docker.sock")
    assert _completion.for_docker(["explain", "deleted"]) == "deleted-later\n:4"
    assert _completion.for_docker(["analyze", "./x"]) == ":0"
    assert _completion.for_docker(["explain", "no-such-rule"]) == ":4"
    first, *_, last = _completion.for_docker([""]).splitlines()
    assert (first.split("\t")[0], last) == (cli.list_commands(None)[0], ":4")  # type: ignore[arg-type]


def test_an_engine_that_does_not_answer_holds_nobody_up(monkeypatch: pytest.MonkeyPatch) -> None:
    import socket
    import tempfile

    monkeypatch.setattr(_completion, "_SECONDS", 0.05)
    with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX) as server:
        server.bind(f"{folder}/s")
        server.listen()
        monkeypatch.setenv("DOCKER_HOST", f"unix://{folder}/s")
        start = time.monotonic()
        assert [item.type for item in _completion.references("zzz")] == ["file"]
        assert time.monotonic() - start < 30  # the client's own patience is a minute
