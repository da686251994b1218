"""torchvision-index-mismatch: torch from the CPU index, its companions from PyPI."""

from collections.abc import Iterator

from imgdiag.project.check import Check, ProjectExample, ProjectFinding
from imgdiag.project.checks._torch import CPU_SOURCE, cpu_fix
from imgdiag.project.project import Project
from imgdiag.project.torch_plan import FAMILY


def _check(project: Project) -> Iterator[ProjectFinding]:
    plan, settings = project.torch, project.settings
    if settings is None or not plan.bindings:
        return
    wanted = [name for name in FAMILY if settings.declares(name) or plan.locks(name)]
    missing = [name for name in wanted if not plan.bound(name)]
    if not missing or missing == ["torch"]:
        return  # torch alone is what other checks are about
    declared = [each for name in missing for each in settings.declares(name)]
    found = declared[0] if declared else plan.bindings[0]
    yield CHECK.finding(
        found.path,
        found.line,
        f"{' and '.join(missing)} come from PyPI, and torch from {plan.bindings[0].index}: they "
        "are built against another torch, and fail when they are imported",
        cpu_fix(project, "Bind them to the same index"),
    )


_TEXT = f"""\
[project]
name = "service"
dependencies = [
    "torch",
    "torchvision",
]

{CPU_SOURCE}"""

CHECK = Check(
    name="torchvision-index-mismatch",
    title="torchvision or torchaudio from another index than torch",
    why="They are compiled against one build of torch. PyPI's, beside a CPU torch, want CUDA: "
    "`operator torchvision::nms does not exist` is what one then reads.",
    fix="Bind torch, torchvision and torchaudio to the same index.",
    ignore_when="Never, as far as we know.",
    check=_check,
    examples=(
        ProjectExample(
            what="torch is bound, torchvision is not",
            files={"pyproject.toml": _TEXT},
            finds=("pyproject.toml:5",),
        ),
        ProjectExample(
            what="both are",
            files={"pyproject.toml": _TEXT + 'torchvision = [{ index = "pytorch-cpu" }]\n'},
        ),
    ),
)
