"""A comparison for a terminal: the verdict first, then why, then what changed."""

from __future__ import annotations

from collections.abc import Sequence

from imgdiag.comparison import Comparison
from imgdiag.comparison.packages import EnvironmentChange
from imgdiag.gate.gate import Gate
from imgdiag.reports import Style
from imgdiag.reports._difference import _causes, _words
from imgdiag.reports._page import Page
from imgdiag.reports.text import budgets


def render(comparison: Comparison, gate: Gate, style: Style, top: int) -> str:
    """Return the report as text of at most `style.width` columns where that can be."""
    page = Page(style)
    page.line(f"BASE  {_words.image_line(comparison.base)}", bold=True)
    page.line(f"HEAD  {_words.image_line(comparison.head)}", bold=True)
    page.line()
    growth = comparison.growth
    fg = "red" if growth > 0 else "green"
    page.line(_words.verdict(comparison), indent=2, fg=fg, bold=True)
    if not comparison.is_unchanged:
        page.line()
        page.table(_words.size_rows(comparison), ("size", "base", "head", "growth"), "lrrr")
        _why(page, comparison, top)
        if comparison.environments:
            page.heading("Python packages")
        for environment in comparison.environments:
            _environment(page, environment, top)
        _system_packages(page, comparison, top)
        _layers(page, comparison, top)
        _folders(page, comparison, top)
        _findings(page, comparison, top)
    _partial(page, comparison)
    budgets(page, gate)
    return page.text()


def _why(page: Page, comparison: Comparison, top: int) -> None:
    if not comparison.causes:
        return
    page.heading(_causes.heading(comparison))
    causes, (rest, more) = _causes.that_matter(comparison, top)
    for number, cause in enumerate(causes, 1):
        page.paragraph(
            f"{number}. {_words.signed(cause.bytes)}  {_causes.title(cause, comparison)}",
            indent=2,
            fg="red" if cause.bytes > 0 else "green",
        )
        for note in _causes.notes(cause):
            page.paragraph(note, indent=5)
    if more:
        page.line(f"{rest}  {more}", indent=2)
    page.line(f"Each byte once: in all {_words.signed(comparison.growth)}", indent=2)


def _environment(page: Page, change: EnvironmentChange, top: int) -> None:
    page.paragraph(_words.environment_title(change), indent=2)
    page.table(
        (_words.package_row(each) for each in change.packages[:top]),
        ("package", "base", "head", "growth", "brought in by"),
        "lllrl",
    )
    _rest(page, len(change.packages) - top, "package")
    lines = list(_words.tree_lines(change, top))
    if lines:
        page.line("The tree of requirements", indent=2)
    for sign, text in lines:
        page.paragraph(f"{sign} {text}", indent=4)


def _system_packages(page: Page, comparison: Comparison, top: int) -> None:
    packages = comparison.system_packages
    if not packages:
        return
    growth = _words.signed(sum(each.package.growth for each in packages))
    counts = _words.changes(each.package for each in packages)
    page.heading("System packages")
    page.paragraph(f"{counts}, {growth}", indent=2)
    page.table(
        (_words.system_row(each) for each in packages[:top]),
        ("package", "base", "head", "growth", "manager"),
        "lllrl",
    )
    _rest(page, len(packages) - top, "package")


def _layers(page: Page, comparison: Comparison, top: int) -> None:
    if not comparison.layers:
        return
    page.heading("Layers")
    page.paragraph(_words.layers_line(comparison), indent=2)
    placed = _words.has_places(comparison)
    rows: list[Sequence[str]] = []
    for change in _words.layer_rows(comparison, top):
        *sizes, line, made_by = _words.layer_row(change)
        rows.append((*sizes, *([line] * placed), made_by))
    page.table(
        rows,
        ("", "base", "head", "growth", *(["line"] * placed), "made by"),
        "lrrr" + "l" * (1 + placed),
    )
    _rest(page, sum(1 for each in comparison.layers if each.growth) - top, "layer")


def _folders(page: Page, comparison: Comparison, top: int) -> None:
    if not comparison.folders:
        return
    page.heading("Folders that grew or shrank")
    page.table(
        (
            (_words.signed(each.growth), _words.place(each.path))
            for each in comparison.folders[:top]
        ),
        ("growth", "path"),
        "rl",
    )
    _rest(page, len(comparison.folders) - top, "folder")


def _findings(page: Page, comparison: Comparison, top: int) -> None:
    shown = _words.findings_that_matter(comparison)
    if not shown:
        return
    page.heading("Findings")
    page.table(
        (_words.finding_row(each) for each in shown[:top]),
        ("", "base", "head", "rule", "mend"),
        "lrrll",
    )
    _rest(page, len(shown) - top, "finding")


def _rest(page: Page, count: int, what: str) -> None:
    if rest := _words.more(count, what):
        page.line(rest, indent=2)


def _partial(page: Page, comparison: Comparison) -> None:
    page.not_read(
        f"{name}: {each.what}: {each.reason}"
        for name, image in (("BASE", comparison.base), ("HEAD", comparison.head))
        for each in image.skipped
    )
    page.listing("Warnings", comparison.warnings)
