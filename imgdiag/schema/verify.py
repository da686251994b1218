"""The JSON of `imgdiag verify`."""

from __future__ import annotations

from typing import Annotated, TypedDict

from imgdiag.project.checklist import Status
from imgdiag.schema._common import Version


class Item(TypedDict):
    """An item of the checklist."""

    name: str
    status: Status
    detail: str
    place: Annotated[str | None, "the file and its line"]


class Report(TypedDict):
    """The checklist of a lean image."""

    schema_version: Version
    project: str
    reference: str | None
    passed: bool
    items: list[Item]
