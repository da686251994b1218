from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from imgdiag.project.checks import all_checks
from imgdiag.project.fix.cpu_torch import MENDS
from tests.cli.conftest import Run
from tests.project.test_checklist import GOOD

FILES = {
    "pyproject.toml": '[project]\nname = "service"\ndependencies = ["torch"]\n[tool.uv]\n',
    "Dockerfile": "FROM python:3.11-slim\nWORKDIR /app\nCOPY . .\nRUN pip install flask\n",
    "node_modules/a.js": "x",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def test_the_patch_is_printed_and_applies(run: Run, folder: Path) -> None:
    result = run("fix", "--project", folder)
    assert result.exit_code == 0
    assert {name: (folder / name).read_text() for name in FILES} == FILES
    assert "would change Dockerfile: pip's cache is mounted" in result.stderr
    assert "then run: uv lock" in result.stderr
    assert "would change .dockerignore: node_modules stays out of the build\n" in result.stderr
    subprocess.run(
        ["git", "apply", "-"], input=result.stdout, text=True, check=True, cwd=folder,
        env={"GIT_CEILING_DIRECTORIES": str(folder.parent)},
    )  # fmt: skip
    applied = {path.name: path.read_text() for path in folder.iterdir() if path.is_file()}
    assert applied[".dockerignore"] == "node_modules\n"
    assert 'torch = [{ index = "pytorch-cpu" }]' in applied["pyproject.toml"]
    assert "--mount=type=cache,target=/root/.cache/pip" in applied["Dockerfile"]
    assert run("fix", "--project", folder).stdout == ""


def test_write_does_the_same(run: Run, folder: Path) -> None:
    (folder / "Dockerfile").chmod(0o600)
    result = run("fix", "--project", folder, "--write")
    assert (result.exit_code, result.stdout) == (0, "")
    assert "changed Dockerfile: pip's cache is mounted" in result.stderr
    assert (folder / ".dockerignore").read_text() == "node_modules\n"
    assert (folder / "Dockerfile").stat().st_mode & 0o777 == 0o600
    assert sorted(path.name for path in folder.iterdir()) == [
        ".dockerignore", "Dockerfile", "node_modules", "pyproject.toml",
    ]  # fmt: skip
    assert "pip's cache" not in run("fix", "--project", folder).stderr


def test_nothing_to_change(run: Run, tmp_path: Path) -> None:
    for name, text in GOOD.items():
        (tmp_path / name).write_text(text)
    result = run("fix", "--project", tmp_path)
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "nothing to change\n")


def test_torch_for_a_gpu_is_left_alone(run: Run, tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("torch==2.4.1\n")
    (tmp_path / "Dockerfile").write_text("FROM nvidia/cuda:12.4.1-base-ubuntu22.04\n")
    result = run("fix", "--project", tmp_path)
    assert result.stdout == ""
    assert "left alone torch: it is meant for a GPU (FROM nvidia/cuda" in result.stderr


def test_git_that_the_version_is_read_from_stays(run: Run, tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "HEAD").write_text("x")
    (tmp_path / "Dockerfile").write_text("FROM python:3.11-slim\nCOPY . .\n")
    (tmp_path / "pyproject.toml").write_text('[build-system]\nrequires = ["setuptools_scm"]\n')
    result = run("fix", "--project", tmp_path)
    assert result.stdout == ""
    assert "left alone .dockerignore: .git: the project's version is read from it" in result.stderr


def test_a_patch_for_a_folder_below_applies_here(
    run: Run, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    # 'git apply' would else look for a Dockerfile here, and this one is the same.
    above = tmp_path_factory.mktemp("repository")
    for name, text in FILES.items():
        for place in (above, above / "services" / "api"):
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            (place / name).write_text(text)
    monkeypatch.chdir(above)
    patch = run("fix", "--project", "services/api").stdout
    subprocess.run(
        ["git", "apply", "-"], input=patch, text=True, check=True,
        env={"GIT_CEILING_DIRECTORIES": str(above.parent)},
    )  # fmt: skip
    assert {name: (above / name).read_text() for name in FILES} == FILES
    assert "--mount=type=cache" in (above / "services/api/Dockerfile").read_text()
    assert run("fix", "--project", "services/api").stdout == ""


@pytest.mark.parametrize("write", [(), ("--write",)])
def test_an_ignore_file_that_leads_out_of_the_project(
    run: Run, tmp_path: Path, write: tuple[str, ...]
) -> None:
    outside, project = tmp_path / "outside", tmp_path / "project"
    outside.write_text("a secret\n")
    (project / "node_modules").mkdir(parents=True)
    (project / "node_modules" / "a.js").write_text("x")
    (project / "Dockerfile").write_text("FROM node:22\nCOPY . .\n")
    (project / ".dockerignore").symlink_to("../outside")
    result = run("fix", "--project", project, *write)
    assert result.exit_code == 3
    assert "secret" not in result.output
    assert f"'{project}/.dockerignore' leads out of its folder" in result.stderr
    assert outside.read_text() == "a secret\n"


@pytest.mark.parametrize("name", ["Dockerfile", "Containerfile"])
def test_a_dockerfile_that_leads_out_of_the_project(
    run: Run, archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    project = tmp_path / "project"
    project.mkdir()
    (project / name).symlink_to("/proc/self/environ")  # a secret for whoever opens a pull request
    monkeypatch.setenv("A_TOKEN", "secret")
    for command in (("check", "--project", project), ("fix", "--project", project)):
        result = run(*command)
        assert (result.exit_code, result.stdout) == (3, "")
        assert result.stderr == (
            f"imgdiag: '{project / name}' leads out of its folder. Put the file itself there\n"
        )
    monkeypatch.chdir(project)
    result = run("analyze", archive)
    assert result.exit_code == 0
    assert "not used: 'Dockerfile' leads out" in result.stdout.replace(
        "Containerfile", "Dockerfile"
    )


# Waivers


WAIVERS = """\
[[waivers]]
rule = "pip-keeps-cache"
path = "Dockerfile"
reason = "The builder has no BuildKit."
expires = 2999-01-01

[[waivers]]
rule = "torch-source-missing"
reason = "Half of the machines have a GPU."
expires = 2999-01-01

[[waivers]]
rule = "context-junk"
reason = "For a demonstration."
expires = 2999-01-01
"""


def test_what_a_waiver_accepts_is_left_alone(run: Run, folder: Path) -> None:
    (folder / "imgdiag.toml").write_text(WAIVERS)
    options = ("--project", folder, "--config", folder / "imgdiag.toml")
    result = run("fix", *options)
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr == (
        "left alone Dockerfile: context-junk, 'COPY . .' takes 1 B that an image rarely needs: "
        "node_modul…: waived until 2999-01-01: For a demonstration.\n"
        "left alone Dockerfile: pip-keeps-cache, pip keeps what it downloads in /root/.cache/pip, "
        "in this la…: waived until 2999-01-01: The builder has no BuildKit.\n"
        "left alone pyproject.toml: torch-source-missing, torch comes from PyPI: on Linux that is "
        "the CUDA build, wit…: waived until 2999-01-01: Half of the machines have a GPU.\n"
    )
    assert "would change" in run("fix", *options[:2], "--no-config").stderr


def test_a_waiver_for_one_file_is_for_no_other(run: Run, folder: Path) -> None:
    (folder / "imgdiag.toml").write_text(WAIVERS.replace('"Dockerfile"', '"other/Dockerfile"'))
    result = run("fix", "--project", folder, "--config", folder / "imgdiag.toml")
    assert "would change Dockerfile: pip's cache is mounted" in result.stderr
    assert "pyproject.toml" not in result.stdout


def test_torch_is_mended_when_one_of_its_findings_is_not_waived(run: Run, folder: Path) -> None:
    text = WAIVERS.replace("torch-source-missing", "torch-index-not-explicit")
    (folder / "imgdiag.toml").write_text(text)
    result = run("fix", "--project", folder, "--config", folder / "imgdiag.toml")
    assert 'torch = [{ index = "pytorch-cpu" }]' in result.stdout


def test_the_mends_of_torch_are_those_of_checks() -> None:
    assert {check.name for check in all_checks()} >= MENDS
