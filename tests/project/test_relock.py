"""What is run after the source of torch has changed: check and fix say the same."""

from __future__ import annotations

from pathlib import Path

from imgdiag.project.checks import lock_torch_cuda
from imgdiag.project.fix.cpu_torch import cpu_torch_patch
from imgdiag.project.fix.patch import Patch
from imgdiag.project.project import Project
from tests.project.test_checks import project_of


def test_check_and_fix_name_one_command(tmp_path: Path) -> None:
    example = lock_torch_cuda.CHECK.examples[0]
    project = project_of(example, tmp_path / "bound")
    [finding] = lock_torch_cuda.CHECK.run(project)
    text = str(example.files["pyproject.toml"])
    (tmp_path / "unbound").mkdir()
    (tmp_path / "unbound/pyproject.toml").write_text(text[: text.index("[[tool")] + "[tool.uv]\n")
    unbound = Project(folder=tmp_path / "unbound")
    [patch] = cpu_torch_patch(unbound, unbound.torch)
    assert isinstance(patch, Patch)
    assert (finding.fix.snippet,) == patch.next_steps == ("uv lock",)
