"""pip-keeps-cache: pip install without --no-cache-dir and without a cache mount."""

from collections.abc import Iterator

from imgdiag.project.check import Check, ProjectFinding, dockerfile_example
from imgdiag.project.checks._deletions import told_late, too_late
from imgdiag.project.checks._mends import in_dockerfile, with_cache
from imgdiag.project.checks._tools import cache_of, runs_of
from imgdiag.project.project import Project
from imgdiag.project.runs import Placed, Ran, covers


def _check(project: Project) -> Iterator[ProjectFinding]:
    for placed in project.shipped:
        for ran in runs_of(placed, "pip", "install", "download", "wheel"):
            if not _keeps(placed, ran):
                continue
            cache = cache_of("pip", placed, ran)
            late, instead = told_late(too_late(project, placed, cache) if cache else 0)
            yield CHECK.at(
                project,
                ran.line,
                "pip keeps what it downloads"
                + (f" in {cache}" if cache else " in its user's home")
                + f", in this layer: what it downloaded is shipped beside what it installed{late}",
                in_dockerfile(
                    f"Mount the cache while building, or say --no-cache-dir{instead}",
                    with_cache(placed.instruction, cache or "<home>/.cache/pip"),
                ),
                end_line=placed.instruction.end_line,
            )
            break  # once for a RUN


def _keeps(placed: Placed, ran: Ran) -> bool:
    command = ran.command
    # pip takes any value of the variable for yes, 0 and off too.
    if command.has("--no-cache-dir", "--no-index") or placed.variable("PIP_NO_CACHE_DIR", ran):
        return False
    cache = cache_of("pip", placed, ran)
    if not cache:  # some user's home: any mount for pip will be meant for it
        mounted = placed.mount_targets("cache", "tmpfs")
        return not any(target.endswith((".cache", ".cache/pip")) for target in mounted)
    if placed.may_mount(cache, "cache", "tmpfs"):
        return False
    return not any(_cleans(placed, later, cache) for later in placed.ran[ran.index :])


def _cleans(placed: Placed, ran: Ran, cache: str) -> bool:
    if runs_of(placed, "pip", "cache"):
        return True
    if ran.command.name != "rm":
        return False
    return any(covers(placed.path(word, ran), cache) for word in ran.command.arguments)


CHECK = Check(
    name="pip-keeps-cache",
    title="`pip install` that keeps its cache in the layer",
    why="pip keeps each wheel in `~/.cache/pip`, so a layer ships every package twice: compressed "
    "and installed. Stages that only give files to another one do not matter and are left alone.",
    fix="`RUN --mount=type=cache,target=/root/.cache/pip`, which also makes the next build "
    "faster; or `--no-cache-dir`, or `ENV PIP_NO_CACHE_DIR=1`.",
    ignore_when="The base image sets `PIP_NO_CACHE_DIR`.",
    check=_check,
    examples=(
        dockerfile_example(
            "pip install as root",
            "FROM python:3.11-slim\nRUN apt-get update \\\n && pip install -r requirements.txt\n",
            3,
        ),
        dockerfile_example(
            "cleaned up in a RUN of its own, which is too late",
            "FROM python:3.11-slim\nRUN pip install flask\nRUN pip cache purge\n",
            2,
        ),
        dockerfile_example(
            "without a cache, by option, variable, mount or clean-up in the same RUN",
            "FROM python:3.11-slim\n"
            "RUN pip install --no-cache-dir flask\n"
            "RUN PIP_NO_CACHE_DIR=1 python -m pip install flask\n"
            "RUN --mount=type=cache,target=/root/.cache pip install flask\n"
            "RUN pip install flask && rm -rf ~/.cache/pip\n"
            "ENV PIP_NO_CACHE_DIR=off\n"
            "RUN pip install flask\n",
        ),
        dockerfile_example(
            "in a stage whose layers are not shipped",
            "FROM python:3.11 AS build\nRUN pip install --target /out flask\n"
            "FROM python:3.11-slim\nCOPY --from=build /out /app\n",
        ),
    ),
)
