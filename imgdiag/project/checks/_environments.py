"""Where a command puts a Python environment, and whether that comes into the image."""

from __future__ import annotations

import posixpath

from imgdiag.project.checks._tools import call, is_on
from imgdiag.project.expansion import HOLE
from imgdiag.project.project import Project
from imgdiag.project.runs import Placed, Ran, covers

_MARKS = ("venv", "virtualenvs", "site-packages")
SYSTEM = "/usr/local"


def of_uv(placed: Placed, ran: Ran) -> str:
    """Return the environment that `uv sync` fills."""
    folder = ran.command.value("--project") or ran.command.value("--directory") or "."
    return placed.path(
        posixpath.join(folder, placed.variable("UV_PROJECT_ENVIRONMENT", ran) or ".venv"), ran
    )


def of_poetry(project: Project, placed: Placed, ran: Ran) -> str:
    """Return the environment that `poetry install` fills."""
    settings = [
        each.command.words
        for other in project.built
        if other.stage is placed.stage
        for each in other.ran
        if call(each.command) == ("poetry", "config")
    ]
    if ["false"] in [list(words[-1:]) for words in settings if "virtualenvs.create" in words] or (
        placed.variable("POETRY_VIRTUALENVS_CREATE", ran)
        and not is_on(placed.variable("POETRY_VIRTUALENVS_CREATE", ran))
    ):
        return SYSTEM
    in_project = is_on(placed.variable("POETRY_VIRTUALENVS_IN_PROJECT", ran))
    if in_project or any("virtualenvs.in-project" in words for words in settings):
        return placed.path(".venv", ran)
    return f"{placed.home or '/root'}/.cache/pypoetry/virtualenvs"


def of_pip(placed: Placed, ran: Ran) -> str:
    """Return the environment that `pip install` fills, "" where that is not known."""
    program, _, _ = ran.command.words[0].rpartition("/")
    if ran.command.has("--user", "--target", "--prefix", "--root", "-t"):
        return ""
    if program:
        return posixpath.dirname(placed.path(program, ran))
    if environment := placed.variable("VIRTUAL_ENV", ran):
        return environment
    first = placed.variable("PATH", ran).partition(":")[0]
    return SYSTEM if first in ("", "$PATH", HOLE, "/usr/local/bin") else posixpath.dirname(first)


def made_by(placed: Placed) -> list[str]:
    """Return the environments that a RUN makes, by `venv`, `virtualenv` or uv."""
    made = []
    for ran in placed.ran:
        words = ran.command.words
        tool, sub = call(ran.command)
        if (tool, sub) == ("uv", "sync"):
            made.append(of_uv(placed, ran))
        elif tool in ("venv", "virtualenv") and ran.command.arguments:
            made.append(placed.path(ran.command.arguments[-1], ran))
        elif (tool, sub) == ("uv", "venv"):
            made.append(placed.path((*words[2:], ".venv")[0], ran))
    return made


def lands(project: Project, placed: Placed, environment: str) -> bool:
    """Tell whether an environment that an instruction fills comes into the image.

    That is so in the stages that it is made of, and in one that it is copied from.
    """
    assert project.dockerfile is not None
    delivering = {stage.index for stage in project.shipped_stages}
    while True:
        if placed.stage.index in delivering:
            return True
        more: set[int] = set()
        for other in project.built:
            source = project.source_of(other) if other.instruction.word == "COPY" else None
            if source is None or other.stage.index not in delivering:
                continue
            if any(_takes(path, environment) for path in other.instruction.arguments[:-1]):
                more |= {stage.index for stage in project.dockerfile.chain(source)}
        if more <= delivering:
            return False
        delivering |= more


def _takes(source: str, environment: str) -> bool:
    path = posixpath.normpath(posixpath.join("/", source))
    near = covers(path, environment) or covers(environment, path)
    return near or any(mark in path for mark in _MARKS)
