"""uv-link-mode: uv with a cache mount and without UV_LINK_MODE=copy."""

from collections.abc import Iterator

from imgdiag.finding import Severity
from imgdiag.project.check import Check, ProjectFinding, dockerfile_example
from imgdiag.project.checks._mends import in_dockerfile
from imgdiag.project.checks._tools import cache_of, runs_of
from imgdiag.project.project import Project


def _check(project: Project) -> Iterator[ProjectFinding]:
    for placed in project.built:
        for ran in runs_of(placed, "uv", "sync", "pip install", "pip sync", "add"):
            cache = cache_of("uv", placed, ran)
            told = placed.variable("UV_LINK_MODE", ran) or ran.command.has("--link-mode")
            if cache and not told and placed.may_mount(cache, "cache"):
                yield CHECK.at(
                    project,
                    ran.line,
                    "uv cannot link from a cache mount into the layer, copies, and warns of it",
                    in_dockerfile("Say that copies are meant", "ENV UV_LINK_MODE=copy"),
                    severity=Severity.NOTE,
                )
                return  # one variable mends them all


CHECK = Check(
    name="uv-link-mode",
    title="uv with a cache mount and without `UV_LINK_MODE=copy`",
    why="The cache mount and the layer are two file systems, and no hard link leads from one to "
    "the other. uv copies then, which is right, and prints a warning in each build.",
    fix="`ENV UV_LINK_MODE=copy`.",
    ignore_when="The warning does not disturb you: the image is the same.",
    check=_check,
    examples=(
        dockerfile_example(
            "a cache mount alone",
            "FROM python:3.11-slim\n"
            "RUN --mount=type=cache,target=/root/.cache/uv uv sync --locked --no-dev\n",
            2,
        ),
        dockerfile_example(
            "with the variable, or without a mount",
            "FROM python:3.11-slim\n"
            "RUN uv sync --locked --no-dev --no-cache\n"
            "ENV UV_LINK_MODE=copy\n"
            "RUN --mount=type=cache,target=/root/.cache/uv uv sync --locked --no-dev\n",
        ),
    ),
)
