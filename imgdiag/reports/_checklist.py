"""The checklist for a terminal, a pull request and machines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from imgdiag.project.checklist import NO_IMAGE, Item, Status, failures
from imgdiag.reports import Style, _markup
from imgdiag.reports._encoding import encode
from imgdiag.reports._junit import Case, Suite, junit_xml
from imgdiag.reports._markup import Section
from imgdiag.reports._page import Page
from imgdiag.schema import verify as schema

_MARKS = {Status.PASSED: "✓", Status.FAILED: "✗", Status.UNKNOWN: "–"}
_COLORS = {Status.PASSED: "green", Status.FAILED: "red", Status.UNKNOWN: "bright_black"}


def render(
    format_: str, items: Sequence[Item], folder: Path, reference: str | None, style: Style
) -> str:
    """Return the checklist in one of the command's formats."""
    if format_ == "text":
        return text(items, folder, reference, style)
    if format_ == "json":
        return as_json(items, folder, reference)
    if format_ == "junit":
        return junit(items)
    return markdown(items, folder, reference, style)


def text(items: Sequence[Item], folder: Path, reference: str | None, style: Style) -> str:
    """Return each item with its verdict, what tells it, and where."""
    page = Page(style)
    page.line(f"Checklist for {_what(folder, reference)}", bold=True)
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
    failed = bool(failures(items))
    page.line(_counts(items), fg="red" if failed else "green", bold=True)
    if failed:
        page.paragraph(_NEXT, indent=0)
    return page.text()


_NEXT = (
    "'imgdiag check' and 'imgdiag analyze' show how to mend what failed; 'imgdiag fix' writes the "
    "patch for what is certain."
)


def _what(folder: Path, reference: str | None) -> str:
    return f"{reference} and the project in {folder}" if reference else f"the project in {folder}"


def _counts(items: Sequence[Item]) -> str:
    counts = Counter(item.status for item in items)
    return (
        f"{counts[Status.PASSED]} passed, {counts[Status.FAILED]} failed, "
        f"{counts[Status.UNKNOWN]} not checkable"
    )


def markdown(items: Sequence[Item], folder: Path, reference: str | None, style: Style) -> str:
    """Return the checklist for a pull request: what failed, and all else folded."""
    failed = [item for item in items if item.status is Status.FAILED]
    head = [
        *_markup.hidden(style.marker),
        f"## {'❌' if failed else '✅'} Checklist for {_markup.text(_what(folder, reference))}",
        f"**{_counts(items)}.**",
    ]
    if failed:
        head += ["\n".join(map(_line, failed)), _markup.text(_NEXT)]
    sections = [Section("the verdict", tuple(head))]
    for title, status in (("What passed", Status.PASSED), ("Not checkable", Status.UNKNOWN)):
        lines = [_line(item) for item in items if item.status is status]
        if lines:
            sections.append(Section(title.lower(), (_markup.folded(title, "\n".join(lines)),)))
    return _markup.page(sections)


def _line(item: Item) -> str:
    place = f"{_markup.code(item.place)}: " if item.place else ""
    return f"- **{_markup.text(item.name)}**: {place}{_markup.text(item.detail)}"


def junit(items: Sequence[Item]) -> str:
    """Return the checklist as JUnit XML, a test for each item."""
    tests = []
    for item in items:
        detail = f"{item.place}: {item.detail}" if item.place else item.detail
        failed, unknown = item.status is Status.FAILED, item.status is Status.UNKNOWN
        tests.append(
            Case(
                name=item.name,
                failure=detail if failed else "",
                skipped=detail if unknown else "",
                text=detail,
            )
        )
    return junit_xml([Suite("imgdiag.verify", tuple(tests))])


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
