"""poetry-install-dev: poetry install that puts the development dependencies into the image."""

from collections.abc import Iterator, Mapping

from imgdiag.project.check import Check, ProjectFinding, dockerfile_example
from imgdiag.project.checks._development import brought_for_developers, still_needed
from imgdiag.project.checks._environments import lands, of_poetry
from imgdiag.project.checks._mends import before, in_dockerfile, with_option
from imgdiag.project.checks._tools import call, runs_of
from imgdiag.project.project import Project
from imgdiag.project.toml import table


def _check(project: Project) -> Iterator[ProjectFinding]:
    groups = _groups(project)
    if project.for_development or not groups:
        return
    brought = brought_for_developers(project, "poetry", groups)
    first = before(still_needed(project, "poetry", groups))
    for placed in project.built:
        for ran in runs_of(placed, "poetry", "install", "sync"):
            if ran.command.has("--only", "--without", "--no-dev", "--only-root"):
                continue
            if not lands(project, placed, of_poetry(project, placed, ran)):
                continue
            verb = call(ran.command)[1]
            yield CHECK.at(
                project,
                ran.line,
                f"poetry {verb} installs the development dependencies, and this environment goes "
                f"into the image{brought}",
                in_dockerfile(
                    "Install the main group alone",
                    first + with_option(placed.instruction, f"poetry {verb}", "--only main"),
                ),
                end_line=placed.instruction.end_line,
            )


def _groups(project: Project) -> set[str]:
    """Return the groups that poetry installs without being asked, as far as the project says."""
    if project.settings is None:
        return {"dev"}
    values = project.settings.file.values
    poetry = table(values, "tool", "poetry")
    groups = {
        name
        for name, group in table(poetry, "group").items()
        if not (isinstance(group, Mapping) and group.get("optional"))
    } | {*table(values, "dependency-groups")}
    return groups | {"dev"} if poetry.get("dev-dependencies") else groups


CHECK = Check(
    name="poetry-install-dev",
    title="`poetry install` with the development dependencies",
    why="Without more, poetry installs every group that is not optional: test runners, linters, "
    "notebooks.",
    fix="`poetry install --only main`, or `--without dev`.",
    ignore_when="The image is meant for development. A stage that is called so is left alone.",
    check=_check,
    examples=(
        dockerfile_example(
            "in the stage that runs",
            "FROM python:3.11-slim\nRUN poetry config virtualenvs.create false \\\n"
            " && poetry install --no-root\n",
            3,
        ),
        dockerfile_example(
            "the main group alone, or a project without others",
            "FROM python:3.11-slim\nRUN poetry install --only main\n"
            "RUN poetry install --without dev\n",
        ),
    ),
)
