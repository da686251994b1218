"""cleanup-in-later-layer: files deleted by another instruction than the one that brings them."""

import posixpath
from collections.abc import Iterator
from dataclasses import replace

from imgdiag.finding import WARNING_BYTES, Fix
from imgdiag.project.check import Check, ProjectFinding, dockerfile_example
from imgdiag.project.checks import blanket_removal
from imgdiag.project.checks._brought import (
    Brought,
    brought_by,
    exists_in_context,
    is_small,
    known_files,
)
from imgdiag.project.checks._deletions import Deletion, deletions, written
from imgdiag.project.checks._mends import appended, before, in_dockerfile
from imgdiag.project.project import Project
from imgdiag.project.runs import Placed, covers
from imgdiag.text import shortened


def _check(project: Project) -> Iterator[ProjectFinding]:
    earlier: list[Brought] = []
    for placed in project.shipped:
        own = list(brought_by(project, placed))
        hidden: dict[int, list[tuple[Deletion, Brought]]] = {}
        for deletion in deletions(placed):
            if any(_takes(project, deletion, brought) for brought in own):
                continue
            for brought in reversed(earlier):
                if _takes(project, deletion, brought):
                    line = brought.placed.instruction.line
                    hidden.setdefault(line, []).append((deletion, brought))
                    break
        for _, found in sorted(hidden.items()):
            yield _finding(project, placed, found)
        earlier += own


def _takes(project: Project, deletion: Deletion, brought: Brought) -> bool:
    """Tell whether a deletion hides something of what was brought that is worth speaking of."""
    if not deletion.may_touch(brought.path):
        return False
    files = known_files(project, brought)
    if files is not None:
        return sum(size for path, size in files if deletion.takes(path)) >= WARNING_BYTES
    path = deletion.path
    if any(deletion.takes(posixpath.join(brought.path, each)) for each in brought.holds):
        return not (covers(path, brought.path) and is_small(project, brought))
    if deletion.find is not None or not covers(brought.path, path):
        return False
    # Below a folder that several instructions fill, only what is known to come from there.
    return (brought.whole or exists_in_context(project, brought, path)) and not is_small(
        project, brought, path
    )


def _finding(
    project: Project, placed: Placed, found: list[tuple[Deletion, Brought]]
) -> ProjectFinding:
    deleted, origin = found[0]
    first = origin.placed.instruction
    by_command: dict[int, list[Deletion]] = {}
    for deletion, _ in found:
        by_command.setdefault(deletion.ran.index, []).append(deletion)
    here = [written(each, each[0].ran.folder) for each in by_command.values()]
    return CHECK.at(
        project,
        deleted.ran.line,
        f"'{shortened(here[0], 50)}' hides what line {first.line} brought: its layer is shipped "
        "with all of it",
        _mend(project, origin, list(by_command.values()), [each for each, _ in found]),
        end_line=placed.instruction.end_line,
    )


def _mend(
    project: Project, origin: Brought, commands: list[list[Deletion]], deleted: list[Deletion]
) -> Fix:
    """Return the commands where the files come from; what must not be moved as it is, is said."""
    fix = _moved(project, origin, commands, deleted)
    lines = {each.ran.line for each in deleted}
    blankets = [each for each in blanket_removal.CHECK.run(project) if each.line in lines]
    if not blankets or fix.target != "Dockerfile":
        return fix
    first = before(f"line {blankets[0].line} takes what packages import: see blanket-removal")
    return replace(fix, snippet=first + fix.snippet)


def _moved(
    project: Project, origin: Brought, commands: list[list[Deletion]], deleted: list[Deletion]
) -> Fix:
    first = origin.placed.instruction
    line = deleted[0].ran.line
    if first.word == "RUN":
        moves_about = any(ran.command.name == "cd" for ran in origin.placed.ran)
        folder = "" if moves_about else origin.placed.scope.working_directory
        clean_up = f" {first.escape}\n && ".join(written(each, folder) for each in commands)
        return in_dockerfile(
            f"Do it in the RUN of line {first.line}, in place of line {line}",
            appended(first, clean_up),
        )
    if stage := project.source_of(origin.placed):
        source = posixpath.normpath(posixpath.join("/", origin.source))
        moves = (origin.path, source)
        clean_up = " \\\n && ".join(written(each, "", moves) for each in commands)
        name = stage.name or first.flag("from")[0]
        return in_dockerfile(
            f"Do it in the stage {name}, before it is copied, in place of line {line}",
            f"# at the end of the stage {name}\nRUN {clean_up}",
        )
    if first.flag("from"):
        return in_dockerfile(
            f"Copy what is needed alone, in place of line {line}", f"# in parts\n{first.text}"
        )
    return Fix(
        "Keep them out of the build, or build in a stage of its own if a RUN needs them",
        project.ignore_file.name if project.ignore_file else ".dockerignore",
        "\n".join(dict.fromkeys(_ignored(each, origin) for each in deleted)),
    )


def _ignored(deletion: Deletion, origin: Brought) -> str:
    """Return the lines for .dockerignore that leave out what a deletion takes of the context."""
    source = posixpath.normpath(origin.source.lstrip("/") or ".")
    prefix = "" if source == "." else f"{source}/"
    inside = posixpath.relpath(deletion.path, origin.path)
    if deletion.find is not None:
        below = "" if covers(deletion.path, origin.path) else f"{inside}/"
        names = deletion.find.names or ("*",)
        return "\n".join(f"{prefix}{below}**/{name}" for name in names)
    return source if covers(deletion.path, origin.path) else prefix + inside


CHECK = Check(
    name="cleanup-in-later-layer",
    title="Clean-up in another instruction than the one that brings the files",
    why="Layers only add up. What a `RUN` deletes that an earlier `COPY` or `RUN` brought is "
    "hidden from the container, and still shipped.",
    fix="Clean up in the same `RUN`, or in the build stage before the `COPY`; leave what you do "
    "not want out of the build with .dockerignore.",
    ignore_when="The files are few, or the image is squashed.",
    check=_check,
    examples=(
        dockerfile_example(
            "an environment that is copied, and one that is made; the cache is for pip-keeps-cache",
            "FROM python:3.11-slim\n"
            "WORKDIR /app\n"
            "COPY --from=build /app/.venv .venv\n"
            "RUN find .venv -name __pycache__ -exec rm -r {} +\n"
            "RUN python3 -m venv /opt/tools && /opt/tools/bin/pip install flask\n"
            "RUN rm -rf /root/.cache/pip\n"
            "RUN find /opt/tools -name '*.pyc' -delete\n"
            "RUN rm -rf /app/.venv/lib/python3.11/site-packages/torch/test\n",
            4,
            7,
            8,
        ),
        dockerfile_example(
            "a folder of the context",
            "FROM python:3.11-slim\nWORKDIR /app\nCOPY . .\nRUN make && rm -rf build tests\n",
            4,
            files={"tests/data.bin": 5_000_000, "main.py": ""},
        ),
        dockerfile_example(
            "clean-up of what the same RUN, or a stage that is not shipped, has made",
            "FROM python:3.11-slim AS build\n"
            "COPY . /src\n"
            "RUN cd /src && make && rm -rf /src/tests\n"
            "FROM python:3.11-slim\n"
            "WORKDIR /app\n"
            "COPY . .\n"
            "RUN make && rm -rf build\n"
            "RUN python3 -m venv .venv && find .venv -name __pycache__ -exec rm -r {} +\n"
            "RUN apt-get update && apt-get install -y curl && rm -rf /var/lib/apt/lists/*\n"
            "RUN apt-get update && apt-get install -y git && rm -rf /var/lib/apt/lists/*\n",
        ),
        dockerfile_example(
            "a find that takes none of the files which are known to be there",
            "FROM python:3.11-slim\n"
            "COPY src /src\n"
            "RUN find /src -name '*.pyc' -delete\n"
            "RUN find / -name '*.a' -delete\n",
            files={"src/data.bin": 5_000_000},
        ),
    ),
)
