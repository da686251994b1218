"""The local environment beside the image's, as a table and as JSON."""

from __future__ import annotations

from collections.abc import Iterable

from imgdiag.project.comparison import UNEXPECTED, Installed, PackagePair, Side, VenvComparison
from imgdiag.reports import Style
from imgdiag.reports._encoding import encode
from imgdiag.reports._page import Page
from imgdiag.schema import compare_venv as schema
from imgdiag.units import format_bytes

_ROWS = 15


def text(comparison: VenvComparison, style: Style) -> str:
    """Return both environments side by side; `style.details` shows what is the same, too."""
    page = Page(style)
    local, image = comparison.local, comparison.image
    page.line(f"{local.path}   beside {image.path} of {comparison.reference}", bold=True)
    page.line()
    page.table(
        (
            ("Python", local.python_version or "?", image.python_version or "?"),
            ("size", format_bytes(local.bytes), format_bytes(image.bytes)),
            *((name, *counts) for name, counts in _counts(comparison.packages)),
        ),
        ("", "here", "in the image"),
        "lrr",
    )
    sections = (
        ("Only in the image", [p for p in comparison.packages if p.difference == "image"]),
        ("Only here", [p for p in comparison.packages if p.difference == "local"]),
        ("Another version", [p for p in comparison.packages if p.difference == "version"]),
        ("The same", [p for p in comparison.packages if p.difference == "same"]),
    )
    for title, pairs in sections[: 4 if style.details else 3]:
        _packages(page, title, pairs, None if style.details else _ROWS)
    _made_of(page, comparison)
    _unexpected(page, comparison)
    for warning in comparison.warnings:
        page.paragraph(warning, indent=2)
    return page.text()


def _counts(pairs: Iterable[PackagePair]) -> Iterable[tuple[str, tuple[str, str]]]:
    pairs = list(pairs)
    here = sum(pair.local is not None for pair in pairs)
    there = sum(pair.image is not None for pair in pairs)
    yield "packages", (f"{here:,}", f"{there:,}")


def _packages(page: Page, title: str, pairs: list[PackagePair], rows: int | None) -> None:
    if not pairs:
        return
    page.heading(f"{title}: {len(pairs)}")
    shown = pairs[:rows]
    both = any(pair.local and pair.image for pair in pairs)
    headers = (
        ("package", "here", "", "in the image", "") if both else ("package", "version", "size")
    )
    page.table(
        ((pair.name, *_cells(pair.local), *_cells(pair.image)) for pair in shown),
        headers,
        "llrlr" if both else "llr",
    )
    if len(pairs) > len(shown):
        rest = sum(_size(pair) for pair in pairs[len(shown) :])
        page.line(
            f"and {len(pairs) - len(shown)} more, {format_bytes(rest)}; --details shows all",
            indent=2,
        )


def _cells(installed: Installed | None) -> tuple[str, ...]:
    return (installed.version, format_bytes(installed.bytes)) if installed else ()


def _size(pair: PackagePair) -> int:
    return max(side.bytes for side in (pair.local, pair.image) if side)


def _made_of(page: Page, comparison: VenvComparison) -> None:
    page.heading("Made of")
    page.table(
        (
            (
                pair.kind.value,
                format_bytes(pair.local_bytes),
                format_bytes(pair.image_bytes),
                f"{pair.image_files:,}",
            )
            for pair in comparison.kinds
            if pair.local_files or pair.image_files
        ),
        ("kind", "here", "in the image", "files there"),
        "lrrr",
    )


def _unexpected(page: Page, comparison: VenvComparison) -> None:
    tools = [pair for pair in comparison.packages if pair.is_tool and pair.image]
    kinds = [pair for pair in comparison.kinds if pair.kind in UNEXPECTED and pair.image_bytes]
    page.heading("In the image, and of little use to a running service")
    if not tools and not kinds:
        page.line("Nothing.", indent=2, fg="green")
    if tools:
        total = sum(pair.image.bytes for pair in tools if pair.image)
        names = ", ".join(pair.name for pair in tools)
        page.paragraph(f"developers' tools, {format_bytes(total)}: {names}", indent=2)
    for pair in kinds:
        note = _NOTES.get(pair.kind.value, "")
        page.paragraph(f"{pair.kind.value}, {format_bytes(pair.image_bytes)}{note}", indent=2)
    if tools or kinds:
        page.paragraph("'imgdiag analyze' says what of it can go, and how.", indent=2)


_NOTES = {
    "byte-code": ": it buys start-up time; keep it unless size matters more",
    "docs": ": some packages import theirs (boto3 needs botocore.docs); leave them",
    "tests": ": some packages import theirs (scipy needs numpy's); never all at once",
}


def as_json(comparison: VenvComparison) -> str:
    """Return the comparison as one JSON object."""
    report: schema.Report = {
        "schema_version": 1,
        "reference": comparison.reference,
        "local": _side(comparison.local),
        "image": _side(comparison.image),
        "packages": [
            {
                "name": pair.name,
                "difference": pair.difference,
                "is_tool": pair.is_tool,
                "local": _installed(pair.local),
                "image": _installed(pair.image),
            }
            for pair in comparison.packages
        ],
        "kinds": [
            {
                "kind": pair.kind,
                "local_bytes": pair.local_bytes,
                "image_bytes": pair.image_bytes,
                "local_files": pair.local_files,
                "image_files": pair.image_files,
            }
            for pair in comparison.kinds
        ],
        "warnings": list(comparison.warnings),
    }
    return encode(report)


def _side(side: Side) -> schema.Side:
    return {"path": side.path, "python_version": side.python_version, "bytes": side.bytes}


def _installed(installed: Installed | None) -> schema.Installed | None:
    return None if installed is None else {"version": installed.version, "bytes": installed.bytes}
