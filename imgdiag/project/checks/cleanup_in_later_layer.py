"""cleanup-in-later-layer: files deleted by another instruction than the one that brings them."""

from collections.abc import Iterator

from imgdiag.project.check import Check, ProjectFinding, dockerfile_example
from imgdiag.project.checks._brought import Brought, brought_by, exists_in_context, is_small
from imgdiag.project.checks._mends import appended, in_dockerfile
from imgdiag.project.checks._tools import call
from imgdiag.project.expansion import HOLE
from imgdiag.project.project import Project
from imgdiag.project.runs import Placed, Ran, covers
from imgdiag.text import shortened


def _check(project: Project) -> Iterator[ProjectFinding]:
    earlier: list[Brought] = []
    for placed in project.shipped:
        own = list(brought_by(project, placed))
        for ran in placed.ran:
            origin = next(
                (
                    brought
                    for path in _deleted(placed, ran)
                    if not any(covers(each.path, path) or covers(path, each.path) for each in own)
                    for brought in reversed(earlier)
                    if _takes(project, path, brought) and not is_small(project, brought, path)
                ),
                None,
            )
            if origin is not None:
                yield _finding(project, placed, ran, origin)
                break  # once for a RUN
        earlier += own


def _finding(project: Project, placed: Placed, ran: Ran, origin: Brought) -> ProjectFinding:
    first = origin.placed.instruction
    command = shortened(" ".join(ran.command.words), 50)
    if first.word == "RUN":
        clean_up = placed.instruction.layout
        folder = placed.scope.working_directory
        if folder != origin.placed.scope.working_directory and HOLE not in folder:
            clean_up = f"( cd {folder} && {clean_up} )"
        fix = in_dockerfile(f"Do it in the RUN of line {first.line}", appended(first, clean_up))
    elif first.flag("from"):
        fix = in_dockerfile(
            f"Do it in the stage {first.flag('from')[0]}, before it is copied",
            f"# at the end of that stage\nRUN {placed.instruction.layout}",
        )
    else:
        fix = in_dockerfile(
            "Keep them out of the build with .dockerignore, or copy what is needed",
            f"# .dockerignore leaves them out\n{first.text}",
        )
    return CHECK.at(
        project,
        ran.line,
        f"'{command}' hides what line {first.line} brought: its layer is shipped with all of it",
        fix,
        end_line=placed.instruction.end_line,
    )


def _takes(project: Project, path: str, brought: Brought) -> bool:
    """Tell whether deleting `path` deletes something of what was brought."""
    if covers(path, brought.path):
        return True
    if not covers(brought.path, path):
        return False
    # Below a folder that several instructions fill, only what is known to come from there.
    return brought.whole or exists_in_context(project, brought, path)


def _deleted(placed: Placed, ran: Ran) -> Iterator[str]:
    """Yield what a command deletes."""
    command = ran.command
    words = command.words[1:]
    if command.name in ("rm", "rmdir", "unlink"):
        yield from (placed.path(word, ran) for word in command.arguments)
    elif command.name == "find" and ("-delete" in words or "rm" in words):
        for word in words:
            if word.startswith(("-", "(", "!")):
                break
            yield placed.path(word, ran)
    elif call(command) in (("apt-get", "clean"), ("apt", "clean")):
        yield "/var/cache/apt"
    elif call(command) == ("pip", "cache") and placed.home:
        yield f"{placed.home}/.cache/pip"


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
            "an environment that is copied, one that is made, and caches",
            "FROM python:3.11-slim\n"
            "WORKDIR /app\n"
            "COPY --from=build /app/.venv .venv\n"
            "RUN find .venv -name __pycache__ -exec rm -r {} +\n"
            "RUN python3 -m venv /opt/tools && /opt/tools/bin/pip install flask\n"
            "RUN rm -rf /root/.cache/pip\n"
            "RUN find /opt/tools -name '*.pyc' -delete\n"
            "RUN rm -rf /app/.venv/lib/python3.11/site-packages/torch/test\n",
            4,
            6,
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
    ),
)
