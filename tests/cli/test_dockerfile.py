from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests import builder
from tests.cli.conftest import Run

TEXT = """\
FROM python:3.11-slim AS base
RUN make \\
    everything
FROM base
RUN rm -rf /app/junk /base
ENV A=1
"""


@pytest.fixture
def image(tmp_path: Path) -> Path:
    """Return an image that TEXT made, on a base of two layers."""
    made = builder.image(
        [builder.file("etc", 10)],
        [builder.file("base", 3_000_000)],
        [builder.folder("app"), builder.file("app/junk", 2_000_000)],
        [builder.whiteout("app/junk"), builder.whiteout("base")],
        history=[
            builder.instruction("/bin/sh -c #(nop) ADD file:" + "a" * 64 + " in / "),
            builder.instruction("RUN /bin/sh -c make base # buildkit"),
            builder.instruction("RUN /bin/sh -c make     everything # buildkit"),
            builder.instruction("RUN /bin/sh -c rm -rf /app/junk /base # buildkit"),
            builder.instruction("ENV A=1", empty=True),
        ],
    )
    return builder.write_archive(tmp_path / "image.tar", builder.docker(made))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the working folder."""
    folder = tmp_path / "project"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


def test_lines_of_layers(run: Run, image: Path, folder: Path) -> None:
    (folder / "Dockerfile").write_text(TEXT)
    found = json.loads(run("analyze", image, "-f", "json").stdout)
    assert found["dockerfile"] == {
        "path": "Dockerfile",
        "fits": True,
        "base_image": "python:3.11-slim",
        "base_layers": 2,
        "note": "every instruction agrees; built on python:3.11-slim, layers 0–1",
    }
    assert [layer["dockerfile"] for layer in found["layers"]] == [
        None,
        None,
        {"path": "Dockerfile", "line": 2, "end_line": 3, "confidence": "exact"},
        {"path": "Dockerfile", "line": 5, "end_line": 5, "confidence": "exact"},
    ]
    assert [layer["base_image"] for layer in found["layers"]] == [
        *("python:3.11-slim", "python:3.11-slim", None, None),
    ]
    ours, of_base = sorted(found["findings"], key=lambda each: each["bytes"])
    assert [lines["line"] for lines in ours["dockerfile"]] == [2]
    assert "layer 2 (Dockerfile:2: RUN make everything)" in ours["message"]
    assert "layer 1 (base image python:3.11-slim)" in of_base["message"]


def test_what_a_base_of_several_layers_wastes_is_information(
    run: Run, image: Path, folder: Path
) -> None:
    """Without a Dockerfile a RUN of the base looks like one that can be changed."""
    report = json.loads(run("analyze", image, "-f", "json").stdout)
    assert [each["informational"] for each in report["findings"]] == [False, False]
    (folder / "Dockerfile").write_text(TEXT)
    report = json.loads(run("analyze", image, "-f", "json").stdout)
    assert [each["bytes"] for each in report["findings"]] == [3_000_000, 2_000_000]
    assert [each["informational"] for each in report["findings"]] == [True, False]
    assert report["findings"][0]["fix"]["snippet"] == "FROM <a slimmer base>"


def test_text_names_lines(run: Run, image: Path, folder: Path) -> None:
    path = folder / "api.Dockerfile"
    path.write_text(TEXT)
    text = run("analyze", image, "--dockerfile", path, "--details").stdout
    assert text.splitlines()[1].startswith(str(path)[:20])
    assert "api.Dockerfile:2" in text
    assert "base image python:3.11-slim: RUN make base" in text


def test_history_names_lines(run: Run, image: Path, folder: Path) -> None:
    (folder / "Containerfile").write_text(TEXT)
    lines = run("history", image).stdout.splitlines()
    assert lines[1] == (
        "Containerfile: every instruction agrees; built on python:3.11-slim, layers 0–1"
    )
    assert [line.split()[-6:] for line in lines[-2:]] == [
        ["Containerfile:5", "RUN", "rm", "-rf", "/app/junk", "/base"],
        ["–", "–", "–", "Containerfile:6", "ENV", "A=1"],
    ]
    found = json.loads(run("history", image, "-f", "json").stdout)
    assert found["dockerfile"]["fits"]
    assert found["history"][4]["dockerfile"]["line"] == 6
    assert [each["base_image"] for each in found["history"]] == [
        *("python:3.11-slim", "python:3.11-slim", None, None, None),
    ]
    whole = run("history", image, "--no-trunc").stdout
    assert "Containerfile:2" in whole


def test_a_dockerfile_of_something_else_is_not_used(run: Run, image: Path, folder: Path) -> None:
    (folder / "Dockerfile").write_text("FROM a\nRUN something else entirely\nCOPY . .\n")
    for command in ("analyze", "history"):
        text = run(command, image).stdout
        assert text.splitlines()[1] == (
            "Dockerfile: not used: it does not match the image's history (0 of 2 instructions "
            "agree)"
        )
        assert "Dockerfile:2" not in text


def test_a_broken_file_in_the_folder_is_left_aside(run: Run, image: Path, folder: Path) -> None:
    (folder / "Dockerfile").write_text("FROM a\nRUM b\n")
    result = run("analyze", image)
    assert result.exit_code == 0
    line = "Dockerfile: not used: Dockerfile:2: there is no instruction 'RUM'. Did you mean RUN?"
    assert result.stdout.splitlines()[1] == line
    assert run("analyze", image, "--dockerfile", "Dockerfile").exit_code == 3


def test_targets(run: Run, image: Path, folder: Path) -> None:
    (folder / "Dockerfile").write_text(f"{TEXT}FROM other AS last\nRUN last thing of all to do\n")
    result = run("analyze", image, "-f", "json")
    assert json.loads(result.stdout)["dockerfile"]["note"].startswith("stage 1: every")
    result = run("analyze", image, "--target", "last", "-f", "json")
    assert not json.loads(result.stdout)["dockerfile"]["fits"]
    result = run("analyze", image, "--target", "lst")
    assert (result.exit_code, result.stderr) == (
        3,
        "imgdiag: Dockerfile has no stage 'lst'. Did you mean 'last'?\n",
    )


def test_a_target_without_a_dockerfile(run: Run, image: Path, folder: Path) -> None:
    result = run("analyze", image, "--target", "last")
    assert result.exit_code == 3
    assert result.stderr == (
        "imgdiag: --target last without a Dockerfile. Name it with --dockerfile\n"
    )


def test_without_a_dockerfile_nothing_is_said(run: Run, image: Path, folder: Path) -> None:
    assert "Dockerfile:" not in run("history", image).stdout
    assert json.loads(run("analyze", image, "-f", "json").stdout)["dockerfile"] is None


def test_a_file_that_is_not_there(run: Run, image: Path, folder: Path) -> None:
    assert run("analyze", image, "--dockerfile", "none").exit_code == 2


def test_names_of_the_project_are_made_harmless(run: Run, image: Path, folder: Path) -> None:
    path = folder / "\x1b[31mDockerfile"
    path.write_text(TEXT)
    for format_ in ("text", "markdown"):
        text = run("analyze", image, "--dockerfile", path, "-f", format_).stdout
        assert "\x1b[31m" not in text
