"""cache-mount-missed: a cache mount where the tool does not keep its cache."""

import re
from collections.abc import Iterator
from dataclasses import replace

from imgdiag.finding import Severity
from imgdiag.project.check import Check, ProjectFinding, dockerfile_example
from imgdiag.project.checks._mends import in_dockerfile, rewritten
from imgdiag.project.checks._tools import cache_of, call, is_on, runs_of
from imgdiag.project.expansion import HOLE
from imgdiag.project.project import Project
from imgdiag.project.runs import Placed, Ran, covers

_SUBS = {
    "pip": ("install", "download", "wheel"),
    "uv": ("sync", "add", "pip install", "pip sync", "tool install"),
    "poetry": ("install", "sync", "add"),
    "npm": ("ci", "install", "i"),
}
# What a path says of the tool that it is meant for.
_MARKS = {"pip": "pip", "uv": "uv", "poetry": "poetry", "npm": "npm"}


def _check(project: Project) -> Iterator[ProjectFinding]:
    for placed in project.built:
        targets = placed.mount_targets("cache")
        if not targets or any(HOLE in target for target in targets):
            continue
        for tool, subs in _SUBS.items():
            for ran in runs_of(placed, tool, *subs)[:1]:
                yield from _of_tool(project, placed, ran, tool, targets)
        yield from _of_apt(project, placed, targets)


def _of_tool(
    project: Project, placed: Placed, ran: Ran, tool: str, targets: tuple[str, ...]
) -> Iterator[ProjectFinding]:
    cache = cache_of(tool, placed, ran)
    meant = [target for target in targets if _is_meant(target, tool)]
    if not meant:
        return
    if (why := _unused(placed, ran, tool)) and not any(_is_shared(each, tool) for each in meant):
        layout = placed.instruction.layout
        option = re.search(r"\s--no-cache(-dir)?(?=\s|$)", layout)
        yield CHECK.at(
            project,
            placed.instruction.line,
            f"the cache mount at {meant[0]} stays empty: {why}",
            in_dockerfile(
                "Drop the one or the other: with the mount the cache is in no layer anyway",
                rewritten(placed.instruction, layout=layout.replace(option[0], ""))
                if option
                else rewritten(
                    replace(
                        placed.instruction,
                        flags=tuple(
                            each for each in placed.instruction.flags if meant[0] not in each
                        ),
                    )
                ),
            ),
            severity=Severity.NOTE,
            end_line=placed.instruction.end_line,
        )
        return
    # A mount in the cache's folder is for a part of it: Poetry's has its environments there too.
    if why or any(covers(each, cache) or covers(cache, each) for each in targets if cache):
        return
    if not cache:
        # The home of a user that only the image knows; root's it is not.
        if not all(covers("/root", target) for target in meant):
            return
        cache = f"<home of {placed.scope.user}>/.cache/{tool}"
    text = rewritten(placed.instruction)
    yield CHECK.at(
        project,
        placed.instruction.line,
        f"the cache mount at {meant[0]} is not where {tool} keeps its cache, which is {cache}: it "
        "stays empty, and the cache is in the layer",
        in_dockerfile("Mount the cache where it is", text.replace(meant[0], cache, 1)),
        end_line=placed.instruction.end_line,
    )


def _is_meant(target: str, tool: str) -> bool:
    """Tell whether a mount looks as if it were for a tool's cache, or for all caches."""
    parts = target.split("/")
    return any(_MARKS[tool] in part for part in parts[-2:]) or parts[-1] == ".cache"


def _is_shared(target: str, tool: str) -> bool:
    return not any(_MARKS[tool] in part for part in target.split("/")[-2:])


def _unused(placed: Placed, ran: Ran, tool: str) -> str:
    """Return what keeps a tool from using any cache, "" for nothing."""
    if tool == "pip" and ran.command.has("--no-cache-dir"):
        return "pip is told --no-cache-dir"
    if tool == "pip" and (value := placed.variable("PIP_NO_CACHE_DIR", ran)):
        return f"PIP_NO_CACHE_DIR is {value}"
    if tool == "uv" and ran.command.has("--no-cache", "-n"):
        return "uv is told --no-cache"
    if tool == "uv" and is_on(placed.variable("UV_NO_CACHE", ran)):
        return "UV_NO_CACHE is set"
    if tool == "poetry" and ran.command.has("--no-cache"):
        return "poetry is told --no-cache"
    return ""


def _of_apt(project: Project, placed: Placed, targets: tuple[str, ...]) -> Iterator[ProjectFinding]:
    """Find a mount for apt's downloads that Debian's images empty after each install."""
    if "/var/cache/apt" not in targets or not any(
        call(ran.command) in (("apt-get", "install"), ("apt", "install")) for ran in placed.ran
    ):
        return
    before = [each for each in project.built if each.stage is placed.stage]
    before = before[: before.index(placed) + 1]
    if any("docker-clean" in each.instruction.command or "Keep-Downloaded-Packages"
           in each.instruction.command for each in before):  # fmt: skip
        return
    switch = (
        "rm -f /etc/apt/apt.conf.d/docker-clean; echo "
        "'Binary::apt::APT::Keep-Downloaded-Packages \"true\";' >/etc/apt/apt.conf.d/keep-cache"
    )
    yield CHECK.at(
        project,
        placed.instruction.line,
        "the cache mount at /var/cache/apt is emptied by each install: Debian's and Ubuntu's "
        "images say so in /etc/apt/apt.conf.d/docker-clean",
        in_dockerfile("Keep the downloads, before this RUN", f"RUN {switch}"),
        severity=Severity.NOTE,
        end_line=placed.instruction.end_line,
    )


CHECK = Check(
    name="cache-mount-missed",
    title="A cache mount that the tool does not use",
    why="A mount at root's `~/.cache` holds nothing when another user runs pip, or when "
    "`UV_CACHE_DIR`, `PIP_CACHE_DIR` or `HOME` say otherwise: the cache then goes into the layer, "
    "and every build downloads everything anew.",
    fix="Mount the path that the tool uses: `PIP_CACHE_DIR`, `UV_CACHE_DIR`, "
    "`POETRY_CACHE_DIR`, else `$HOME/.cache/…` of the `USER` in force.",
    ignore_when="The base image sets the variable or the user.",
    check=_check,
    examples=(
        dockerfile_example(
            "the user's home and the variable say otherwise",
            "FROM python:3.11-slim\n"
            "USER app\n"
            "RUN --mount=type=cache,target=/root/.cache/pip pip install flask\n"
            "USER root\n"
            "ENV UV_CACHE_DIR=/opt/uv-cache\n"
            "RUN --mount=type=cache,target=/root/.cache/uv uv sync --locked --no-dev\n",
            3,
            6,
        ),
        dockerfile_example(
            "a mount for a cache that is switched off",
            "FROM python:3.11-slim\n"
            "RUN --mount=type=cache,target=/root/.cache/pip pip install --no-cache-dir flask\n",
            2,
        ),
        dockerfile_example(
            "apt's downloads, which the image deletes",
            "FROM debian:12\n"
            "RUN --mount=type=cache,target=/var/cache/apt \\\n"
            "    --mount=type=cache,target=/var/lib/apt \\\n"
            "    apt-get update && apt-get install -y --no-install-recommends curl\n",
            2,
        ),
        dockerfile_example(
            "mounts where the caches are",
            "FROM python:3.11-slim\n"
            "RUN --mount=type=cache,target=/root/.cache pip install flask\n"
            "ENV UV_CACHE_DIR=/opt/uv-cache\n"
            "RUN --mount=type=cache,target=$UV_CACHE_DIR uv sync --locked --no-dev\n"
            "USER app\n"
            "RUN --mount=type=cache,target=/home/app/.cache/pip,uid=1000 pip install flask\n"
            "USER root\n"
            "RUN --mount=type=cache,target=/root/.cache/pypoetry/artifacts \\\n"
            "    --mount=type=cache,target=/root/.cache/pypoetry/cache \\\n"
            "    poetry install --only main\n",
        ),
    ),
)
