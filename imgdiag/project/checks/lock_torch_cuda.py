"""lock-torch-cuda: a lock file that still has the CUDA build."""

from collections.abc import Iterator

from imgdiag.finding import Fix, Severity
from imgdiag.project.check import Check, ProjectExample, ProjectFinding
from imgdiag.project.checks._torch import CPU_SOURCE, gpu_words, is_asked
from imgdiag.project.locks.lock import RELOCK
from imgdiag.project.project import Project


def _check(project: Project) -> Iterator[ProjectFinding]:
    plan = project.torch
    # Without a source it would be locked so again: torch-source-missing is about that.
    if not is_asked(project) or not plan.bound("torch"):
        return
    for torch in plan.locked:
        if torch.locked.package.name == "torch" and torch.variant == "cuda":
            yield CHECK.finding(
                torch.lock.path,
                torch.locked.package.line,
                f"torch {torch.locked.package.version} is locked as the CUDA build "
                f"({torch.evidence}), though the project takes it from the CPU index. "
                f"{gpu_words(project)}".rstrip(". "),
                Fix("Lock anew", torch.lock.path, _LOCKS.get(torch.lock.tool, "uv lock")),
                severity=Severity.ERROR,
            )


_LOCKS = {
    **RELOCK,
    "pylock": "uv export --format pylock.toml --output-file pylock.toml",
    "requirements": "uv export --output-file requirements.txt",
}
_PROJECT = f"""\
[project]
name = "service"
dependencies = ["torch"]

{CPU_SOURCE}"""
_LOCK = """\
version = 1
requires-python = ">=3.11"

[[package]]
name = "service"
version = "0"
source = {{ virtual = "." }}
dependencies = [{{ name = "torch" }}]

[[package]]
name = "torch"
version = "{version}"
source = {{ registry = "{index}" }}
"""

CHECK = Check(
    name="lock-torch-cuda",
    title="A lock file that has torch's CUDA build",
    why="The image gets what the lock file says, whatever pyproject.toml says since. A plain "
    "version from PyPI, a local version such as `+cu121`, or NVIDIA's packages beside it tell.",
    fix="Lock anew, and commit the lock file.",
    ignore_when="The service runs on a GPU.",
    check=_check,
    examples=(
        ProjectExample(
            what="bound to the CPU index, and not locked since",
            files={
                "pyproject.toml": _PROJECT,
                "uv.lock": _LOCK.format(version="2.4.1", index="https://pypi.org/simple"),
            },
            finds=("uv.lock:10",),
        ),
        ProjectExample(
            what="locked from the CPU index",
            files={
                "pyproject.toml": _PROJECT,
                "uv.lock": _LOCK.format(
                    version="2.4.1+cpu", index="https://download.pytorch.org/whl/cpu"
                ),
            },
        ),
    ),
)
