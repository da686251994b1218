"""The JSON of `imgdiag verify-torch`."""

from __future__ import annotations

from typing import Annotated, TypedDict

from imgdiag.schema._common import ImageName, Version


class Static(TypedDict):
    """What the files say of a torch."""

    version: str
    variant: Annotated[str, "cpu, cuda, rocm, xpu or unknown"]
    toolkit: str
    evidence: str


class Live(TypedDict):
    """What the image's own Python says when it imports torch."""

    python: str
    version: str | None
    cuda: str | None
    hip: str | None
    is_available: bool | None
    file: str | None
    problem: str | None


class Check(TypedDict):
    """One torch, by its files and by its Python."""

    environment: str
    static: Static | None
    live: Live
    disagreements: list[str]


class Report(TypedDict):
    """Whether the image's own Python agrees with what was read."""

    schema_version: Version
    image: ImageName
    agreed: bool
    checks: list[Check]
    note: str | None
