"""What is easily mistyped gets an answer that says what to type."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Run


@pytest.mark.parametrize(
    "command", [["analyze"], ["analyze", "--quick"], ["du", "--live"], ["verify-torch"]]
)
def test_a_folder_that_holds_no_image(tmp_path: Path, command: list[str]) -> None:
    (tmp_path / "service").mkdir()
    # In a process of its own: the engine's client leaves a socket open when nobody answers.
    result = subprocess.run(
        [sys.executable, "-m", "imgdiag", *command, "service"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={"DOCKER_HOST": "unix:///nonexistent/docker.sock", "HOME": str(tmp_path)}
        | {"PYTHONPATH": str(Path(__file__).parents[2])},
        check=False,
    )
    assert (result.returncode, result.stdout) == (3, "")
    assert result.stderr == (
        "imgdiag: 'service' is a folder without an image: it has neither the index.json of an OCI "
        "layout nor the manifest.json of docker save, and no engine has an image of that name. "
        "Give a saved image, an OCI layout or a tag; a project's folder goes to --project of "
        "'imgdiag check', 'fix' and 'verify'\n"
    )


def test_why_with_its_arguments_swapped(run: Run, archive: Path) -> None:
    result = run("why", archive, "numpy")
    assert result.exit_code == 2
    message = (
        f"{str(archive)!r} is a file, and the package comes first: imgdiag why numpy {archive}"
    )
    assert message in " ".join(result.stderr.split())


@pytest.mark.parametrize("command", ["check", "fix"])
def test_a_projects_folder_as_an_argument(run: Run, tmp_path: Path, command: str) -> None:
    result = run(command, tmp_path)
    assert result.exit_code == 2
    assert f"Got unexpected extra argument ({tmp_path}). Name" in result.stderr
    assert f"{command} --project {tmp_path}'" in result.stderr


@pytest.mark.parametrize("arguments", [["analyze", "a.tar"], ["compare", "a.tar", "b.tar"]])
def test_gpu_and_cpu_at_once(run: Run, arguments: list[str]) -> None:
    result = run(*arguments, "--gpu", "--cpu")
    assert result.exit_code == 2
    assert "--gpu and --cpu exclude each other" in result.stderr
