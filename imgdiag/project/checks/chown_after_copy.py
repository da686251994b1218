"""chown-after-copy: chown -R or chmod -R of files that an earlier instruction brought."""

from collections.abc import Iterator

from imgdiag.project.check import Check, ProjectFinding, dockerfile_example
from imgdiag.project.checks._brought import Brought, copied, exists_in_context, is_small, made
from imgdiag.project.checks._mends import appended, before, in_dockerfile, rewritten
from imgdiag.project.checks._users import made_after
from imgdiag.project.project import Project
from imgdiag.project.runs import Placed, Ran, covers
from imgdiag.text import shortened

_COMMANDS = ("chown", "chmod", "chgrp")


def _check(project: Project) -> Iterator[ProjectFinding]:
    earlier: list[Brought] = []
    for placed in project.shipped:
        for ran in placed.ran:
            command = ran.command
            if command.name not in _COMMANDS or len(command.arguments) < 2:
                continue
            deep = command.has("-R", "--recursive")
            paths = [placed.path(word, ran) for word in command.arguments[1:]]
            origins = [
                brought
                for brought in earlier
                if any(_changes(project, path, brought, deep=deep) for path in paths)
            ]
            if not all(is_small(project, brought) for brought in origins):
                yield _finding(project, placed, ran, origins)
                break  # once for a RUN
        earlier += copied(project, placed)
        earlier += made(placed)


def _changes(project: Project, path: str, brought: Brought, *, deep: bool) -> bool:
    if not deep:
        return path == brought.path and "." in path.rpartition("/")[2]
    if covers(path, brought.path):
        return True
    return covers(brought.path, path) and exists_in_context(project, brought, path)


def _finding(project: Project, placed: Placed, ran: Ran, origins: list[Brought]) -> ProjectFinding:
    command = ran.command
    lines = list(dict.fromkeys(each.placed.instruction.line for each in origins))
    named = " and ".join(map(str, lines[:3])) if len(lines) < 3 else f"{lines[0]} to {lines[-1]}"
    flag = "--chmod" if command.name == "chmod" else "--chown"
    value = command.arguments[0] if command.name != "chgrp" else f":{command.arguments[0]}"
    snippets = {
        each.placed.instruction.line: rewritten(each.placed.instruction, flags=[f"{flag}={value}"])
        if each.placed.instruction.word != "RUN"
        else appended(each.placed.instruction, " ".join(command.words))
        for each in origins
    }
    first = ""
    if line := next(
        (
            line
            for each in origins
            if command.name == "chown"
            and each.placed.instruction.word != "RUN"
            and (line := made_after(project, value, each.placed))
        ),
        0,
    ):
        first = before(f"line {line} makes the user; that moves up, as COPY has to know it")
    shown = shortened(" ".join(command.words), 50)
    return CHECK.at(
        project,
        ran.line,
        f"'{shown}' stores again what line{'s' * (len(lines) > 1)} {named} brought: a layer has no "
        "way to say 'the same file, another owner'",
        in_dockerfile(
            f"Say it where the files come from, and drop the {command.name}",
            first + "\n\n".join(snippets.values()),
        ),
        end_line=placed.instruction.end_line,
    )


CHECK = Check(
    name="chown-after-copy",
    title="`chown -R` or `chmod -R` after a `COPY`",
    why="Each file whose owner or mode changes is stored a second time, with all its content: "
    "the image doubles.",
    fix="`COPY --chown=user:group`, `COPY --chmod=…`; or `USER` before the `RUN` that makes the "
    "files.",
    ignore_when="The files are small.",
    check=_check,
    examples=(
        dockerfile_example(
            "over copies and over an environment",
            "FROM python:3.11-slim\n"
            "WORKDIR /app\n"
            "RUN python3 -m venv .venv && .venv/bin/pip install --no-cache-dir flask\n"
            "COPY src src\n"
            "COPY model.bin /srv/model.bin\n"
            "RUN useradd app && chown -R app:app /app\n"
            "RUN chmod 644 /srv/model.bin\n",
            6,
            7,
        ),
        dockerfile_example(
            "with the COPY, of a new folder, or in a stage that is not shipped",
            "FROM python:3.11-slim AS build\n"
            "COPY . /src\n"
            "RUN chown -R 1000 /src\n"
            "FROM python:3.11-slim\n"
            "WORKDIR /app\n"
            "COPY --chown=app:app . .\n"
            "RUN mkdir -p /app/data && chown -R app:app /app/data\n"
            "RUN mkdir -p /var/log/app && chown app /var/log/app\n",
        ),
    ),
)
