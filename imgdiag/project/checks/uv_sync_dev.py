"""uv-sync-dev: uv sync that puts the development dependencies into the image."""

from collections.abc import Iterator

from imgdiag.project.check import Check, ProjectFinding, dockerfile_example
from imgdiag.project.checks._development import brought_for_developers, still_needed
from imgdiag.project.checks._environments import lands, of_uv
from imgdiag.project.checks._mends import before, in_dockerfile, with_option
from imgdiag.project.checks._tools import is_on, runs_of
from imgdiag.project.project import Project
from imgdiag.project.runs import Placed, Ran


def _check(project: Project) -> Iterator[ProjectFinding]:
    groups = _default_groups(project)
    if project.for_development or not groups:
        return
    option = "--no-dev" if groups == {"dev"} else "--no-default-groups"
    brought = brought_for_developers(project, "uv", groups)
    first = before(still_needed(project, "uv", groups))
    for placed in project.built:
        for ran in runs_of(placed, "uv", "sync"):
            if not _leaves_out(placed, ran) and lands(project, placed, of_uv(placed, ran)):
                yield CHECK.at(
                    project,
                    ran.line,
                    "uv sync installs the development dependencies, and this environment goes "
                    f"into the image{brought}",
                    in_dockerfile(
                        "Leave them out",
                        first + with_option(placed.instruction, "uv sync", option),
                    ),
                    end_line=placed.instruction.end_line,
                )


def _leaves_out(placed: Placed, ran: Ran) -> bool:
    command = ran.command
    if command.has("--no-dev", "--no-default-groups", "--only-group"):
        return True
    if command.value("--no-group") == "dev":
        return True
    return any(is_on(placed.variable(name, ran)) for name in ("UV_NO_DEV", "UV_NO_DEFAULT_GROUPS"))


def _default_groups(project: Project) -> set[str]:
    """Return the groups that uv installs without being asked, as far as the project says."""
    return {"dev"} if project.settings is None else set(project.settings.default_groups)


_DEV = '[dependency-groups]\ndev = ["pytest"]\n'
_UV = "FROM python:3.11-slim\nWORKDIR /app\nRUN uv sync --locked\n"

CHECK = Check(
    name="uv-sync-dev",
    title="`uv sync` with the development dependencies",
    why="Without more, `uv sync` installs the group `dev`: pytest, ruff, notebooks. That matters "
    "in the stage that runs, and in one whose environment is copied into it.",
    fix="`uv sync --locked --no-dev`; `--no-default-groups` where `default-groups` names others.",
    ignore_when="The image is meant for development. A stage that is called so is left alone.",
    check=_check,
    examples=(
        dockerfile_example(
            "in a stage whose environment is copied",
            "FROM python:3.11-slim AS build\n"
            "WORKDIR /app\n"
            "RUN --mount=type=cache,target=/root/.cache/uv \\\n"
            "    uv sync --locked --no-install-project\n"
            "FROM python:3.11-slim\n"
            "COPY --from=build /app /app\n",
            4,
        ),
        dockerfile_example(
            "with a project that has such a group", _UV, 3, files={"pyproject.toml": _DEV}
        ),
        dockerfile_example(
            "with a project that has none", _UV, files={"pyproject.toml": '[project]\nname = "a"\n'}
        ),
        dockerfile_example(
            "left out, by option, by variable, or in a stage for tests that is not copied",
            "FROM python:3.11-slim AS base\n"
            "WORKDIR /app\n"
            "RUN uv sync --locked --no-dev\n"
            "FROM base AS test\n"
            "RUN uv sync --locked && pytest && touch /passed\n"
            "FROM base\n"
            "ENV UV_NO_DEV=1\n"
            "RUN uv sync --locked\n"
            "COPY --from=test /passed /passed\n",
        ),
    ),
)
