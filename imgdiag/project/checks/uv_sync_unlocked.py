"""uv-sync-unlocked: uv sync that may resolve other versions than the lock file's."""

from collections.abc import Iterator

from imgdiag.finding import Severity
from imgdiag.project.check import Check, ProjectFinding, dockerfile_example
from imgdiag.project.checks._mends import in_dockerfile, with_option
from imgdiag.project.checks._tools import is_on, runs_of
from imgdiag.project.project import Project


def _check(project: Project) -> Iterator[ProjectFinding]:
    for placed in project.built:
        for ran in runs_of(placed, "uv", "sync"):
            if ran.command.has("--locked", "--frozen") or any(
                is_on(placed.variable(name, ran)) for name in ("UV_LOCKED", "UV_FROZEN")
            ):
                continue
            yield CHECK.at(
                project,
                ran.line,
                "without --locked, uv resolves anew when the lock file is missing or stale: the "
                "image may hold other versions than were tested, and other sizes",
                in_dockerfile(
                    "Fail where the lock file is not up to date",
                    with_option(placed.instruction, "uv sync", "--locked"),
                ),
                severity=Severity.NOTE,
                end_line=placed.instruction.end_line,
            )


CHECK = Check(
    name="uv-sync-unlocked",
    title="`uv sync` without `--locked` or `--frozen`",
    why="What is not locked can change from build to build: a new release of one dependency, or "
    "torch from another index, and the image is gigabytes larger.",
    fix="`uv sync --locked`; `--frozen` where the project itself is not yet there.",
    ignore_when="The project has no lock file on purpose.",
    check=_check,
    examples=(
        dockerfile_example("neither option", "FROM python:3.11-slim\nRUN uv sync --no-dev\n", 2),
        dockerfile_example(
            "an option or a variable",
            "FROM python:3.11-slim\nRUN uv sync --frozen --no-dev\nENV UV_LOCKED=1\n"
            "RUN uv sync --no-dev\n",
        ),
    ),
)
