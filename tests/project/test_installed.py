"""What the Dockerfile installs by name, and the mends of what should not be there."""

from __future__ import annotations

from pathlib import Path

import pytest

from imgdiag.project.check import ProjectFinding
from imgdiag.project.checks import (
    conda_cuda,
    copy_before_install,
    developers_tools,
    opencv_with_windows,
    torch_source_missing,
)
from imgdiag.project.checks._installed import named
from imgdiag.project.dockerfile import parse_dockerfile
from imgdiag.project.project import Project

PIP = "FROM python:3.11-slim\nCOPY requirements /app/requirements\n"


def project(folder: Path, dockerfile: str, **files: str) -> Project:
    for name, text in files.items():
        path = folder / name.replace("__", "/").replace("_txt", ".txt").replace("_yml", ".yml")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return Project(folder=folder, dockerfile=parse_dockerfile(dockerfile, "Dockerfile"))


@pytest.mark.parametrize(
    "command",
    [
        "pip install -r /app/requirements.txt",
        "python -m pip install -rrequirements.txt",
        "uv pip install --system --requirement=requirements.txt",
        "uv pip sync requirements.txt",
    ],
)
def test_a_requirements_file(tmp_path: Path, command: str) -> None:
    made = project(tmp_path, f"FROM a\nRUN {command}\n", requirements_txt="# x\nFlask==3\n")
    assert [(each.name, each.text, each.line, each.by) for each in named(made)] == [
        ("flask", "Flask==3", 2, 2)
    ]


def test_tools_that_the_image_runs_and_compiled_files_are_left_alone(tmp_path: Path) -> None:
    text = "FROM a\nRUN pip install -r requirements.txt\nRUN mypy src\nCMD jupyter lab\n"
    made = project(tmp_path, text, requirements_txt="mypy\njupyterlab\nipykernel\nblack\n")
    [finding] = developers_tools.CHECK.run(made)
    assert finding.message.startswith("black: for developers, and line 2 ")
    assert finding.fix.snippet == "-r requirements.txt\nblack"
    made = project(tmp_path, text, requirements_txt="black==1\n    # via something\n")
    assert list(developers_tools.CHECK.run(made)) == []


def test_the_file_for_developers_is_left_out_of_the_run(tmp_path: Path) -> None:
    text = f"{PIP}RUN pip install -r requirements/base.txt -r requirements/dev.txt && true\n"
    [finding] = developers_tools.CHECK.run(project(tmp_path, text))
    assert finding.fix.snippet == "RUN pip install -r requirements/base.txt && true"


def test_opencv_without_windows(tmp_path: Path) -> None:
    made = project(
        tmp_path, "FROM a\nRUN pip install -r requirements.txt\n",
        requirements_txt="opencv-contrib-python>=4.9,<5\n",
    )  # fmt: skip
    [finding] = opencv_with_windows.CHECK.run(made)
    assert finding.fix.snippet.endswith("\nopencv-contrib-python-headless>=4.9,<5")


def conda(folder: Path, text: str, **files: str) -> list[ProjectFinding]:
    return list(conda_cuda.CHECK.run(project(folder, text, **files)))


def test_cuda_of_conda(tmp_path: Path) -> None:
    text = (
        "FROM continuumio/miniconda3\n"
        "RUN apt-get update && conda install -y -c pytorch pytorch pytorch::pytorch-cuda=12.1 \\\n"
        "    cudatoolkit && conda clean -afy\n"
    )
    [finding] = conda(tmp_path, text)
    assert finding.fix.snippet == (
        "RUN apt-get update && conda install -y -c pytorch pytorch \\\n"
        "    cpuonly && conda clean -afy"
    )
    [finding] = conda(tmp_path, "FROM a\nRUN conda install -y -c pytorch numpy cudnn\n")
    assert finding.fix.snippet == "RUN conda install -y -c pytorch numpy"
    environment = "channels:\n  - conda-forge\ndependencies:\n  - pytorch\n  - cuda-version=12.4\n"
    text = "FROM mambaorg/micromamba\nRUN micromamba create -f env.yml\n"
    [finding] = conda(tmp_path, text, env_yml=environment)
    assert (finding.line, finding.fix.snippet) == (
        5,
        "# in place of cuda-version=12.4\n  - pytorch-cpu",
    )


@pytest.mark.parametrize("given", ["--locked", "--frozen", ""])
def test_a_workspace_s_members_are_not_there_yet(tmp_path: Path, given: str) -> None:
    text = f"FROM a\nCOPY . .\nRUN uv sync --package api {given}\n"
    root = '[project]\nname = "root"\n[tool.uv.workspace]\nmembers = ["packages/*"]\n'
    [finding] = copy_before_install.CHECK.run(project(tmp_path, text, **{"pyproject.toml": root}))
    first, then = ("", " --frozen") if given else (" --frozen", " ")
    assert finding.fix.snippet.splitlines()[1] == (
        f"RUN uv sync --no-install-workspace{first} --package api{then}".rstrip()
    )


def test_dependencies_before_the_sources(tmp_path: Path) -> None:
    text = "FROM a\nCOPY --chown=7 . /src\nRUN cd /src && uv sync --locked\n"
    [finding] = copy_before_install.CHECK.run(project(tmp_path, text))
    assert finding.fix.snippet == (
        "COPY pyproject.toml uv.lock /src/\n"
        "RUN cd /src && uv sync --no-install-project --locked\n"
        "COPY --chown=7 . /src\nRUN cd /src && uv sync --locked"
    )
    text = "FROM a\nCOPY . .\nRUN pip install -r requirements.txt\n"
    [finding] = copy_before_install.CHECK.run(project(tmp_path, text))
    assert finding.fix.snippet == (
        "COPY requirements.txt ./\nRUN pip install -r requirements.txt\nCOPY . ."
    )
    assert (
        list(copy_before_install.CHECK.run(project(tmp_path, text, requirements_txt="-e .\n")))
        == []
    )


@pytest.mark.parametrize(
    ("command", "mended"),
    [
        (
            "pip install torch==2.4 torchvision",
            "pip install torch==2.4 torchvision --index-url https://download.pytorch.org/whl/cpu",
        ),
        (
            "uv pip install --system torch fastapi && true",
            (
                "uv pip install --system torch fastapi --extra-index-url "
                "https://download.pytorch.org/whl/cpu && true"
            ),
        ),
        ("pip install --index-url https://mirror torch", ""),
        ("pip install torchmetrics", ""),
    ],
)
def test_torch_in_a_run(tmp_path: Path, command: str, mended: str) -> None:
    made = project(tmp_path, f"FROM a\nRUN {command}\n")
    found = list(torch_source_missing.CHECK.run(made))
    assert [each.fix.snippet for each in found] == [f"RUN {mended}"] * bool(mended)
