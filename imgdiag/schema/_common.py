"""What the JSON of several commands has in common."""

from __future__ import annotations

from typing import Annotated, Literal, TypedDict

from imgdiag.project.alignment import Confidence

Version = Annotated[Literal[1], "rises when a key goes, or changes its type or its meaning"]
Bytes = Annotated[int, "bytes"]


class Dockerfile(TypedDict):
    """A Dockerfile that an image was held against."""

    path: str
    fits: Annotated[bool, "when not, nothing has lines"]
    base_image: str | None
    base_layers: Annotated[int | None, "how many of the first layers come from the base image"]
    note: str


class Lines(TypedDict):
    """The lines of a Dockerfile that made something, counted from 1."""

    path: str
    line: int
    end_line: int
    confidence: Confidence


class Fix(TypedDict):
    """What to do: a sentence, and lines to put into a file."""

    summary: str
    file: str
    snippet: str


class Skipped(TypedDict):
    """What could not be read, and why: the numbers leave it out."""

    what: str
    reason: str


class PathBytes(TypedDict):
    """A path and the bytes there; it has no leading slash, and the root's is empty."""

    path: str
    bytes: Bytes


class NameBytes(TypedDict):
    """A package and its bytes."""

    name: str
    bytes: Bytes


class ImageRead(TypedDict):
    """Which image was read, and how."""

    reference: str
    id: str
    platform: str
    source: str
    route: str


class ImageName(TypedDict):
    """Which image it is."""

    reference: str
    id: str
