"""An item of the checklist: passed, failed, or not checkable and why."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Status(StrEnum):
    """How an item came out."""

    PASSED = "passed"
    FAILED = "failed"
    UNKNOWN = "not checkable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One item. `place` is a file and line, or a path in the image, "" where there is none."""

    name: str
    status: Status
    detail: str
    place: str = ""


def passed(name: str, detail: str, place: str = "") -> Item:
    """Return an item that passed."""
    return Item(name=name, status=Status.PASSED, detail=detail, place=place)


def failed(name: str, detail: str, place: str = "") -> Item:
    """Return an item that failed."""
    return Item(name=name, status=Status.FAILED, detail=detail, place=place)


def unknown(name: str, detail: str) -> Item:
    """Return an item that cannot be checked; `detail` says why."""
    return Item(name=name, status=Status.UNKNOWN, detail=detail)


def place_of(path: str, line: int | None) -> str:
    """Return a file and a line as editors understand them, the file alone without a line."""
    return f"{path}:{line}" if line else path


def failures(items: Iterable[Item]) -> int:
    """Return how many items failed."""
    return sum(item.status is Status.FAILED for item in items)
