"""Where people work: the files for GitLab, pre-commit and Docker, held to the program."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from imgdiag import reports
from imgdiag.cli import cli
from tests.cli.conftest import Run, run

__all__ = ["run"]

ROOT = Path(__file__).parents[1]


def options(name: str) -> set[str]:
    command = cli.get_command(click.Context(cli), name)
    assert command is not None
    return {option for parameter in command.params for option in parameter.opts}


# GitLab -------------------------------------------------------------------------------------------

SPEC, JOBS = yaml.safe_load_all((ROOT / "templates/imgdiag.yml").read_text(encoding="utf-8"))
INPUTS: dict[str, Any] = SPEC["spec"]["inputs"]
JOB: dict[str, Any] = JOBS["$[[ inputs.job-name ]]"]


def test_gitlab_each_input_is_used() -> None:
    assert set(re.findall(r"\$\[\[ inputs\.([\w-]+) \]\]", str(JOBS))) == set(INPUTS)


def test_gitlab_no_input_is_put_into_a_shells_text() -> None:
    assert not [line for line in JOB["script"] if "$[[" in line]


@pytest.mark.parametrize("inputs", [{}, {"IMGDIAG_SIZE_LIMIT": "1MB", "IMGDIAG_DOCKERFILE": "D f"}])
def test_gitlab_the_script_is_what_imgdiag_takes(inputs: dict[str, str], tmp_path: Path) -> None:
    program = tmp_path / "imgdiag"
    program.write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    variables = {"IMGDIAG_FAIL_LEVEL": "never", "IMGDIAG_REFERENCE": "image.tar", **inputs}
    done = subprocess.run(
        ["sh", "-eu", "-c", JOB["script"][1]],
        env={"PATH": f"{tmp_path}:/usr/bin:/bin"} | dict.fromkeys(JOB["variables"], "") | variables,
        capture_output=True,
        text=True,
        check=True,
    )
    words = done.stdout.splitlines()
    assert words[:3] == ["analyze", "--fail-on", "never"]
    assert words[-2:] == ["--", "image.tar"]
    assert {word for word in words if word.startswith("-") and word != "--"} <= options("analyze")
    assert ("--max-size" in words) == ("--dockerfile" in words) == bool(inputs)
    assert not inputs or "D f" in words


def test_gitlab_shows_what_the_script_writes() -> None:
    words = shlex.split(JOB["script"][1].replace("\\\n", ""))
    written = dict(word.split("=", 1) for word in words if re.match(r"\w+=", word))
    assert set(written) <= set(reports.formats())
    assert JOB["artifacts"]["when"] == "always"
    assert JOB["artifacts"]["reports"] == {"junit": written["junit"]}
    assert JOB["artifacts"]["paths"] == [written["markdown"]]


# pre-commit ---------------------------------------------------------------------------------------

(HOOK,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("path", "read"),
    [
        ("Dockerfile", True),
        ("services/api/Dockerfile", True),
        ("docker/api.Dockerfile", True),
        ("Containerfile", True),
        (".dockerignore", True),
        ("pyproject.toml", True),
        ("requirements-dev.txt", True),
        ("services/api/uv.lock", True),
        ("poetry.lock", True),
        ("pylock.toml", True),
        ("pylock.dev.toml", True),
        ("imgdiag.toml", True),
        ("Cargo.lock", False),
        ("xpyproject.toml", False),
        ("main.py", False),
        ("docs/Dockerfile.md", False),
    ],
)
def test_the_hook_runs_when_what_it_reads_changes(path: str, read: bool) -> None:
    assert bool(re.search(HOOK["files"], path)) is read


def test_the_hook_is_a_command(run: Run, tmp_path: Path) -> None:
    words: list[str] = [*HOOK["entry"].split(), *HOOK["args"]]
    assert words.pop(0) == "imgdiag"
    (tmp_path / "Dockerfile").write_text(
        "FROM python:3.12-slim\nRUN pip install --no-cache-dir -r r.txt || true\n", encoding="utf-8"
    )
    result = run(*words, "--project", tmp_path)
    assert result.exit_code == 1
    assert "failure-masked" in result.stdout


@pytest.mark.skipif(shutil.which("pre-commit") is None, reason="pre-commit is not here")
def test_pre_commit_takes_the_manifest() -> None:
    subprocess.run(["pre-commit", "validate-manifest", ROOT / ".pre-commit-hooks.yaml"], check=True)


# The Dockerfile -----------------------------------------------------------------------------------


DOCKERFILE = ROOT / "docker" / "Dockerfile"


def test_our_own_dockerfile_has_nothing_to_mend(run: Run) -> None:
    result = run("check", "--project", ROOT, "--dockerfile", DOCKERFILE, "--fail-on", "note")
    assert result.stdout.splitlines()[1] == "nothing to mend: every check passed"
    assert result.exit_code == 0


def test_only_what_it_copies_is_sent() -> None:
    text = DOCKERFILE.read_text(encoding="utf-8")
    copied = {
        word
        for line in re.findall(r"^COPY (?!--from)(.*)$", text, re.MULTILINE)
        for word in line.split()[:-1]
    }
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert {line[1:] for line in lines if line.startswith("!")} == copied
    assert "*" in lines
    for path in copied:
        assert (ROOT / path).exists()


# The recipes --------------------------------------------------------------------------------------

RECIPES = (ROOT / "docs" / "recipes.md").read_text(encoding="utf-8")
ACTION: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```\n", RECIPES, re.DOTALL)


def steps(value: object) -> list[dict[str, Any]]:
    """Return the steps of every job in `value`."""
    if isinstance(value, dict):
        own = [each for each in value.get("steps", []) if isinstance(each, dict)]
        return own + [step for each in value.values() for step in steps(each)]
    return []


def test_recipes_are_yaml_and_use_what_there_is() -> None:
    loaded = [yaml.safe_load(block) for block in blocks("yaml")]
    used = [
        step["with"]
        for each in loaded
        for step in steps(each)
        if "/imgdiag@" in str(step.get("uses"))
    ]
    assert len(used) == 2
    for inputs in used:
        assert set(inputs) <= set(ACTION["inputs"])
    (component,) = [each["include"][0]["inputs"] for each in loaded if "include" in each]
    assert set(component) <= set(INPUTS)
    (hooks,) = [each["repos"][0]["hooks"] for each in loaded if "repos" in each]
    assert [each["id"] for each in hooks] == [HOOK["id"]]


def test_outputs_that_recipes_take_are_the_actions() -> None:
    assert set(re.findall(r"steps\.imgdiag\.outputs\.(\w+)", RECIPES)) <= set(ACTION["outputs"])


@pytest.mark.parametrize("block", [*blocks("sh"), *blocks("console")])
def test_recipes_for_a_shell_parse(block: str) -> None:
    script = re.sub(r"^\$ ", "", block, flags=re.MULTILINE)
    subprocess.run(["bash", "-n"], input=script, text=True, check=True)
