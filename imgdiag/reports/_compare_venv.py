"""The local environment beside the image's, as text, Markdown and JSON."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from imgdiag.project.compare_venv import UNEXPECTED, Installed, PackagePair, Side, VenvComparison
from imgdiag.reports import Style, _markup
from imgdiag.reports._encoding import encode
from imgdiag.reports._markup import Section, code
from imgdiag.reports._page import Page
from imgdiag.schema import compare_venv as schema
from imgdiag.units import format_bytes

_ROWS = 15


def render(format_: str, comparison: VenvComparison, style: Style) -> str:
    """Return the comparison in one of the command's formats."""
    if format_ == "text":
        return text(comparison, style)
    if format_ == "json":
        return as_json(comparison)
    return markdown(comparison, style)


def text(comparison: VenvComparison, style: Style) -> str:
    """Return both environments side by side; `style.details` shows what is the same, too."""
    page = Page(style)
    local, image = comparison.local, comparison.image
    page.line(f"{local.path}   beside {image.path} of {comparison.reference}", bold=True)
    page.line()
    page.table(_sides(comparison), ("", "here", "in the image"), "lrr")
    for title, pairs in _differences(comparison, style):
        _packages(page, title, pairs, None if style.details else _ROWS)
    _made_of(page, comparison)
    _unexpected(page, comparison)
    for warning in comparison.warnings:
        page.paragraph(warning, indent=2)
    return page.text()


def markdown(comparison: VenvComparison, style: Style) -> str:
    """Return both environments side by side for a pull request, the packages folded."""
    local, image = comparison.local, comparison.image
    head = (
        *_markup.hidden(style.marker),
        f"## {code(local.path)} beside {code(image.path)} of {code(comparison.reference)}",
        _table(("", "Here", "In the image"), _sides(comparison), "lrr"),
    )
    sections = [
        Section("both sides", head),
        Section("what is of little use", ("### " + _OF_LITTLE_USE, _unexpected_list(comparison))),
    ]
    for title, pairs in _differences(comparison, style):
        if pairs:
            none = ("–", "–")
            rows = (
                (pair.name, *(_cells(pair.local) or none), *(_cells(pair.image) or none))
                for pair in pairs
            )
            body = _table(("Package", "Here", "Size", "In the image", "Size"), rows, "llrlr")
            folded = _markup.folded(f"{title}: {len(pairs)}", body)
            sections.append(Section("the packages", (folded,)))
    headers = ("Kind", "Here", "In the image", "Files there")
    made_of = _markup.folded("Made of", _table(headers, _kinds(comparison), "lrrr"))
    sections.append(Section("what they are made of", (made_of,)))
    warnings = "\n".join(f"- {_markup.text(warning)}" for warning in comparison.warnings)
    sections.append(Section("warnings", (warnings,) if warnings else ()))
    return _markup.page(sections)


def _table(headers: Sequence[str], rows: Iterable[Sequence[str]], aligned: str) -> str:
    cells = ([_markup.text(cell) for cell in row] for row in rows)
    return _markup.table(headers, cells, aligned)


def _sides(comparison: VenvComparison) -> Iterator[tuple[str, str, str]]:
    """Yield what both sides have, a row each: its name, here, in the image."""
    local, image = comparison.local, comparison.image
    yield "Python", local.python_version or "?", image.python_version or "?"
    yield "size", format_bytes(local.bytes), format_bytes(image.bytes)
    for name, counts in _counts(comparison.packages):
        yield name, *counts


def _differences(comparison: VenvComparison, style: Style) -> list[tuple[str, list[PackagePair]]]:
    titles = {"image": "Only in the image", "local": "Only here", "version": "Another version"}
    if style.details:
        titles["same"] = "The same"
    return [
        (title, [pair for pair in comparison.packages if pair.difference == difference])
        for difference, title in titles.items()
    ]


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
    page.table(_kinds(comparison), ("kind", "here", "in the image", "files there"), "lrrr")


def _kinds(comparison: VenvComparison) -> Iterator[tuple[str, str, str, str]]:
    for pair in comparison.kinds:
        if pair.local_files or pair.image_files:
            here, there = format_bytes(pair.local_bytes), format_bytes(pair.image_bytes)
            yield pair.kind.value, here, there, f"{pair.image_files:,}"


def _unexpected(page: Page, comparison: VenvComparison) -> None:
    page.heading(_OF_LITTLE_USE)
    lines = list(_unexpected_lines(comparison))
    if not lines:
        page.line("Nothing.", indent=2, fg="green")
    for line in lines:
        page.paragraph(line, indent=2)
    if lines:
        page.paragraph(_ADVICE, indent=2)


def _unexpected_list(comparison: VenvComparison) -> str:
    lines = [f"- {_markup.text(line)}" for line in _unexpected_lines(comparison)]
    return "\n".join([*lines, "", _markup.text(_ADVICE)]) if lines else "Nothing."


def _unexpected_lines(comparison: VenvComparison) -> Iterator[str]:
    """Yield what the image has of it, a line for developers' tools and one for each kind."""
    tools = [pair for pair in comparison.packages if pair.is_tool and pair.image]
    if tools:
        total = sum(pair.image.bytes for pair in tools if pair.image)
        names = ", ".join(pair.name for pair in tools)
        yield f"developers' tools, {format_bytes(total)}: {names}"
    for kind in comparison.kinds:
        if kind.kind in UNEXPECTED and kind.image_bytes:
            note = _NOTES.get(kind.kind.value, "")
            yield f"{kind.kind.value}, {format_bytes(kind.image_bytes)}{note}"


_OF_LITTLE_USE = "In the image, and of little use to a running service"
_ADVICE = "'imgdiag analyze' says what of it can go, and how."
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
