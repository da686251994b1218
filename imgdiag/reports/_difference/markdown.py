"""A comparison in GitHub's Markdown: the verdict and the causes first, the rest folded.

It is at most as long as GitHub lets a comment be. `changes` are its parts for another page.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from imgdiag.comparison import Comparison
from imgdiag.gate.gate import Gate
from imgdiag.reports import Style
from imgdiag.reports._difference import _causes, _words
from imgdiag.reports._markup import Section, capitalised, code, folded, hidden, page, table, text
from imgdiag.reports.markdown import budgets
from imgdiag.text import shortened

_NAME = 300  # characters of a reference: names are shorter
_CELL = 500  # characters of a sentence in a table


def render(comparison: Comparison, gate: Gate, style: Style, top: int) -> str:
    """Return the report; its tables have at most `top` rows."""
    base, head = (
        code(shortened(each.reference, _NAME)) for each in (comparison.base, comparison.head)
    )
    return page(
        [
            Section(
                "the verdict",
                (
                    *hidden(style.marker),
                    f"## {head} beside {base}",
                    f"**{text(capitalised(_words.verdict(comparison)))}.**",
                ),
            ),
            budgets(gate),
            *changes(comparison, top),
        ]
    )


def changes(comparison: Comparison, top: int) -> list[Section]:
    """Return what changed, what matters most first, to be cut at the end."""
    partial = Section("what was not read", tuple(_partial(comparison)))
    if comparison.is_unchanged:
        return [partial]
    sizes = _rows(("Size", "Base", "Head", "Growth"), _words.size_rows(comparison), "lrrr")
    return [
        partial,
        Section("why it grew", tuple(_why(comparison, top))),
        Section("the sizes", (sizes,)),
        *(Section("the packages", (each,)) for each in _environments(comparison, top)),
        Section("the system's packages", tuple(_system_packages(comparison, top))),
        Section("the layers", tuple(_layers(comparison, top))),
        Section("the folders", tuple(_folders(comparison, top))),
        Section("the findings", tuple(_findings(comparison, top))),
    ]


def _partial(comparison: Comparison) -> Iterator[str]:
    if comparison.is_partial:
        yield "### Not read: the numbers leave this out"
        yield "\n".join(
            f"- {name}: {code(shortened(each.what, _NAME))}: {text(shortened(each.reason, _CELL))}"
            for name, image in (("BASE", comparison.base), ("HEAD", comparison.head))
            for each in image.skipped
        )
    if comparison.warnings:
        yield "\n".join(f"- {text(warning)}" for warning in comparison.warnings)


def _why(comparison: Comparison, top: int) -> Iterator[str]:
    if not comparison.causes:
        return
    yield f"### {_causes.heading(comparison)}"
    causes, (rest, more) = _causes.that_matter(comparison, top)
    rows = [
        (
            _words.signed(each.bytes),
            _cell(_causes.title(each, comparison)),
            "<br>".join(map(_cell, _causes.notes(each))),
        )
        for each in causes
    ]
    if more:
        rows.append((rest, more, ""))
    rows.append((f"**{_words.signed(comparison.growth)}**", "in all, each byte once", ""))
    yield table(("Growth", "What", "How"), rows, "rll")


def _environments(comparison: Comparison, top: int) -> Iterator[str]:
    for change in comparison.environments:
        packages = _rows(
            ("Package", "Base", "Head", "Growth", "Brought in by"),
            map(_words.package_row, change.packages[:top]),
            "lllrl",
            _words.more(len(change.packages) - top, "package"),
        )
        tree = "\n".join(f"- {sign} {_cell(line)}" for sign, line in _words.tree_lines(change, top))
        body = "\n\n".join(part for part in (packages, tree) if part)
        yield folded(f"Python packages: {_words.environment_title(change)}", body)


def _system_packages(comparison: Comparison, top: int) -> Iterator[str]:
    packages = comparison.system_packages
    if packages:
        growth = _words.signed(sum(each.package.growth for each in packages))
        counts = _words.changes(each.package for each in packages)
        yield folded(
            f"System packages: {counts}, {growth}",
            _rows(
                ("Package", "Base", "Head", "Growth", "Manager"),
                map(_words.system_row, packages[:top]),
                "lllrl",
                _words.more(len(packages) - top, "package"),
            ),
        )


def _layers(comparison: Comparison, top: int) -> Iterator[str]:
    if not comparison.layers:
        return
    rows = [
        (*sizes, code(line), code(shortened(made_by, 100)))
        for *sizes, line, made_by in map(_words.layer_row, _words.layer_rows(comparison, top))
    ]
    body = table(("", "Base", "Head", "Growth", "Line", "Made by"), rows, "lrrrll") if rows else ""
    yield folded(f"Layers: {_words.layers_line(comparison)}", body)


def _folders(comparison: Comparison, top: int) -> Iterator[str]:
    if comparison.folders:
        rows = (
            (_words.signed(each.growth), code(shortened(_words.place(each.path), _NAME)))
            for each in comparison.folders[:top]
        )
        yield folded("Folders that grew or shrank", table(("Growth", "Path"), rows, "rl"))


def _findings(comparison: Comparison, top: int) -> Iterator[str]:
    shown = _words.findings_that_matter(comparison)
    if shown:
        yield folded(
            f"Findings: {len(shown)} new, gone or changed",
            _rows(
                ("", "Base", "Head", "Rule", "Mend"),
                map(_words.finding_row, shown[:top]),
                "lrrll",
                _words.more(len(shown) - top, "finding"),
            ),
        )


def _rows(
    headers: Sequence[str], rows: Iterable[Sequence[str]], aligned: str, more: str = ""
) -> str:
    """Return a table, "" for one without rows, and below it what it leaves out."""
    cells = [[_cell(cell) for cell in row] for row in rows]
    if not cells:
        return ""
    whole = table(headers, cells, aligned)
    return f"{whole}\n\n{more}" if more else whole


def _cell(sentence: str) -> str:
    return text(shortened(sentence, _CELL))
