"""torch-index-not-explicit: PyTorch's index for everything, not for torch alone."""

from collections.abc import Iterator

from imgdiag.project.check import Check, ProjectExample, ProjectFinding
from imgdiag.project.checks._torch import cpu_fix
from imgdiag.project.project import Project


def _check(project: Project) -> Iterator[ProjectFinding]:
    settings = project.settings
    if settings is None:
        return
    for index in project.torch.cpu_indexes:
        if not index.explicit:
            yield CHECK.finding(
                index.path,
                index.line,
                f"the index {index.name or index.url} is not explicit, so other packages are "
                "looked for there first, and taken in what versions it happens to have",
                cpu_fix(project, "Let it serve what is bound to it alone"),
            )


_TEXT = """\
[project]
name = "service"
dependencies = ["torch"]

[[tool.uv.index]]
name = "pytorch-cpu"
url = "https://download.pytorch.org/whl/cpu"
{explicit}
[tool.uv.sources]
torch = [{{ index = "pytorch-cpu" }}]
"""

CHECK = Check(
    name="torch-index-not-explicit",
    title="An index for torch that serves everything",
    why="uv takes a package from the first index that has it. PyTorch's has numpy, pillow, "
    "jinja2 and more, in few versions: without `explicit = true` they come from there.",
    fix='`explicit = true` for uv, `priority = "explicit"` for Poetry.',
    ignore_when="The index is a mirror of everything.",
    check=_check,
    examples=(
        ProjectExample(
            what="an index without it",
            files={"pyproject.toml": _TEXT.format(explicit="")},
            finds=("pyproject.toml:5",),
        ),
        ProjectExample(
            what="an explicit index",
            files={"pyproject.toml": _TEXT.format(explicit="explicit = true")},
        ),
    ),
)
