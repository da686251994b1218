"""What the JSON of commands that tell of requirements has in common."""

from __future__ import annotations

from typing import Annotated, TypedDict

from imgdiag.python.root import Origin


class EnvironmentName(TypedDict):
    """A Python environment; `project` is the path of the file that says what was asked for."""

    path: str
    prefix: str
    kind: str
    python_version: str | None
    in_use: Annotated[bool | None, "null where nothing proves it"]
    project: str | None


class Root(TypedDict):
    """One reason for a package to be there that is no package's requirement."""

    name: str
    extras: list[str]
    origin: Origin
    where: str | None
    requirement: str | None
    group: str | None
    dev: bool


class Requirement(TypedDict):
    """A requirement that holds for the image's own Python."""

    name: str
    extras: list[str]
    by_extra: Annotated[str | None, "the extra of the requiring package that it is of"]
    requirement: str
