"""The JSON of `imgdiag tree`."""

from __future__ import annotations

from typing import Annotated, TypedDict

from imgdiag.schema._common import ImageRead, Version
from imgdiag.schema._dependencies import EnvironmentName, Requirement, Root


class Package(TypedDict):
    """A package of the graph."""

    name: str
    version: str
    bytes: Annotated[int, "bytes of its own files"]
    retained_bytes: Annotated[int, "bytes that go with it"]
    extras: Annotated[list[str], "those asked for"]
    requires: list[Requirement]
    required_by: list[str]


class Environment(EnvironmentName):
    """A Python environment, what was asked for in it, and its graph of requirements."""

    roots: list[Root]
    packages: list[Package]


class Report(TypedDict):
    """What requires what in an image."""

    schema_version: Version
    image: ImageRead
    environments: list[Environment]
    warnings: list[str]
