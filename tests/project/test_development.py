"""What the checks say that a lock file brings for developers alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from imgdiag.project.checks import poetry_install_dev, uv_sync_dev
from imgdiag.project.dockerfile import read_dockerfile
from imgdiag.project.project import Project

FIXTURE = Path(__file__).parents[2] / "fixtures" / "uv-service" / "before"

POETRY_LOCK = """\
[[package]]
name = "click"
version = "8.1.7"
optional = false
python-versions = ">=3.7"
groups = ["main", "dev"]

[[package]]
name = "pytest"
version = "8.3.4"
optional = false
python-versions = ">=3.8"
groups = ["dev"]

[[package]]
name = "sphinx"
version = "8.0.0"
optional = false
python-versions = ">=3.10"
groups = ["docs"]

[metadata]
lock-version = "2.1"
python-versions = ">=3.11"
"""
POETRY = """\
[tool.poetry.dependencies]
click = "^8.1"
[tool.poetry.group.dev.dependencies]
pytest = "*"
[tool.poetry.group.docs]
optional = true
[tool.poetry.group.docs.dependencies]
sphinx = "*"
"""


def project(folder: Path) -> Project:
    return Project(folder=folder, dockerfile=read_dockerfile(folder / "Dockerfile"))


def written(folder: Path, **files: str) -> Project:
    for name, text in files.items():
        (folder / name.replace("_", ".")).write_text(text)
    return project(folder)


def test_uv_has_the_wheels_sizes() -> None:
    (finding,) = uv_sync_dev.CHECK.run(project(FIXTURE))
    assert finding.message == (
        "uv sync installs the development dependencies, and this environment goes into the image: "
        "ruff, jedi, debugpy and 25 more, 23.2 MB as wheels and more when installed"
    )


def test_poetry_names_what_is_of_no_optional_group_and_not_the_services_own(tmp_path: Path) -> None:
    here = written(
        tmp_path,
        Dockerfile="FROM python:3.11-slim\nRUN poetry install\n",
        pyproject_toml=POETRY,
        poetry_lock=POETRY_LOCK,
    )
    (finding,) = poetry_install_dev.CHECK.run(here)
    assert finding.message == (
        "poetry install installs the development dependencies, and this environment goes into "
        "the image: pytest"
    )


def test_nothing_is_said_without_the_tools_lock(tmp_path: Path) -> None:
    here = written(
        tmp_path,
        Dockerfile="FROM python:3.11-slim\nRUN uv sync\n",
        pyproject_toml='[dependency-groups]\ndev = ["pytest"]\n',
        poetry_lock=POETRY_LOCK,
    )
    (finding,) = uv_sync_dev.CHECK.run(here)
    assert finding.message == (
        "uv sync installs the development dependencies, and this environment goes into the image"
    )


def test_nothing_is_said_when_the_lock_has_nothing_for_developers(tmp_path: Path) -> None:
    here = written(
        tmp_path,
        Dockerfile="FROM python:3.11-slim\nRUN poetry install\n",
        pyproject_toml=POETRY,
        poetry_lock=POETRY_LOCK.replace('["dev"]', '["docs"]'),
    )
    (finding,) = poetry_install_dev.CHECK.run(here)
    assert finding.message.endswith("goes into the image")


@pytest.mark.parametrize(
    ("line", "program"),
    [
        ("RUN .venv/bin/ruff check src", "ruff"),
        ("RUN cd src && ../.venv/bin/python -m pytest -q", "pytest"),
        ("RUN uv run --frozen pytest", "pytest"),
        ("RUN .venv/bin/uvicorn --version", ""),
        ("RUN echo pytest", ""),
    ],
)
def test_what_the_build_uses_is_not_left_out_as_it_is(
    tmp_path: Path, line: str, program: str
) -> None:
    here = written(
        tmp_path,
        Dockerfile=f"FROM python:3.11-slim\nRUN uv sync --locked\n{line}\n",
        pyproject_toml='[dependency-groups]\ndev = ["pytest", "ruff"]\n',
    )
    (finding,) = uv_sync_dev.CHECK.run(here)
    first = (
        f"# first: line 3 runs {program}, which is for developers: move that to a stage of its own"
    )
    assert finding.fix.snippet.splitlines() == [
        *([first] if program else []),
        "RUN uv sync --no-dev --locked",
    ]


def test_only_what_the_groups_bring_counts_where_a_lock_file_says_it(tmp_path: Path) -> None:
    here = written(
        tmp_path,
        Dockerfile="FROM python:3.11-slim\nRUN poetry install\nRUN ruff check\nRUN py.test\n",
        pyproject_toml=POETRY,
        poetry_lock=POETRY_LOCK,
    )
    (finding,) = poetry_install_dev.CHECK.run(here)
    assert finding.fix.snippet.splitlines() == [
        "# first: line 4 runs py.test, which is for developers: move that to a stage of its own",
        "RUN poetry install --only main",
    ]
