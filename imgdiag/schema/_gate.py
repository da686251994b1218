"""What the JSON reports say of budgets and waivers."""

from __future__ import annotations

from typing import Annotated, Literal, TypedDict

from imgdiag.gate.budgets import Measure


class Waiver(TypedDict):
    """A finding's acceptance, by rule, paths or packages, until a day."""

    rule: str | None
    paths: list[str]
    packages: list[str]
    reason: str
    expires: Annotated[str, "a date, as in 2027-01-31"]


class Part(TypedDict):
    """Something that has the most of what a broken budget limits."""

    what: str
    bytes: int


class GateCheck(TypedDict):
    """One limit held against one number; `actual` is null when it could not be known."""

    name: str
    measure: Annotated[Measure | None, "what is limited; null for findings and partial reads"]
    of: Annotated[str | None, "the layer, packages or paths that it is limited to"]
    unit: Annotated[Literal["bytes", "percent", "count"], "of limit and actual"]
    limit: float
    actual: float | None
    passed: bool
    over_bytes: Annotated[int | None, "by how much a budget is broken"]
    detail: str
    message: Annotated[str | None, "the budget's own"]
    parts: list[Part]


class NotChecked(TypedDict):
    """A budget that nothing could be held against."""

    name: str
    measure: Measure
    reason: str


class Waived(TypedDict):
    """A finding that a waiver accepts."""

    rule: str
    bytes: int
    message: str
    waiver: Waiver


class Gate(TypedDict):
    """The verdict of the budgets."""

    passed: bool
    configuration: Annotated[str | None, "the file that had a say"]
    checks: list[GateCheck]
    not_checked: list[NotChecked]
    waived: list[Waived]
    expired_waivers: list[Waiver]
    unused_waivers: list[Waiver]
