"""Users that a Dockerfile makes, and whether a COPY may name one."""

from __future__ import annotations

import re
from collections.abc import Iterable

from imgdiag.project.project import Project
from imgdiag.project.runs import Placed

_MAKES = re.compile(r"(user|group)add|add(user|group)")


def is_known(project: Project, owner: str, copy: Placed) -> bool:
    """Tell whether COPY can resolve an owner: a number, root, or made by an earlier RUN."""
    before = project.shipped[: project.shipped.index(copy)]
    return all(name in _made(before) for name in _names(owner))


def made_after(project: Project, owner: str, copy: Placed) -> int:
    """Return the line of the first RUN after `copy` that makes a user or group of `owner`.

    0 when there is none: it may be known to the base image.
    """
    at = project.shipped.index(copy)
    known = _made(project.shipped[:at])
    for placed in project.shipped[at:]:
        if any(name in _made([placed]) and name not in known for name in _names(owner)):
            return placed.instruction.line
    return 0


def _names(owner: str) -> list[str]:
    return [name for name in owner.split(":") if name and not name.isdecimal() and name != "root"]


def _made(instructions: Iterable[Placed]) -> set[str]:
    return {
        word
        for placed in instructions
        for ran in placed.ran
        if _MAKES.fullmatch(ran.command.name)
        for word in ran.command.words
    }
