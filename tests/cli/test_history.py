from __future__ import annotations

import json
from pathlib import Path

from tests import builder
from tests.cli.conftest import DELETED, KEPT, SIZE, Run

LONG = "RUN /bin/sh -c " + " && ".join(f"make part-{number}" for number in range(40))


def archive_of(tmp_path: Path) -> Path:
    image = builder.image(
        [builder.file("a", 1_000_000)],
        [builder.whiteout("a")],
        history=[
            builder.instruction("ENV A=b", empty=True),
            builder.instruction(f"{LONG} # buildkit"),
            builder.instruction("WORKDIR /x", empty=True),
        ],
    )
    return builder.write_archive(tmp_path / "history.tar", builder.docker(image))


def test_the_table(run: Run, tmp_path: Path) -> None:
    result = run("history", archive_of(tmp_path))
    assert result.exit_code == 0
    lines = result.stdout.splitlines()[2:]
    assert [line.split()[:4] for line in lines] == [
        ["layer", "size", "wasted", "created"],
        ["–", "–", "–", "ENV"],
        ["0", "1.0", "MB", "1.0"],
        ["–", "–", "–", "WORKDIR"],
        ["1", "0", "B", "–"],
    ]
    assert lines[2].endswith("…")
    assert lines[4].endswith("(the history does not say)")
    assert max(map(len, lines)) <= 100


def test_nothing_cut(run: Run, tmp_path: Path) -> None:
    result = run("history", archive_of(tmp_path), "--no-trunc")
    assert f"{LONG} # buildkit" in result.stdout
    assert "…" not in result.stdout


def test_json(run: Run, archive: Path) -> None:
    report = json.loads(run("history", archive, "-f", "json").stdout)
    assert report["schema_version"] == 1
    assert report["image"]["reference"] == "app:1"
    first, second = report["history"]
    assert first["created_by"] == "RUN /bin/sh -c make # buildkit"
    assert first["layer"] == {
        "index": 0,
        "layer_bytes": SIZE,
        "visible_bytes": KEPT,
        "wasted_bytes": DELETED,
        "transfer_bytes": None,
        "files": 2,
        "problem": None,
    }
    assert (second["layer"]["layer_bytes"], second["layer"]["wasted_bytes"]) == (0, 0)


def test_entries_without_a_layer_are_null(run: Run, tmp_path: Path) -> None:
    report = json.loads(run("history", archive_of(tmp_path), "-f", "json").stdout)
    layers = [step["layer"] and step["layer"]["index"] for step in report["history"]]
    assert layers == [None, 0, None, 1]
    assert [step["base_image"] for step in report["history"]] == [None] * 4


def test_a_layer_that_could_not_be_read(run: Run, partial: Path) -> None:
    assert "size unknown" in run("history", partial).stdout
    layer = json.loads(run("history", partial, "-f", "json").stdout)["history"][1]["layer"]
    assert layer["layer_bytes"] is None
    assert layer["problem"]


def test_hostile_instructions(run: Run, tmp_path: Path) -> None:
    image = builder.image([builder.file("a")], created_by=["RUN \x1b[31mred\u202e"])
    path = builder.write_archive(tmp_path / "image.tar", builder.docker(image))
    for options in ([], ["--no-trunc"]):
        text = run("history", path, *options).stdout
        assert "\x1b" not in text
        assert r"\x1b[31mred\u202e" in text
