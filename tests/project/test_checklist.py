from __future__ import annotations

from pathlib import Path

import pytest

from imgdiag.facts.facts import Facts
from imgdiag.project.checklist import Status, checklist, failures
from imgdiag.project.dockerfile import parse_dockerfile
from imgdiag.project.project import Project
from imgdiag.rules.rule import ExampleLayer
from tests.made import distribution, made_facts

P, F, U = Status.PASSED, Status.FAILED, Status.UNKNOWN

PROJECT = """\
[project]
name = "service"
dependencies = ["torch==2.13.0"]

[dependency-groups]
dev = ["pytest"]

[[tool.uv.index]]
name = "pytorch-cpu"
url = "https://download.pytorch.org/whl/cpu"
explicit = true

[tool.uv.sources]
torch = [{ index = "pytorch-cpu" }]
"""
LOCK = """\
version = 1
requires-python = ">=3.11"

[[package]]
name = "service"
version = "0"
source = { virtual = "." }
dependencies = [{ name = "torch" }]
[package.dev-dependencies]
dev = [{ name = "pytest" }]
[package.metadata]

[[package]]
name = "pytest"
version = "9"
source = { registry = "https://pypi.org/simple" }

[[package]]
name = "torch"
version = "2.13.0+cpu"
source = { registry = "https://download.pytorch.org/whl/cpu" }
"""
DOCKERFILE = """\
FROM python:3.11-slim AS build
ENV UV_LINK_MODE=copy
WORKDIR /app
COPY pyproject.toml uv.lock ./
RUN --mount=type=cache,target=/root/.cache/uv uv sync --locked --no-dev --no-install-project
FROM python:3.11-slim
COPY --from=build /app/.venv /app/.venv
CMD ["/app/.venv/bin/python", "-m", "service"]
"""
BAD = {
    "pyproject.toml": PROJECT[: PROJECT.index("[[tool")] + "[tool.uv]\n",
    "uv.lock": LOCK.replace("2.13.0+cpu", "2.12.0")
    .replace("https://download.pytorch.org/whl/cpu", "https://pypi.org/simple")
    .replace(
        'version = "2.12.0"',
        'version = "2.12.0"\ndependencies = [{ name = "nvidia-cublas-cu12" }]',
    )
    + """
[[package]]
name = "nvidia-cublas-cu12"
version = "12"
source = { registry = "https://pypi.org/simple" }
wheels = [{ url = "x/nvidia_cublas_cu12-12-py3-none-manylinux1_x86_64.whl", size = 400000000 }]
""",
    "Dockerfile": """\
FROM python:3.11-alpine
WORKDIR /app
COPY . .
RUN uv sync || true
RUN find .venv -name tests -exec rm -r {} +
CMD ["uv", "run", "service"]
""",
}
GOOD = {"pyproject.toml": PROJECT, "uv.lock": LOCK, "Dockerfile": DOCKERFILE}


def project(folder: Path, files: dict[str, str]) -> Project:
    for name, text in files.items():
        (folder / name).write_text(text)
    dockerfile = files.get("Dockerfile")
    return Project(
        folder=folder, dockerfile=parse_dockerfile(dockerfile, "Dockerfile") if dockerfile else None
    )


def image(*, variant: str, size: int = 1_000, **files: int | str) -> Facts:
    site = "app/.venv/lib/python3.11/site-packages"
    cuda = "None" if variant == "cpu" else "'12.1'"
    layer: dict[str, int | str] = {"etc/os-release": 'ID=debian\nPRETTY_NAME="Debian 12"\n'}
    layer |= distribution("torch", {"torch/lib.so": size}, site=site)
    layer[f"{site}/torch/version.py"] = f"__version__ = '2.13.0'\ncuda = {cuda}\n"
    if variant != "cpu":
        layer |= distribution("nvidia-cublas-cu12", {"nvidia/x.so": 400_000_000}, site=site)
    return made_facts(ExampleLayer(created_by="RUN x", files=layer | files))


def statuses(items: object) -> list[Status]:
    return [item.status for item in items]  # type: ignore[attr-defined]


def test_a_good_project_and_image(tmp_path: Path) -> None:
    items = checklist(project(tmp_path, GOOD), image(variant="cpu"))
    assert {item.name: item.status for item in items if item.status is not P} == {
        "torch says so itself": U
    }
    assert failures(items) == 0
    details = {item.name: f"{item.place}: {item.detail}" for item in items}
    lines = PROJECT.splitlines()
    folder = f"{tmp_path}/pyproject.toml"
    assert details["a CPU index is configured, and explicit"] == (
        f"{folder}:{lines.index('[[tool.uv.index]]') + 1}: https://download.pytorch.org/whl/cpu"
    )
    assert details["torch in the image is the CPU build"] == (
        "/app/.venv/lib/python3.11/site-packages/torch: torch 2.13.0: CPU build "
        "(cuda = None in torch/version.py)"
    )
    assert details["the size is within its budget"].endswith("of 5.00 GB")


def test_a_bad_project_and_image(tmp_path: Path) -> None:
    items = checklist(project(tmp_path, BAD), image(variant="cuda"), max_size=300_000_000)
    verdicts = {item.name: item.status for item in items}
    assert verdicts == {
        "torch is the project's own dependency": P,
        "a CPU index is configured, and explicit": F,
        "torch is bound to it, its companions too": F,
        "the lock file fits pyproject.toml": F,
        "the lock file has torch's CPU build": F,
        "no GPU package is locked": F,
        "the image is installed without developers' packages": F,
        "clean-up happens where files are made, before COPY": F,
        "no failure is masked": F,
        "the base has glibc, which wheels are built for": F,
        "the size is within its budget": F,
        "torch in the image is the CPU build": F,
        "torch says so itself": U,
        "no GPU package is in the image": F,
        "uv works for the user that the image runs as": P,
        "the image has glibc": P,
    }
    details = {item.name: item.detail for item in items}
    places = {item.name: item.place for item in items}
    assert details["no GPU package is locked"] == "1, 400.0 MB as wheels: nvidia-cublas-cu12"
    assert details["the lock file fits pyproject.toml"] == (
        "it has torch 2.12.0, not 'torch==2.13.0'"
    )
    assert places["the image is installed without developers' packages"] == "Dockerfile:4"
    assert places["no failure is masked"] == "Dockerfile:4"
    assert places["clean-up happens where files are made, before COPY"] == "Dockerfile:5"
    assert places["the base has glibc, which wheels are built for"] == "Dockerfile:1"


@pytest.mark.parametrize(
    "line",
    [
        "RUN wget https://x.org/a.zip && unzip a.zip\nRUN rm a.zip",
        "RUN pip install flask",
        "RUN apt-get update && apt-get install -y curl",
        "COPY a.tgz /tmp/\nRUN tar -xzf /tmp/a.tgz",
    ],
)
def test_what_a_check_finds_left_in_a_layer_is_no_clean_project(tmp_path: Path, line: str) -> None:
    items = checklist(project(tmp_path, {"Dockerfile": f"FROM python:3.11-slim\n{line}\n"}))
    [item] = [each for each in items if each.name.startswith("clean-up")]
    assert (item.status, item.place) == (F, "Dockerfile:2")


def test_nothing_to_look_at(tmp_path: Path) -> None:
    items = checklist(project(tmp_path, {}))
    assert set(statuses(items)) == {U}
    assert failures(items) == 0


def test_no_torch_is_fine(tmp_path: Path) -> None:
    items = checklist(project(tmp_path, {"requirements.txt": "flask==3\n"}))
    assert statuses(items)[:3] == [P, P, P]
    assert items[0].detail == "the project asks for no torch"


@pytest.mark.parametrize(
    ("requirements", "expected"),
    [
        ("torch==2.4.1\n", [P, F, F, U]),
        ("torch==2.4.1\nnvidia-cublas-cu12==12.1.3.1\n", [P, F, F, F]),
        (
            "--extra-index-url https://download.pytorch.org/whl/cpu\ntorch==2.4.1+cpu\n",
            [P, P, P, P],
        ),
    ],
)
def test_requirements(tmp_path: Path, requirements: str, expected: list[Status]) -> None:
    items = checklist(project(tmp_path, {"requirements.txt": requirements}))
    # What torch of PyPI's brings along stands in no list that names torch alone.
    [gpu] = [each.status for each in items if each.name == "no GPU package is locked"]
    assert [*statuses(items)[:3], gpu] == expected


def test_a_project_for_a_gpu_is_not_told_otherwise(tmp_path: Path) -> None:
    files = BAD | {"Dockerfile": "FROM nvidia/cuda:12.4.1-runtime-ubuntu22.04\nRUN uv sync\n"}
    items = checklist(project(tmp_path, files))
    by_name = {item.name: item for item in items}
    for name in ("a CPU index is configured, and explicit", "no GPU package is locked"):
        assert by_name[name].status is U
        assert "FROM nvidia/cuda:12.4.1-runtime-ubuntu22.04" in by_name[name].detail
