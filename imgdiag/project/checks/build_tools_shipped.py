"""build-tools-shipped: compilers and headers in the final image."""

from collections.abc import Iterator

from imgdiag.project.check import Check, ProjectFinding, dockerfile_example
from imgdiag.project.checks._mends import in_dockerfile
from imgdiag.project.checks._packages import is_build_tool, packages_of, removed_by
from imgdiag.project.checks._tools import call
from imgdiag.project.project import Project
from imgdiag.project.runs import Ran


def _check(project: Project) -> Iterator[ProjectFinding]:
    if project.for_development:
        return
    for placed in project.shipped:
        kept = [
            (ran, name)
            for index, ran in enumerate(placed.ran)
            for name in packages_of(ran.command)
            if is_build_tool(name) and not _goes(ran, name, placed.ran[index + 1 :])
        ]
        if not kept:
            continue
        base = project.shipped_stages[0].base
        names = " ".join(name for _, name in kept)
        manager, sub = call(kept[0][0].command)
        tool = f"{manager} {sub}" + " -y" * (manager != "apk")
        yield CHECK.at(
            project,
            kept[0][0].line,
            f"{', '.join(names.split())}: for building, and shipped with the image",
            in_dockerfile(
                "Build in a stage of its own, and copy what it makes",
                f"FROM {base} AS build\nRUN {tool} {names}\n# … and what needs it\n\n"
                f"FROM {base}\nCOPY --from=build <what was made> <where it goes>",
            ),
            end_line=placed.instruction.end_line,
        )


def _goes(ran: Ran, package: str, later: tuple[Ran, ...]) -> bool:
    """Tell whether a package is taken out again by the same RUN, by its name or its group's."""
    virtual = ran.command.value("--virtual") or ran.command.value("-t")
    if virtual and any(virtual in each.command.words[1:] for each in later):
        return True
    if any(package in removed_by(each.command) for each in later):
        return True
    # As the official images do it: mark all as automatic, then purge what nothing needs.
    return any(each.command.words[:2] == ("apt-mark", "auto") for each in later) and any(
        each.command.has("--auto-remove", "--autoremove") or "autoremove" in each.command.words
        for each in later
    )


CHECK = Check(
    name="build-tools-shipped",
    title="Compilers and headers in the image that runs",
    why="gcc and its friends take hundreds of megabytes, and nothing runs them but the build. "
    "Headers (`libpq-dev`) are for compiling; what runs needs the library alone (`libpq5`).",
    fix="A build stage; or `apt-get purge` at the end of the same `RUN`.",
    ignore_when="The service compiles at run time, as torch.compile does.",
    check=_check,
    examples=(
        dockerfile_example(
            "a compiler in the stage that runs",
            "FROM python:3.11-slim\n"
            "RUN apt-get update && apt-get install -y --no-install-recommends \\\n"
            "    curl build-essential libpq-dev && rm -rf /var/lib/apt/lists/*\n",
            2,
        ),
        dockerfile_example(
            "in a build stage, or taken out in the same RUN",
            "FROM python:3.11 AS build\n"
            "RUN apt-get update && apt-get install -y gcc\n"
            "FROM python:3.11-slim\n"
            "COPY --from=build /app /app\n"
            "RUN apt-get update && apt-get install -y --no-install-recommends gcc libpq5 \\\n"
            " && pip install psycopg2 && apt-get purge -y --auto-remove gcc\n"
            "RUN apk add --no-cache --virtual .build gcc && make && apk del .build\n",
        ),
    ),
)
