"""The JSON of `imgdiag why`."""

from __future__ import annotations

from typing import Annotated, TypedDict

from imgdiag.schema._common import ImageRead, NameBytes, Version
from imgdiag.schema._dependencies import EnvironmentName, Root


class StepRequirement(TypedDict):
    """A requirement as the metadata states it."""

    requirement: str
    extras: list[str]
    by_extra: str | None


class Step(TypedDict):
    """A step of a chain: the package that is required next, and by what."""

    name: str
    requirements: list[StepRequirement]


class Chain(TypedDict):
    """A chain of requirements, from what was asked for to the package."""

    roots: list[Root]
    steps: list[Step]


class MoreChains(TypedDict):
    """The chains that are not shown; `count` is a lower bound where not `is_complete`."""

    count: int
    is_complete: bool


class Without(TypedDict):
    """What happens when `root` is no longer asked for."""

    root: str
    stays: bool
    kept_by: list[str]
    bytes: Annotated[int, "bytes that go in all, 0 where the package stays"]


class Answer(TypedDict):
    """Why a package is in an environment."""

    environment: EnvironmentName
    name: str
    version: str
    bytes: Annotated[int, "bytes of its own files"]
    retained_bytes: Annotated[int, "bytes that go with it"]
    goes_with_it: list[NameBytes]
    chains: list[Chain]
    more_chains: MoreChains
    without: list[Without]
    more_roots: int


class Report(TypedDict):
    """Why a package is in an image, for each environment that has it."""

    schema_version: Version
    image: ImageRead
    answers: list[Answer]
    warnings: list[str]
