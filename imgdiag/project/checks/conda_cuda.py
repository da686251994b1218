"""conda-cuda: CUDA that conda is told to install, in an image that nothing says is for a GPU."""

import re
from collections.abc import Iterator
from itertools import pairwise

from imgdiag.finding import Fix
from imgdiag.project.check import Check, ProjectExample, ProjectFinding, dockerfile_example
from imgdiag.project.checks._installed import conda_entries, conda_files, in_folder
from imgdiag.project.checks._mends import in_dockerfile, is_plain, rewritten, without_words
from imgdiag.project.checks._tools import CONDA, call
from imgdiag.project.folder import read_file
from imgdiag.project.project import Project
from imgdiag.project.runs import Placed, Ran

_CUDA = re.compile(
    r"(pytorch-cuda|cudatoolkit(-dev)?|cuda(-[a-z][\w-]*)?|cudnn|nccl|(pytorch|tensorflow)-gpu)"
    r"(?![\w-])|(pytorch|tensorflow|jaxlib|faiss|xgboost)[=<>\d.*]*=[\w.]*cuda"
)


def _check(project: Project) -> Iterator[ProjectFinding]:
    if project.gpu_evidence:
        return
    for placed in project.built:
        for ran in placed.ran:
            tool, sub = call(ran.command)
            if tool not in CONDA or sub not in ("install", "create", "update", "env"):
                continue
            words = ran.command.arguments
            if found := [word for word in words if _CUDA.match(word.rpartition("::")[2])]:
                yield CHECK.at(
                    project,
                    ran.line,
                    _message(found),
                    _without(placed, ran, found),
                    end_line=placed.instruction.end_line,
                )
            for name in conda_files(ran):
                yield from _of_file(project, name)


def _message(found: list[str]) -> str:
    return (
        f"{', '.join(found)}: CUDA, which takes gigabytes and is of use on a GPU alone; nothing "
        "else says that the image is for one"
    )


def _without(placed: Placed, ran: Ran, found: list[str]) -> Fix:
    words = ran.command.words
    channels = [after for word, after in pairwise(words) if word in ("-c", "--channel")]
    packages = set(ran.command.arguments) - {*channels}
    cpu = [_for_cpu(channels)] if any("torch" in word for word in packages) else []
    what = "Install the builds for a CPU"
    others = packages - {*found, call(ran.command)[1], "create"}
    if not is_plain(placed.instruction) or not (others or cpu):
        return in_dockerfile(what, f"# line {ran.line} without {', '.join(found)}")
    return in_dockerfile(what, rewritten(without_words(placed.instruction, ran, found, cpu)))


def _for_cpu(channels: list[str]) -> str:
    """Return what asks for pytorch's CPU build, as each of the channels has it."""
    return "cpuonly" if "pytorch" in channels else "pytorch-cpu"


def _of_file(project: Project, name: str) -> Iterator[ProjectFinding]:
    """Find CUDA in an environment file, whose lists are one entry a line."""
    path = in_folder(project, name)
    data = read_file(project.folder, path) if path else None
    if data is None:
        return
    entries = list(conda_entries(data.decode("utf-8", "replace")))
    found = [(line, entry) for _, line, entry in entries if _CUDA.match(entry)]
    if not found:
        return
    channels = [entry for key, _, entry in entries if key == "channels"]
    torch = any(re.match(r"pytorch(-gpu)?($|[=<>~ !])", entry) for _, _, entry in entries)
    yield CHECK.finding(
        str(project.folder / path),
        found[0][0],
        _message([entry for _, entry in found]),
        Fix(
            "Ask for the builds for a CPU",
            path,
            f"# in place of {', '.join(entry for _, entry in found)}\n"
            + (f"  - {_for_cpu(channels)}" if torch else "# nothing"),
        ),
    )


_ENVIRONMENT = """\
name: service
channels:
  - {channel}
dependencies:
  - python=3.11
  - pytorch=2.4
{more}"""
_DOCKERFILE = (
    "FROM condaforge/miniforge3\nCOPY environment.yml .\n"
    "RUN mamba env create -f environment.yml && mamba clean -afy\n"
)
CHECK = Check(
    name="conda-cuda",
    title="CUDA that conda installs",
    why="`pytorch-cuda`, `cudatoolkit` and their like were copied from an installation page, and "
    "bring NVIDIA's libraries into an image that runs on CPUs.",
    fix="Leave them out; `cpuonly` with the channel pytorch, `pytorch-cpu` with conda-forge.",
    ignore_when="The service runs on a GPU.",
    check=_check,
    examples=(
        ProjectExample(
            what="in an environment file",
            files={
                "Dockerfile": _DOCKERFILE,
                "environment.yml": _ENVIRONMENT.format(
                    channel="pytorch", more="  - pytorch-cuda=12.1\n"
                ),
            },
            finds=("environment.yml:7",),
        ),
        dockerfile_example(
            "on the command line",
            "FROM continuumio/miniconda3\n"
            "RUN conda install -y -c pytorch -c nvidia pytorch pytorch-cuda=12.1 && "
            "conda clean -afy\n",
            2,
        ),
        ProjectExample(
            what="for a CPU, and on a base for a GPU",
            files={
                "Dockerfile": _DOCKERFILE,
                "environment.yml": _ENVIRONMENT.format(channel="conda-forge", more=""),
            },
        ),
        dockerfile_example(
            "on a base for a GPU",
            "FROM nvidia/cuda:12.4.1-base-ubuntu22.04\n"
            "RUN conda install -y pytorch-cuda=12.1 && conda clean -afy\n",
        ),
    ),
)
