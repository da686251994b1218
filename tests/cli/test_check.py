from __future__ import annotations

import datetime
import json
from pathlib import Path

import pytest

from imgdiag import clock
from tests.cli.conftest import Run

TEXT = """\
FROM python:3.11-slim AS build
RUN pip install --no-cache-dir flask; echo done
FROM python:3.11-slim
COPY --from=build /app /app
RUN --mount=type=secret,id=ca \\
    python3 -m venv /opt/venv && \\
    /opt/venv/bin/pip install flask
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "Dockerfile").write_text(TEXT)
    return tmp_path


def test_the_text(run: Run, folder: Path) -> None:
    result = run("check")
    assert result.exit_code == 0
    assert result.stdout == (
        "Dockerfile   stage 1   built on python:3.11-slim\n"
        "1 error, 1 warning\n"
        "\n"
        "Dockerfile:2  failure-masked  (error)\n"
        "  'pip install --no-cache-dir' can fail and the build goes on: what stands after it "
        "decides, as\n"
        "  after each ';' and each new line\n"
        "  Stop at the first failure. Dockerfile:\n"
        "    RUN pip install --no-cache-dir flask && echo done\n"
        "\n"
        "Dockerfile:7  pip-keeps-cache  (warning)\n"
        "  pip keeps what it downloads in /root/.cache/pip, in this layer: what it downloaded "
        "is shipped\n"
        "  beside what it installed\n"
        "  Mount the cache while building, or say --no-cache-dir. Dockerfile:\n"
        "    RUN --mount=type=secret,id=ca \\\n"
        "        --mount=type=cache,target=/root/.cache/pip \\\n"
        "        python3 -m venv /opt/venv && \\\n"
        "        /opt/venv/bin/pip install flask\n"
    )


def test_json(run: Run, folder: Path) -> None:
    found = json.loads(run("check", "-f", "json", "--fail-on", "error").stdout)
    assert list(found) == ["schema_version", "project", "findings", "gate"]
    assert found["project"] == {"folder": ".", "dockerfile": "Dockerfile", "stage": "1"}
    assert found["gate"] == {
        "passed": False,
        "configuration": None,
        "expired_waivers": [],
        "unused_waivers": [],
    }
    assert {each["waived"] for each in found["findings"]} == {None}
    assert [
        (each["check"], each["severity"], each["path"], each["line"], each["end_line"])
        for each in found["findings"]
    ] == [
        ("failure-masked", "error", "Dockerfile", 2, 2),
        ("pip-keeps-cache", "warning", "Dockerfile", 7, 7),
    ]
    assert set(found["findings"][0]["fix"]) == {"summary", "file", "snippet"}


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ([], 0),
        (["--fail-on", "never"], 0),
        (["--fail-on", "note"], 1),
        (["--fail-on", "warning"], 1),
        (["--fail-on", "error"], 1),
        (["--target", "build", "--fail-on", "error"], 1),
    ],
)
@pytest.mark.parametrize("format_", ["text", "json"])
def test_exit_codes(run: Run, folder: Path, options: list[str], code: int, format_: str) -> None:
    assert run("check", "-f", format_, *options).exit_code == code


def test_nothing_of_that_severity(run: Run, folder: Path) -> None:
    (folder / "Dockerfile").write_text("FROM python:3.11-slim\nRUN uv sync --no-dev --no-cache\n")
    assert run("check", "--fail-on", "warning").exit_code == 0
    assert run("check", "--fail-on", "note").exit_code == 1
    (folder / "Dockerfile").write_text("FROM python:3.11-slim\nCOPY main.py /\n")
    result = run("check", "--fail-on", "note")
    assert (result.exit_code, result.stdout.splitlines()[1]) == (
        0,
        "nothing to mend: every check passed",
    )


def test_a_project_elsewhere(run: Run, folder: Path, tmp_path: Path) -> None:
    project = tmp_path / "service"
    (project / ".git").mkdir(parents=True)
    (project / ".git" / "pack").write_bytes(b"x" * 1_500_000)
    path = project / "Containerfile"
    path.write_text("FROM python:3.11-slim\nCOPY . /app\n")
    found = json.loads(run("check", "--project", project, "-f", "json").stdout)["findings"]
    assert [(each["check"], each["path"], each["severity"]) for each in found] == [
        ("context-junk", str(path), "warning"),
    ]
    assert found[0]["message"] == (
        "'COPY . /app' takes 1.5 MB that an image rarely needs: .git 1.5 MB; no .dockerignore"
    )
    assert found[0]["fix"] == {
        "summary": "Leave them out of the build",
        "file": ".dockerignore",
        "snippet": ".git",
    }
    (project / ".dockerignore").write_text(".git\n")
    assert (
        run("check", "--project", project).stdout.splitlines()[1]
        == "nothing to mend: every check passed"
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("FROM a\nRUM b\n", "Dockerfile:2: there is no instruction 'RUM'. Did you mean RUN?"),
        ("", "Dockerfile has no FROM. It is not a Dockerfile, or not a whole one"),
    ],
)
def test_a_dockerfile_that_is_none(run: Run, folder: Path, text: str, message: str) -> None:
    (folder / "Dockerfile").write_text(text)
    result = run("check")
    assert (result.exit_code, result.stderr) == (3, f"imgdiag: {message}\n")


def test_wrong_use(run: Run, folder: Path) -> None:
    assert run("check", "--dockerfile", "none").exit_code == 2
    assert run("check", "--target", "biuld").exit_code == 3
    (folder / "Dockerfile").unlink()
    result = run("check")
    assert result.exit_code == 3
    assert "no Dockerfile, pyproject.toml or lock file" in result.stderr


def test_nothing_of_a_file_moves_a_cursor(run: Run, folder: Path) -> None:
    (folder / "Dockerfile").write_text(
        "FROM \x1b[31mred\nRUN apt-get update && apt-get install gcc\u202e\x1b]0;x\x07\n"
    )
    text = run("check").stdout
    assert "\x1b" not in text
    assert "\u202e" not in text
    json.loads(run("check", "-f", "json").stdout)


def test_explain_and_rules_know_the_checks(run: Run) -> None:
    assert "failure-masked: An install whose failing" in run("explain", "failure-masked").stdout
    assert "'failure-masked'" in run("explain", "failure-maskd").stderr
    listed = run("rules").stdout
    assert "failure-masked" in listed
    assert "deleted-later" in listed


def test_a_waiver_of_the_configuration_holds(
    run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "imgdiag.toml").write_text(
        "[[waivers]]\nrule = 'failure-masked'\npath = 'Dockerfile'\nreason = 'the next release'\n"
        "expires = 2027-01-31\n"
    )
    monkeypatch.setattr(clock, "today", lambda: datetime.date(2027, 1, 31))
    result = run("check", "--fail-on", "error")
    assert result.exit_code == 0
    assert "\n1 warning, 1 waived\n" in result.stdout
    assert result.stdout.endswith(
        "\nWaivers: 1 finding waived\n"
        "  waived until 2027-01-31: failure-masked at Dockerfile:2: the next release\n"
    )
    monkeypatch.setattr(clock, "today", lambda: datetime.date(2027, 2, 1))
    result = run("check", "--fail-on", "error")
    assert result.exit_code == 1
    assert result.stdout.endswith(
        "  expired on 2027-01-31, and no longer holds: failure-masked at Dockerfile (line 1): the "
        "next\n  release\n"
    )
