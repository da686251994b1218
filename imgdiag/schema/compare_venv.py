"""The JSON of `imgdiag compare-venv`."""

from __future__ import annotations

from typing import Annotated, TypedDict

from imgdiag.python.composition import Kind
from imgdiag.schema._common import Bytes, Version


class Side(TypedDict):
    """One of the two environments."""

    path: str
    python_version: str | None
    bytes: Bytes


class Installed(TypedDict):
    """A package as it is installed on one side."""

    version: str
    bytes: Bytes


class Package(TypedDict):
    """A package that is on one side or on both."""

    name: str
    difference: Annotated[str, "same, version, local or image"]
    is_tool: Annotated[bool, "whether it is a developer's"]
    local: Installed | None
    image: Installed | None


class KindBytes(TypedDict):
    """The files of one kind on both sides."""

    kind: Kind
    local_bytes: Bytes
    image_bytes: Bytes
    local_files: int
    image_files: int


class Report(TypedDict):
    """A local environment beside that of an image."""

    schema_version: Version
    reference: str
    local: Side
    image: Side
    packages: list[Package]
    kinds: list[KindBytes]
    warnings: list[str]
