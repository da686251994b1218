"""torch-source-missing: torch from PyPI, which on Linux is the CUDA build."""

import re
from collections.abc import Iterator

from imgdiag.finding import Fix, Severity
from imgdiag.project.check import Check, ProjectExample, ProjectFinding, dockerfile_example
from imgdiag.project.checks._installed import (
    conda_files,
    conda_pip_entries,
    in_folder,
    requirements_files,
)
from imgdiag.project.checks._mends import in_dockerfile, with_words
from imgdiag.project.checks._tools import call
from imgdiag.project.checks._torch import CPU_SOURCE, cpu_fix, gpu_words, is_asked
from imgdiag.project.fix.cpu_torch import CPU_INDEX
from imgdiag.project.folder import read_file
from imgdiag.project.project import Project
from imgdiag.project.torch_plan import FAMILY


def _check(project: Project) -> Iterator[ProjectFinding]:
    plan = project.torch
    yield from _in_runs(project)
    yield from _in_conda_files(project)
    if not is_asked(project) or plan.bound("torch") or project.takes_cpu_index:
        return
    torch = [each for each in plan.locked if each.locked.package.name == "torch"]
    if any(each.variant == "cpu" for each in torch):
        return
    if plan.declared:
        path, line = plan.declared[0].path, plan.declared[0].line
    elif torch:
        path, line = torch[0].lock.path, torch[0].locked.package.line
    else:
        return
    evidence = gpu_words(project)
    brought = sorted({by for each in torch for by in each.locked.required_by} - {""})
    who = f", brought in by {', '.join(brought)}" if brought and not plan.declared else ""
    yield CHECK.finding(
        path,
        line,
        f"torch comes from PyPI{who}: on Linux that is the CUDA build, with gigabytes of "
        f"libraries that a CPU never loads{f'. {evidence}' if evidence else ''}",
        cpu_fix(project, "Take torch from PyTorch's CPU index"),
        severity=Severity.ERROR,
    )


def _in_runs(project: Project) -> Iterator[ProjectFinding]:
    """Find RUNs that install torch by name, and from PyPI."""
    if project.gpu_evidence or project.takes_cpu_index:
        return
    for placed in project.built:
        for ran in placed.ran:
            if call(ran.command) not in (("pip", "install"), ("uv", "pip install")):
                continue
            if ran.command.has("--index-url", "-i", "--extra-index-url", "--no-index"):
                continue
            count = 1 + ran.command.arguments.index("install")
            names = [re.split(r"[=<>!~\[ ;]", word)[0] for word in ran.command.arguments[count:]]
            if "torch" not in names:
                continue
            alone = set(names) <= set(FAMILY) and not requirements_files(ran)
            option = f"--{'' if alone else 'extra-'}index-url {CPU_INDEX}"
            mended = with_words(placed.instruction, ran, option)
            yield CHECK.at(
                project,
                ran.line,
                "torch comes from PyPI: on Linux that is the CUDA build, with gigabytes of "
                "libraries that a CPU never loads",
                in_dockerfile("Take torch from PyTorch's CPU index", mended),
                severity=Severity.ERROR,
                end_line=placed.instruction.end_line,
            )


def _in_conda_files(project: Project) -> Iterator[ProjectFinding]:
    """Find torch in the list that an environment file of conda has for pip."""
    if project.gpu_evidence or project.takes_cpu_index:
        return
    files = [
        in_folder(project, name)
        for placed in project.built
        for ran in placed.ran
        for name in conda_files(ran)
    ]
    for path in dict.fromkeys(filter(None, files)):
        text = (read_file(project.folder, path) or b"").decode("utf-8", "replace")
        entries = list(conda_pip_entries(text))
        if any("/whl/" in entry for _, entry in entries):  # an index was chosen
            continue
        of_torch = [
            (line, entry)
            for line, entry in entries
            if re.split(r"[=<>!~\[ ;@]", entry)[0].lower() in FAMILY
        ]
        for line, entry in of_torch:
            if not re.match(r"torch(?![\w-])", entry, re.IGNORECASE):
                continue
            yield CHECK.finding(
                str(project.folder / path),
                line,
                "torch comes from PyPI: on Linux that is the CUDA build, with gigabytes of "
                "libraries that a CPU never loads",
                Fix(
                    "Take torch from PyTorch's CPU index",
                    path,
                    "- pip:\n"
                    f"  - --extra-index-url {CPU_INDEX}\n"
                    + "\n".join(f"  - {_for_cpu(each)}" for _, each in of_torch),
                ),
                severity=Severity.ERROR,
            )


def _for_cpu(entry: str) -> str:
    """Return an entry with the CPU build's version where it has a plain pin."""
    return f"{entry}+cpu" if re.fullmatch(r"\w+\s*==\s*[\d.]+", entry) else entry


_UV = """\
[project]
name = "service"
dependencies = [
    "fastapi",
    "torch>=2.4",
]

[tool.uv]
"""

CHECK = Check(
    name="torch-source-missing",
    title="torch without a source for its CPU build",
    why="PyPI's torch for Linux is built for CUDA and requires 12 to 20 distributions of NVIDIA's: "
    "5 GB installed, where the CPU build takes 0.7 GB.",
    fix="For uv an index with `explicit = true` and torch bound to it in `[tool.uv.sources]`; for "
    'Poetry a source with `priority = "explicit"`; for pip `--extra-index-url` and `+cpu`.',
    ignore_when="The service runs on a GPU. That is told from CUDA indexes, a CUDA base image or "
    "packages that need one.",
    check=_check,
    examples=(
        ProjectExample(
            what="a project of uv that asks for torch and names no source",
            files={"pyproject.toml": _UV},
            finds=("pyproject.toml:5",),
        ),
        ProjectExample(
            what="pinned in requirements.txt",
            files={"requirements.txt": "fastapi\ntorch==2.4.1\n"},
            finds=("requirements.txt:2",),
        ),
        dockerfile_example(
            "named in a RUN",
            "FROM python:3.11-slim\nRUN pip install --no-cache-dir torch torchvision\n",
            2,
        ),
        ProjectExample(
            what="in the list for pip of conda's environment file",
            files={
                "Dockerfile": "FROM condaforge/miniforge3\nCOPY environment.yml .\n"
                "RUN mamba env create -f environment.yml && mamba clean -afy\n",
                "environment.yml": "dependencies:\n  - python=3.11\n  - pip:\n"
                "    - fastapi\n    - torch==2.4.1\n",
            },
            finds=("environment.yml:5",),
        ),
        ProjectExample(
            what="bound to PyTorch's CPU index",
            files={"pyproject.toml": _UV + CPU_SOURCE},
        ),
        ProjectExample(
            what="the index on pip's command line",
            files={
                "requirements.txt": "torch==2.4.1\n",
                "Dockerfile": "FROM python:3.11-slim\nCOPY requirements.txt .\nRUN pip install "
                "--index-url https://download.pytorch.org/whl/cpu -r requirements.txt\n",
            },
        ),
        ProjectExample(
            what="meant for a GPU",
            files={
                "requirements.txt": "torch==2.4.1\n",
                "Dockerfile": "FROM nvidia/cuda:12.4.1-runtime-ubuntu22.04\n"
                "RUN pip install -r requirements.txt\n",
            },
        ),
    ),
)
