from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests import builder
from tests.cli.conftest import KEPT, Run


def du(run: Run, *arguments: str | Path) -> dict[str, Any]:
    result = run("du", *arguments, "-f", "json")
    assert result.exit_code == 0, result.output
    return dict(json.loads(result.stdout))


def test_the_table(run: Run, archive: Path) -> None:
    report = du(run, archive)
    assert report["schema_version"] == 1
    assert (report["how"], report["measure"], report["estimate"]) == ("static", "apparent", False)
    assert report["table"] == {
        "path": "",
        "type": "folder",
        "bytes": KEPT,
        "written_bytes": 0,
        "children": [
            {
                "path": "app",
                "type": "folder",
                "bytes": KEPT,
                "written_bytes": 0,
                "children": [],
                "others": {"entries": 0, "bytes": 0},
            }
        ],
        "others": {"entries": 0, "bytes": 0},
    }
    assert (report["container"], report["left_out"], report["skipped"]) == (None, [], [])


def test_the_table_as_text(run: Run, archive: Path) -> None:
    result = run("du", archive, "--depth", "2")
    assert result.exit_code == 0
    assert result.stdout.splitlines()[2:] == [
        "  2.0 MB in files, hard links once",
        "",
        "    bytes    share  path",
        "   2.0 MB    100 %  /app/",
        "   2.0 MB    100 %  /app/kept",
    ]


def test_a_path(run: Run, archive: Path) -> None:
    assert du(run, archive, "/app/kept")["table"]["bytes"] == KEPT
    assert [row["path"] for row in du(run, archive, "app")["table"]["children"]] == ["app/kept"]


def test_no_such_path(run: Run, archive: Path) -> None:
    result = run("du", archive, "/app/junk")  # deleted by a later layer
    assert result.exit_code == 3
    assert "no file or folder /app/junk" in result.stderr


def test_blocks_are_an_estimate(run: Run, tmp_path: Path) -> None:
    image = builder.image([builder.file("a", 1), builder.file("b", 4097)])
    archive = builder.write_archive(tmp_path / "image.tar", builder.docker(image))
    report = du(run, archive, "--blocks")
    assert (report["measure"], report["estimate"]) == ("blocks", True)
    assert report["table"]["bytes"] == 3 * 4096
    text = run("du", archive, "--blocks").stdout
    assert "about 12.3 kB on a disk: an estimate, each file rounded up to 4,096 bytes" in text


def test_top(run: Run, tmp_path: Path) -> None:
    image = builder.image([builder.file(name, size) for size, name in enumerate("abcde", 1)])
    archive = builder.write_archive(tmp_path / "image.tar", builder.docker(image))
    table = du(run, archive, "--top", "2")["table"]
    assert [row["path"] for row in table["children"]] == ["e", "d"]
    assert table["others"] == {"entries": 3, "bytes": 6}
    assert run("du", archive, "--top", "2").stdout.splitlines()[-1].split() == [
        "6", "B", "40", "%", "(3", "more)"
    ]  # fmt: skip


def test_hostile_names(run: Run, tmp_path: Path) -> None:
    image = builder.image([builder.file("\x1b[31m\nx\udcff", 5)])
    archive = builder.write_archive(tmp_path / "image.tar", builder.docker(image))
    text = run("du", archive).stdout
    assert "\x1b" not in text
    assert r"/\x1b[31m\x0ax\xff" in text
    assert du(run, archive)["table"]["children"][0]["path"] == "\x1b[31m\nx\\xff"


def test_a_partial_image_says_so(run: Run, partial: Path) -> None:
    report = du(run, partial)
    assert report["table"]["bytes"] == 10
    assert report["skipped"][0]["what"].startswith("layer 1 ")
    assert "Not read: the numbers above leave this out" in run("du", partial).stdout


@pytest.mark.parametrize(
    "arguments",
    [[], ["x", "--depth", "-1"], ["x", "--top", "0"], ["x", "--live", "--container", "y"]],
)
def test_wrong_usage(run: Run, arguments: list[str]) -> None:
    assert run("du", *arguments).exit_code == 2


def test_a_saved_image_does_not_run(run: Run, archive: Path) -> None:
    for command in (["du", archive, "--live"], ["verify-torch", archive]):
        result = run(*command)
        assert result.exit_code == 3
        assert "only an engine's image can be run" in result.stderr
        assert "docker load" in result.stderr


@pytest.mark.parametrize(
    "arguments", [["du", "tag", "--live"], ["du", "--container", "x"], ["verify-torch", "tag"]]
)
def test_no_engine(arguments: list[str]) -> None:
    # In a process of its own: the engine's client leaves a socket open when nobody answers.
    result = subprocess.run(
        [sys.executable, "-m", "imgdiag", *arguments],
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[2],
        env={**os.environ, "DOCKER_HOST": "unix:///nonexistent/docker.sock"},
        check=False,
    )
    assert (result.returncode, result.stdout) == (3, "")
    assert "no container engine answers" in result.stderr
