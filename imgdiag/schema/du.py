"""The JSON of `imgdiag du`."""

from __future__ import annotations

from typing import Annotated, TypedDict

from imgdiag.schema._common import Bytes, ImageName, PathBytes, Skipped, Version


class Others(TypedDict):
    """What of a folder has no row of its own."""

    entries: int
    bytes: Bytes


class Row(TypedDict):
    """A folder or a file; paths have no leading slash, and the root's is empty."""

    path: str
    type: Annotated[str, "folder or file"]
    bytes: Bytes
    written_bytes: Annotated[int | None, "bytes written since the container's start"]
    children: list[Row]
    others: Others


class Written(TypedDict):
    """Files of one kind that were written since a container's start."""

    kind: str
    bytes: Bytes
    files: int
    largest: list[PathBytes]


class Container(TypedDict):
    """A running container, and what was written since its start."""

    name: str
    id: str
    written_bytes: Bytes
    written: list[Written]
    deleted: Annotated[int, "paths of the image that are gone"]


class Report(TypedDict):
    """How many bytes stand in which folder."""

    schema_version: Version
    image: ImageName
    how: Annotated[str, "static, live or container"]
    program: Annotated[str | None, "what of the image listed its files"]
    measure: Annotated[str, "apparent or blocks"]
    estimate: bool
    table: Row
    container: Container | None
    left_out: list[str]
    skipped: list[Skipped]
