"""torch-source-ineffective: a source for torch that uv does not mind."""

from collections.abc import Iterator

from imgdiag.finding import Severity
from imgdiag.project.check import Check, ProjectExample, ProjectFinding
from imgdiag.project.checks._torch import CPU_SOURCE, cpu_fix
from imgdiag.project.project import Project


def _check(project: Project) -> Iterator[ProjectFinding]:
    settings = project.settings
    if settings is None or settings.tool != "uv":
        return
    for binding in project.torch.bindings:
        if settings.declares(binding.name):
            continue
        yield CHECK.finding(
            binding.path,
            binding.line,
            f"{binding.name} is bound to {binding.index}, but it is no dependency of the "
            "project's own: uv then minds no source, and locks the CUDA build of PyPI",
            cpu_fix(project, f"Make {binding.name} a dependency of the project itself"),
            severity=Severity.ERROR,
        )


CHECK = Check(
    name="torch-source-ineffective",
    title="A source for a torch that only another package asks for",
    why="uv minds `[tool.uv.sources]` for what the project itself declares (a dependency, a "
    "constraint or an override). For a torch that only sentence-transformers or the like brings "
    "in, it locks PyPI's CUDA build without a word (measured with uv 0.13.9).",
    fix="Add `torch` to `dependencies`, or to `constraint-dependencies`.",
    ignore_when="Never: the source does nothing as it is.",
    check=_check,
    examples=(
        ProjectExample(
            what="torch comes with another package",
            files={
                "pyproject.toml": '[project]\nname = "a"\ndependencies = ["sentence-transformers"]'
                f"\n{CPU_SOURCE}"
            },
            finds=("pyproject.toml:10",),
        ),
        ProjectExample(
            what="a constraint makes it count",
            files={
                "pyproject.toml": '[project]\nname = "a"\ndependencies = ["sentence-transformers"]'
                f'\n[tool.uv]\nconstraint-dependencies = ["torch"]\n{CPU_SOURCE}'
            },
        ),
    ),
)
