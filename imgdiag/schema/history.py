"""The JSON of `imgdiag history`."""

from __future__ import annotations

from typing import Annotated, TypedDict

from imgdiag.schema._common import Dockerfile, Lines, Version


class Image(TypedDict):
    """Which image was read, and how."""

    reference: str
    id: str
    created: str | None
    platform: str
    source: str
    route: str


class Layer(TypedDict):
    """What an instruction added; null where its layer could not be read."""

    index: int
    layer_bytes: int | None
    visible_bytes: int | None
    wasted_bytes: int | None
    transfer_bytes: int | None
    files: int | None
    problem: Annotated[str | None, "why it could not be read"]


class Step(TypedDict):
    """An instruction; `layer` is null where it made none."""

    created: str | None
    created_by: str
    layer: Layer | None
    dockerfile: Lines | None
    base_image: str | None


class Report(TypedDict):
    """The instructions that made an image, oldest first."""

    schema_version: Version
    image: Image
    dockerfile: Dockerfile | None
    history: list[Step]
