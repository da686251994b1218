"""What the checks of torch's source share."""

from __future__ import annotations

from imgdiag.finding import Fix
from imgdiag.project.checks._mends import in_dockerfile, with_words
from imgdiag.project.fix.cpu_torch import CPU_INDEX, NAME, cpu_torch_patch, torch_by_option
from imgdiag.project.fix.patch import Patch
from imgdiag.project.project import Project
from imgdiag.units import format_bytes

# What a project of uv says to get torch's CPU build; the examples of several checks have it too.
CPU_SOURCE = f"""\
[[tool.uv.index]]
name = "{NAME}"
url = "{CPU_INDEX}"
explicit = true

[tool.uv.sources]
torch = [{{ index = "{NAME}" }}]
"""


_INDEX_LINE = f"--extra-index-url {CPU_INDEX}"


def is_asked(project: Project) -> bool:
    """Tell whether torch is wanted, and nothing says that it is meant for a GPU."""
    return project.torch.wants_torch and not project.gpu_evidence


def cpu_fix(project: Project, summary: str) -> Fix:
    """Return the mend that brings the CPU build, made from the files in hand where that can be."""
    if run := torch_by_option(project):
        return in_dockerfile(summary, with_words(run.placed.instruction, run.ran, run.option))
    patches = [each for each in cpu_torch_patch(project, project.torch) if isinstance(each, Patch)]
    pins = [each.locked.package.version for each in project.torch.locked]
    if not patches and project.settings is None and pins and not any(pins):
        # Of two builds of one version pip takes the one with a local part: +cpu.
        return Fix(f"{summary}, named in a line above it", "requirements.txt", _INDEX_LINE)
    if not patches and project.settings is None:
        return Fix(
            summary,
            "requirements.txt",
            f"{_INDEX_LINE}\ntorch==<version>+cpu",
        )
    if not patches:
        return Fix(summary, "pyproject.toml", CPU_SOURCE.rstrip())
    patch = patches[0]
    added = [line[1:] for line in patch.diff().splitlines()[2:] if line.startswith("+")]
    then = "".join(f"\n# then: {step}" for step in patch.next_steps)
    return Fix(summary, patch.path, "\n".join(added).strip("\n") + then)


def gpu_words(project: Project) -> str:
    """Return what of the lock is of use on a GPU alone, "" when nothing is."""
    if not project.torch.gpu:
        return ""
    lock, found = project.torch.gpu[0]
    sizes = [each.size for each in found]
    known = sum(size for size in sizes if size is not None)
    what = f" of {format_bytes(known)} as wheels, more when installed" if known else ""
    names = ", ".join(each.package.name for each in found[:3]) + (" …" if len(found) > 3 else "")
    return f"{lock.path} has {len(found)} GPU packages{what}: {names}"
