from __future__ import annotations

from pathlib import Path

import pytest

from imgdiag.project.checks import check_project
from imgdiag.project.dockerfile import parse_dockerfile
from imgdiag.project.fix.dockerfile import dockerfile_patch
from imgdiag.project.fix.patch import NotSure, Patch
from imgdiag.project.project import Project


def fixed(folder: Path, text: str, **files: int) -> tuple[str, list[NotSure]]:
    """Return the Dockerfile after the patch, and what was left alone."""
    for name, size in files.items():
        path = folder / name / "data.bin"
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            file.truncate(size)
    project = Project(folder=folder, dockerfile=parse_dockerfile(text, "Dockerfile"))
    found = list(dockerfile_patch(project, text, "Dockerfile"))
    patches = [each for each in found if isinstance(each, Patch)]
    assert len(patches) <= 1
    return (
        patches[0].after if patches else text,
        [each for each in found if isinstance(each, NotSure)],
    )


def test_mends_of_one_run_come_to_one_run(tmp_path: Path) -> None:
    text = """\
FROM python:3.11-slim
# kept
RUN apt-get update && apt-get install -y --no-install-recommends curl && \\
    pip install uv && \\
    uv sync --locked
CMD ["python"]
"""
    after, unsure = fixed(tmp_path, text)
    assert (
        after
        == """\
FROM python:3.11-slim
# kept
RUN --mount=type=cache,target=/root/.cache/pip \\
    apt-get update && apt-get install -y --no-install-recommends curl && \\
    pip install uv && \\
    uv sync --no-dev --locked \\
 && rm -rf /var/lib/apt/lists/*
CMD ["python"]
"""
    )
    assert unsure == []
    # What was mended is found no more, and mending again changes nothing.
    again = Project(folder=tmp_path, dockerfile=parse_dockerfile(after, "Dockerfile"))
    assert check_project(again) == ()
    assert fixed(tmp_path, after) == (after, [])


def test_lists_that_the_next_stage_installs_from_are_left_for_it(tmp_path: Path) -> None:
    text = (
        "FROM debian:12 AS base\n"
        "RUN apt-get update && apt-get install -y --no-install-recommends curl\n"
        "FROM base\nRUN apt-get install -y --no-install-recommends git\n"
    )
    after, unsure = fixed(tmp_path, text)
    assert after == text
    [left] = [each for each in unsure if each.reason.startswith("apt-leftovers")]
    assert left.reason.endswith("its mend is more than one instruction")


def test_lists_that_a_later_run_brings_anew_are_removed(tmp_path: Path) -> None:
    run = "RUN apt-get update && apt-get install -y --no-install-recommends"
    after, unsure = fixed(tmp_path, f"FROM debian:12\n{run} curl\n{run} git\n")
    clean = " \\\n && rm -rf /var/lib/apt/lists/*\n"
    assert after == f"FROM debian:12\n{run} curl{clean}{run} git{clean}"
    assert unsure == []


@pytest.mark.parametrize(
    ("start", "mended"),
    [
        ('["uv", "run", "uvicorn", "main:app"]', False),
        ("uv run uvicorn main:app", False),
        ('["uv", "run", "--no-sync", "uvicorn", "main:app"]', True),
        ('[".venv/bin/uvicorn", "main:app"]', True),
    ],
)
def test_what_uv_run_would_install_again_is_left(tmp_path: Path, start: str, mended: bool) -> None:
    text = f"FROM python:3.12-slim\nWORKDIR /app\nRUN uv sync --locked\nCMD {start}\n"
    after, unsure = fixed(tmp_path, text)
    assert after == (text.replace("uv sync", "uv sync --no-dev") if mended else text)
    assert [each.reason.partition(",")[0] for each in unsure] == ([] if mended else ["uv-sync-dev"])


def test_what_the_build_itself_uses_is_left(tmp_path: Path) -> None:
    text = "FROM python:3.12-slim\nWORKDIR /app\nRUN uv sync --locked\nRUN .venv/bin/ruff check\n"
    after, unsure = fixed(tmp_path, text)
    assert after == text
    assert [each.reason.partition(": line")[2] for each in unsure] == [
        " 4 runs ruff, which is for developers: move that to a stage of its own"
    ]


def test_copy_with_its_owner(tmp_path: Path) -> None:
    text = (
        "FROM python:3.11-slim\nRUN useradd -m app\nWORKDIR /app\nCOPY src ./src\n"
        "COPY models ./models\nRUN chown -R app:app /app\nUSER app\n"
    )
    after, unsure = fixed(tmp_path, text, src=2_000_000, models=3_000_000)
    assert after == (
        "FROM python:3.11-slim\nRUN useradd -m app\nWORKDIR /app\n"
        "COPY --chown=app:app src ./src\nCOPY --chown=app:app models ./models\n"
        "RUN chown app:app /app\nUSER app\n"
    )
    assert unsure == []


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        (
            "COPY src ./src\nRUN useradd -m app && chown -R app /app\n",
            "its RUN does more than chown",
        ),
        (
            "COPY src ./src\nRUN useradd -m app\nRUN chown -R app /app\n",
            "the user app is made after the COPY: make it before",
        ),
        (
            ("RUN useradd -m app\nRUN python -m venv .venv && .venv/bin/pip install "
            "--no-cache-dir flask\nCOPY src ./src\nRUN chown -R app /app\n"),
            "a RUN made some of the files: change their owner in that RUN",
        ),
        (
            "COPY --chown=7 src ./src\nRUN chown -R 8 /app\n",
            "a COPY says another owner already",
        ),
        ("ADD src ./src\nRUN chown -R 8 /app\n", "a COPY says another owner already"),
        ("COPY src ./src\nRUN chmod -R 755 /app\n", ("only a chown of one folder can be moved for "
         "certain")),
    ],
)  # fmt: skip
def test_a_chown_that_is_left_alone(tmp_path: Path, lines: str, reason: str) -> None:
    text = f"FROM python:3.11-slim\nWORKDIR /app\n{lines}"
    after, unsure = fixed(tmp_path, text, src=2_000_000)
    assert after == text
    assert [each.reason.rpartition(": ")[2] for each in unsure if "chown" in each.reason] == [
        reason.rpartition(": ")[2]
    ]


def test_windows_line_ends_stay(tmp_path: Path) -> None:
    after, _ = fixed(tmp_path, "FROM python:3.11-slim\r\nRUN pip install flask\r\nUSER a\r\n")
    assert after == (
        "FROM python:3.11-slim\r\nRUN --mount=type=cache,target=/root/.cache/pip \\\r\n"
        "    pip install flask\r\nUSER a\r\n"
    )


def test_what_no_mend_is_certain_for_is_listed(tmp_path: Path) -> None:
    text = "FROM python:3.11-slim\nRUN curl http://x/a | sh\n"
    after, unsure = fixed(tmp_path, text)
    assert after == text
    [each] = unsure
    assert each.path == "Dockerfile"
    assert each.reason.startswith("pipe-without-pipefail, ")


def test_heredocs_are_changed_by_hand(tmp_path: Path) -> None:
    text = "FROM python:3.11-slim\nRUN <<EOF\npip install flask\nEOF\n"
    after, unsure = fixed(tmp_path, text)
    assert after == text
    assert [each.reason.rpartition(": ")[2] for each in unsure] == [
        "its RUN is one to change by hand"
    ]


@pytest.mark.parametrize(
    ("run", "noted"),
    [
        ("RUN pip install flask", True),
        ("RUN --mount=type=secret,id=a pip install flask", False),
        ("RUN uv sync --locked", False),
    ],
)
def test_a_cache_mount_where_there_was_none_says_what_it_needs(
    tmp_path: Path, run: str, noted: bool
) -> None:
    text = f"FROM python:3.11-slim\nWORKDIR /app\n{run}\n"
    project = Project(folder=tmp_path, dockerfile=parse_dockerfile(text, "Dockerfile"))
    [patch] = (
        each for each in dockerfile_patch(project, text, "Dockerfile") if isinstance(each, Patch)
    )
    assert ["BuildKit" in note for note in patch.notes] == [True] * noted


def test_what_another_file_installs_is_told(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("black\n")
    text = "FROM python:3.11-slim\nRUN pip install --no-cache-dir -r requirements.txt\n"
    after, [unsure] = fixed(tmp_path, text)
    assert after == text
    assert unsure.path == "requirements.txt"
    assert unsure.reason.endswith("move them to a file that the image does not install")


@pytest.mark.parametrize("base", ["mambaorg/micromamba:1.5.8", "quay.io/jupyter/scipy-notebook"])
def test_a_cache_in_the_home_of_a_base_that_is_not_roots(tmp_path: Path, base: str) -> None:
    text = f"FROM {base} AS a\nRUN true\nFROM a\nRUN pip install flask\n"
    after, [unsure] = fixed(tmp_path, text)
    assert after == text
    assert unsure.reason.endswith("its RUN is one to change by hand")
