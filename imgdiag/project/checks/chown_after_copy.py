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
        changes = []
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
                changes.append((ran, origins))
        if changes:
            yield _finding(project, placed, changes)
        earlier += copied(project, placed)
        earlier += made(placed)


def _changes(project: Project, path: str, brought: Brought, *, deep: bool) -> bool:
    if not deep:
        return path == brought.path and "." in path.rpartition("/")[2]
    if covers(path, brought.path):
        return True
    return covers(brought.path, path) and exists_in_context(project, brought, path)


def _finding(
    project: Project, placed: Placed, changes: list[tuple[Ran, list[Brought]]]
) -> ProjectFinding:
    """Return the finding of a RUN, with the mend of all that it changes."""
    origins = {
        each.placed.instruction.line: each.placed for _, brought in changes for each in brought
    }
    lines = sorted(origins)
    named = " and ".join(map(str, lines[:3])) if len(lines) < 3 else f"{lines[0]} to {lines[-1]}"
    shown = " and ".join(f"'{shortened(' '.join(ran.command.words), 50)}'" for ran, _ in changes)
    verb = "stores" if len(changes) == 1 else "store"
    names = " and the ".join(dict.fromkeys(ran.command.name for ran, _ in changes))
    what = " and ".join(
        dict.fromkeys("mode" if ran.command.name == "chmod" else "owner" for ran, _ in changes)
    )
    return CHECK.at(
        project,
        changes[0][0].line,
        f"{shown} {verb} again what line{'s' * (len(lines) > 1)} {named} brought: a layer has no "
        f"way to say 'the same file, another {what}'",
        in_dockerfile(
            f"Say it where the files come from, and drop the {names}",
            _users_first(project, changes)
            + "\n\n".join(
                _mended(
                    origins[line],
                    [
                        ran
                        for ran, brought in changes
                        if any(each.placed.instruction.line == line for each in brought)
                    ],
                )
                for line in lines
            ),
        ),
        end_line=placed.instruction.end_line,
    )


def _mended(origin: Placed, changes: list[Ran]) -> str:
    """Return the instruction that brings files, so that it brings them as they are to be."""
    if origin.instruction.word == "RUN":
        return appended(origin.instruction, " && ".join(" ".join(r.command.words) for r in changes))
    flags = [
        f"--{'chmod' if ran.command.name == 'chmod' else 'chown'}={_value(ran)}" for ran in changes
    ]
    mended = rewritten(origin.instruction, flags=flags)
    if any(ran.command.name == "chmod" and not _value(ran).isdecimal() for ran in changes):
        return f"# a mode in letters needs Dockerfile syntax 1.14; numbers do without\n{mended}"
    return mended


def _value(ran: Ran) -> str:
    command = ran.command
    return f":{command.arguments[0]}" if command.name == "chgrp" else command.arguments[0]


def _users_first(project: Project, changes: list[tuple[Ran, list[Brought]]]) -> str:
    """Return what must be done first: COPY has to know the user that it names."""
    for ran, brought in changes:
        for each in brought if ran.command.name == "chown" else ():
            if each.placed.instruction.word != "RUN" and (
                line := made_after(project, _value(ran), each.placed)
            ):
                return before(f"line {line} makes the user; that moves up, as COPY has to know it")
    return ""


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
            "owner and mode in one RUN",
            "FROM python:3.11-slim\n"
            "WORKDIR /app\n"
            "COPY . .\n"
            "RUN chown -R 1000:1000 /app && chmod -R 755 /app\n",
            4,
            files={"model.bin": 5_000_000},
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
