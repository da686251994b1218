"""full-base: a full base image where its slim form would do."""

from collections.abc import Iterator

from imgdiag.finding import Severity
from imgdiag.project.check import Check, ProjectFinding, dockerfile_example
from imgdiag.project.checks._bases import FullBase
from imgdiag.project.checks._mends import in_dockerfile
from imgdiag.project.checks._packages import builds, is_build_tool, packages_of
from imgdiag.project.checks._tools import call, installs
from imgdiag.project.project import Project

_INSTALLERS = frozenset(("pip", "uv", "poetry", "pipenv", "pdm", "npm", "yarn", "pnpm"))


def _check(project: Project) -> Iterator[ProjectFinding]:
    if not project.shipped_stages:
        return
    stage = project.shipped_stages[0]
    full = FullBase.of(stage.base)
    if full is None:
        return
    commands = [ran.command for placed in project.shipped for ran in placed.ran]
    if any(builds(command) for command in commands) or any(
        is_build_tool(package) for command in commands for package in packages_of(command)
    ):
        return
    installing = any(installs(command) and call(command)[0] in _INSTALLERS for command in commands)
    alias = f" AS {stage.name}" if stage.name else ""
    yield CHECK.at(
        project,
        stage.origin.line,
        f"{stage.base} brings compilers and headers"
        + (
            "; packages without a wheel need them, best in a build stage"
            if installing
            else ", and nothing is built in the stages that are shipped"
        ),
        in_dockerfile(
            "Use the slim form",
            " ".join(("FROM", *stage.origin.flags, full.slim)) + alias,
        ),
        severity=Severity.NOTE if installing else Severity.WARNING,
        end_line=stage.origin.end_line,
    )


CHECK = Check(
    name="full-base",
    title="A full base image where its slim form would do",
    why="`python:3.11` is made to build things: it has gcc, git, ImageMagick and dozens of `-dev` "
    "packages. `python:3.11-slim` has the same Python and none of them.",
    fix="`FROM python:3.11-slim` for the stage that runs; build what has no wheel in a stage of "
    "its own, on the full image.",
    ignore_when="Something in the image needs what the full form brings.",
    check=_check,
    examples=(
        dockerfile_example(
            "a full Python below a service",
            "FROM python:3.11 AS build\n"
            "RUN pip install --target /app flask\n"
            "FROM python:3.11-bookworm\n"
            "COPY --from=build /app /app\n",
            3,
        ),
        dockerfile_example(
            "slim already",
            "FROM python:3.11 AS build\n"
            "RUN pip install --target /app flask\n"
            "FROM python:3.11-slim-bookworm\n"
            "COPY --from=build /app /app\n",
        ),
        dockerfile_example("something is compiled", "FROM python:3.11\nRUN make install\n"),
        dockerfile_example("another publisher's image", "FROM example/python:3.11\nRUN true\n"),
    ),
)
