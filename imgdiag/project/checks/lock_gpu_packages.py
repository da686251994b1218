"""lock-gpu-packages: packages for a GPU that something else than torch brings in."""

from collections.abc import Iterator

from imgdiag.finding import Fix
from imgdiag.project.check import Check, ProjectExample, ProjectFinding
from imgdiag.project.locks import Lock, Locked
from imgdiag.project.project import Project
from imgdiag.project.torch_plan import FAMILY
from imgdiag.python.gpu import FAMILIES, is_gpu_only
from imgdiag.units import format_bytes


def _check(project: Project) -> Iterator[ProjectFinding]:
    if project.gpu_evidence:
        return
    for lock, found in project.torch.gpu:
        by_cause: dict[str, list[Locked]] = {}
        for each in found:
            for cause in each.required_by:
                if cause not in FAMILY and not is_gpu_only(cause):
                    by_cause.setdefault(cause or each.package.name, []).append(each)
        if lock.tool in ("uv", "poetry"):  # others do not say what requires what
            for cause, packages in sorted(by_cause.items()):
                yield _finding(lock, cause, packages)


def _finding(lock: Lock, cause: str, packages: list[Locked]) -> ProjectFinding:
    names = ", ".join(each.package.name for each in packages)
    known = sum(each.size or 0 for each in packages)
    size = f", {format_bytes(known)} as wheels" if known else ""
    family = next((each for each in FAMILIES if each.members.fullmatch(cause)), None)
    itself = [each.package.name for each in packages] == [cause]
    sibling = family.sibling.name if family and family.sibling else ""
    return CHECK.finding(
        lock.path,
        packages[0].package.line,
        f"{names}{size}: of use on a GPU alone"
        + ("" if itself else f", and brought in by {cause}"),
        Fix(
            f"Take {sibling}, which does the same on a CPU" if sibling else "Do without",
            "pyproject.toml",
            f"# in place of {cause}\n{sibling}"
            if sibling
            else "[tool.uv]\noverride-dependencies = [\n"
            + "".join(
                f"    \"{each.package.name} ; sys_platform == 'never'\",\n" for each in packages
            )
            + "]",
        ),
    )


_LOCK = """\
version = 1
requires-python = ">=3.11"

[[package]]
name = "service"
version = "0"
source = {{ virtual = "." }}
dependencies = [{{ name = "{name}" }}]

[[package]]
name = "{name}"
version = "3"
source = {{ registry = "https://pypi.org/simple" }}
dependencies = [{requires}]

[[package]]
name = "nvidia-nccl-cu12"
version = "2"
source = {{ registry = "https://pypi.org/simple" }}
wheels = [{{ url = "https://x/nvidia_nccl_cu12-2-py3-none-manylinux_2_18_x86_64.whl", size = 300 }}]
"""

CHECK = Check(
    name="lock-gpu-packages",
    title="Packages for a GPU in the lock file, and not for torch",
    why="xgboost requires NCCL on Linux (a third of a gigabyte), and other libraries have a build "
    "for CUDA under their plain name. torch's own are another check's business.",
    fix="Take the build for CPUs (xgboost-cpu, tensorflow-cpu, onnxruntime, faiss-cpu), or leave "
    "the library out with an override.",
    ignore_when="The service runs on a GPU.",
    check=_check,
    examples=(
        ProjectExample(
            what="xgboost with NCCL",
            files={
                "uv.lock": _LOCK.format(name="xgboost", requires='{ name = "nvidia-nccl-cu12" }')
            },
            finds=("uv.lock:16",),
        ),
        ProjectExample(
            what="xgboost-cpu",
            files={"uv.lock": _LOCK.format(name="xgboost-cpu", requires="")},
        ),
    ),
)
