"""A comparison in GitHub's Markdown: the verdict and the causes first, the rest folded."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from imgdiag.comparison import Comparison
from imgdiag.gate import Gate
from imgdiag.reports import Style
from imgdiag.reports._difference import _causes, _words
from imgdiag.reports.markdown import _capitalised, _code, _folded, _table, _text
from imgdiag.text import shortened


def render(comparison: Comparison, gate: Gate, style: Style, top: int) -> str:
    """Return the report; its tables have at most `top` rows."""
    base, head = comparison.base, comparison.head
    blocks = [
        f"## {_code(head.reference)} beside {_code(base.reference)}",
        f"**{_text(_capitalised(_words.verdict(comparison)))}.**",
        *_gate(gate),
        *_partial(comparison),
    ]
    if not comparison.is_unchanged:
        blocks += [
            _rows(("Size", "Base", "Head", "Growth"), _words.size_rows(comparison), "lrrr"),
            *_why(comparison, top),
            *_environments(comparison, top),
            *_system_packages(comparison, top),
            *_layers(comparison, top),
            *_folders(comparison, top),
            *_findings(comparison, top),
        ]
    blocks += [f"- {_text(warning)}" for warning in comparison.warnings]
    return "\n\n".join(blocks) + "\n"


def _gate(gate: Gate) -> Iterator[str]:
    if gate.checks:
        yield "### Budgets: " + ("passed" if gate.passed else "failed")
        yield "\n".join(
            f"- {'✅' if check.passed else '❌'} `{check.name}`: {_text(check.detail)}"
            for check in gate.checks
        )


def _partial(comparison: Comparison) -> Iterator[str]:
    if comparison.is_partial:
        yield "### Not read: the numbers leave this out"
        yield "\n".join(
            f"- {name}: {_code(each.what)}: {_text(each.reason)}"
            for name, image in (("BASE", comparison.base), ("HEAD", comparison.head))
            for each in image.skipped
        )


def _why(comparison: Comparison, top: int) -> Iterator[str]:
    if not comparison.causes:
        return
    yield f"### {_causes.heading(comparison)}"
    causes, (rest, more) = _causes.that_matter(comparison, top)
    rows = [
        (
            _words.signed(each.bytes),
            _text(_causes.title(each, comparison)),
            "<br>".join(map(_text, _causes.notes(each))),
        )
        for each in causes
    ]
    if more:
        rows.append((rest, more, ""))
    rows.append((f"**{_words.signed(comparison.growth)}**", "in all, each byte once", ""))
    yield _table(("Growth", "What", "How"), rows, "rll", safe=True)


def _environments(comparison: Comparison, top: int) -> Iterator[str]:
    for change in comparison.environments:
        table = _rows(
            ("Package", "Base", "Head", "Growth", "Brought in by"),
            map(_words.package_row, change.packages[:top]),
            "lllrl",
            _words.more(len(change.packages) - top, "package"),
        )
        tree = "\n".join(f"- {sign} {_text(text)}" for sign, text in _words.tree_lines(change, top))
        body = "\n\n".join(part for part in (table, tree) if part)
        yield _folded(f"Python packages: {_words.environment_title(change)}", body)


def _system_packages(comparison: Comparison, top: int) -> Iterator[str]:
    packages = comparison.system_packages
    if packages:
        growth = _words.signed(sum(each.package.growth for each in packages))
        counts = _words.changes(each.package for each in packages)
        yield _folded(
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
        (*sizes, _code(line), _code(shortened(made_by, 100)))
        for *sizes, line, made_by in map(_words.layer_row, _words.layer_rows(comparison, top))
    ]
    body = _table(("", "Base", "Head", "Growth", "Line", "Made by"), rows, "lrrrll", safe=True)
    yield _folded(f"Layers: {_words.layers_line(comparison)}", body if rows else "")


def _folders(comparison: Comparison, top: int) -> Iterator[str]:
    if comparison.folders:
        rows = (
            (_words.signed(each.growth), _code(_words.place(each.path)))
            for each in comparison.folders[:top]
        )
        yield _folded(
            "Folders that grew or shrank", _table(("Growth", "Path"), rows, "rl", safe=True)
        )


def _findings(comparison: Comparison, top: int) -> Iterator[str]:
    shown = _words.findings_that_matter(comparison)
    if shown:
        yield _folded(
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
    cells = list(rows)
    if not cells:
        return ""
    table = _table(headers, cells, aligned)
    return f"{table}\n\n{more}" if more else table
