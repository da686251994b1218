"""The mends of build tools that are shipped: what must stay stays."""

from __future__ import annotations

from pathlib import Path

import pytest

from imgdiag.project.check import ProjectFinding
from imgdiag.project.checks import build_tools_shipped
from imgdiag.project.checks._packages import library_of
from imgdiag.project.dockerfile import parse_dockerfile
from imgdiag.project.project import Project

INSTALL = "RUN apt-get update && apt-get install -y --no-install-recommends"


def found(text: str) -> list[ProjectFinding]:
    project = Project(folder=Path("none"), dockerfile=parse_dockerfile(text, "Dockerfile"))
    return list(build_tools_shipped.CHECK.run(project))


def test_a_stage_of_its_own() -> None:
    run = f"{INSTALL} gcc=4:12* \\\n    libpq-dev libfoo-dev curl && rm -rf /var/lib/apt/lists/*"
    [finding] = found(f"FROM python:3.12-slim\n{run}\nRUN pip install psycopg2\n")
    assert finding.fix.summary.endswith("; what runs needs libpq5")
    assert (
        finding.fix.snippet
        == f"""\
FROM python:3.12-slim AS build
RUN python3 -m venv /opt/venv
ENV VIRTUAL_ENV=/opt/venv PATH=/opt/venv/bin:$PATH
{run}
# here line 4 and what they need

FROM python:3.12-slim
# and the library of libfoo-dev, if it is needed to run
{INSTALL} \\
    curl libpq5 && rm -rf /var/lib/apt/lists/*
COPY --from=build /opt/venv /opt/venv
ENV VIRTUAL_ENV=/opt/venv PATH=/opt/venv/bin:$PATH"""
    )


def test_taken_out_in_the_run_that_used_them() -> None:
    run = f"{INSTALL} gcc libpq-dev \\\n && pip install psycopg2"
    [finding] = found(f"FROM python:3.12-slim\n{run}\n")
    assert finding.fix.snippet == (
        f"{INSTALL} gcc libpq-dev libpq5 \\\n && pip install psycopg2 \\\n"
        " && apt-get purge -y --auto-remove gcc libpq-dev"
    )
    assert found(f"FROM python:3.12-slim\n{finding.fix.snippet}\n") == []


def test_a_full_base_has_a_compiler_already() -> None:
    [finding] = found(f"FROM python:3.12\n{INSTALL} gcc\nRUN uv sync --locked\n")
    assert finding.message.endswith("; python:3.12 has a compiler and most headers already")
    assert finding.fix.snippet == (
        f"FROM python:3.12 AS build\n{INSTALL} gcc\n# here line 3 and what they need\n\n"
        "FROM python:3.12-slim\nCOPY --from=build .venv .venv"
    )


def test_alpine() -> None:
    text = "FROM python:3.12-alpine\nRUN apk add --no-cache build-base postgresql-dev\nRUN make\n"
    [finding] = found(text)
    assert finding.fix.snippet == (
        "FROM python:3.12-alpine AS build\nRUN apk add --no-cache build-base postgresql-dev\n"
        "# here line 3 and what they need\n\nFROM python:3.12-alpine\n"
        "RUN apk add --no-cache libpq\n"
        "COPY --from=build <what was made> <where it goes>"
    )


@pytest.mark.parametrize(
    ("package", "library"),
    [
        ("gcc", ""),
        ("python3-dev", ""),
        ("libssl-dev", ""),
        ("libpq-dev", "libpq5"),
        ("libgdal-dev", None),
    ],
)
def test_what_runs_in_place_of_headers(package: str, library: str | None) -> None:
    assert library_of(package) == library


@pytest.mark.parametrize(
    ("install", "later"),
    [
        ("apk add --virtual .build gcc", "apk del .build"),
        ("apt-get install -y gcc", "apt-get purge -y gcc"),
    ],
)
def test_taken_out_too_late(install: str, later: str) -> None:
    [finding] = found(f"FROM a\nRUN {install}\nRUN make\nRUN {later}\n")
    assert finding.message.endswith("; line 4 takes them out too late")


def test_a_group_of_alpine_is_dropped_as_a_whole() -> None:
    run = "RUN apk add --virtual .b gcc postgresql-dev && apk add libpq"
    [finding] = found(f"FROM a\nUSER root\n{run}\nRUN make\n")
    assert finding.fix.snippet.partition("\n\n")[2] == (
        "FROM a\nUSER root\nRUN apk add --no-cache libpq\n"
        "COPY --from=build <what was made> <where it goes>"
    )


def test_system_is_not_the_environment_that_is_copied() -> None:
    text = f"FROM python:3.12-slim\n{INSTALL} gcc\nRUN uv pip install --system flask\n"
    [finding] = found(text)
    assert "# here line 3 and what they need, without --system\n" in finding.fix.snippet
