"""The checklist as a table and as JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from imgdiag.project.checklist import NO_IMAGE, Item, Status
from imgdiag.reports import Style
from imgdiag.reports._encoding import encode
from imgdiag.reports._page import Page
from imgdiag.schema import verify as schema

_MARKS = {Status.PASSED: "✓", Status.FAILED: "✗", Status.UNKNOWN: "–"}
_COLORS = {Status.PASSED: "green", Status.FAILED: "red", Status.UNKNOWN: "bright_black"}


def text(items: Sequence[Item], folder: Path, reference: str | None, style: Style) -> str:
    """Return each item with its verdict, what tells it, and where."""
    page = Page(style)
    what = f"{reference} and the project in {folder}" if reference else f"the project in {folder}"
    page.line(f"Checklist for {what}", bold=True)
    page.line()
    unnamed = [item for item in items if item.detail == NO_IMAGE]
    for item in items:
        if item in unnamed:
            continue
        page.line(
            f"{_MARKS[item.status]} {item.name}",
            indent=2,
            fg=_COLORS[item.status],
            bold=item.status is Status.FAILED,
        )
        place = f"{item.place}: " if item.place else ""
        unknown = "not checkable: " if item.status is Status.UNKNOWN else ""
        page.paragraph(f"{unknown}{place}{item.detail}", indent=4)
    if unnamed:
        page.line(
            f"{_MARKS[Status.UNKNOWN]} what the image tells",
            indent=2,
            fg=_COLORS[Status.UNKNOWN],
        )
        page.paragraph(
            f"not checkable: {NO_IMAGE}; 'imgdiag verify REF' checks whether "
            f"{', '.join(item.name for item in unnamed)}",
            indent=4,
        )
    page.line()
    counts = Counter(item.status for item in items)
    page.line(
        f"{counts[Status.PASSED]} passed, {counts[Status.FAILED]} failed, "
        f"{counts[Status.UNKNOWN]} not checkable",
        fg="red" if counts[Status.FAILED] else "green",
        bold=True,
    )
    if counts[Status.FAILED]:
        page.paragraph(
            "'imgdiag check' and 'imgdiag analyze' show how to mend what failed; 'imgdiag fix' "
            "writes the patch for what is certain.",
            indent=0,
        )
    return page.text()


def as_json(items: Sequence[Item], folder: Path, reference: str | None) -> str:
    """Return the checklist as one JSON object."""
    report: schema.Report = {
        "schema_version": 1,
        "project": str(folder),
        "reference": reference,
        "passed": all(item.status is not Status.FAILED for item in items),
        "items": [
            {
                "name": item.name,
                "status": item.status,
                "detail": item.detail,
                "place": item.place or None,
            }
            for item in items
        ],
    }
    return encode(report)
