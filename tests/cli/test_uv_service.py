"""The project of fixtures/uv-service: what imgdiag says of it, and the patch kept beside it."""

from __future__ import annotations

import shutil
from pathlib import Path

from imgdiag.project.checklist import Status, checklist
from imgdiag.project.choice import find_dockerfile
from imgdiag.project.dockerfile import read_dockerfile
from imgdiag.project.project import Project
from tests.cli.conftest import Run

FIXTURE = Path(__file__).parents[2] / "fixtures" / "uv-service"
MODEL_BYTES = 90_000_000


def test_the_patch_that_is_kept_is_the_one_that_is_made(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "service"
    shutil.copytree(FIXTURE / "before", folder)
    (folder / "models").mkdir()
    with (folder / "models" / "model.safetensors").open("wb") as file:
        file.truncate(MODEL_BYTES)
    assert run("fix", "--project", folder, "--write").exit_code == 0
    for name in ("Dockerfile", "pyproject.toml"):
        assert (folder / name).read_text() == (FIXTURE / "after" / name).read_text()


def test_the_checklist_of_both() -> None:
    before, after = (_verdicts(FIXTURE / name) for name in ("before", "after"))
    assert [name for name, status in before.items() if status is Status.FAILED] == [
        "torch is the project's own dependency",
        "a CPU index is configured, and explicit",
        "torch is bound to it, its companions too",
        "the lock file has torch's CPU build",
        "no GPU package is locked",
        "the image is installed without developers' packages",
        "clean-up happens where files are made, before COPY",
    ]
    assert [name for name, status in after.items() if status is Status.FAILED] == []


def _verdicts(folder: Path) -> dict[str, Status]:
    path = find_dockerfile(folder)
    assert path is not None
    items = checklist(Project(folder=folder, dockerfile=read_dockerfile(path)))
    return {item.name: item.status for item in items}
