"""The Markdown report, for a pull request, a wiki or a chat: verdict first, details folded."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Sequence

from imgdiag.analysis import Analysis
from imgdiag.gate import Check, Gate
from imgdiag.reports import Style, _summary
from imgdiag.text import printable, shortened
from imgdiag.units import format_bytes, format_share
from imgdiag.waivers import waiver_lines

_PACKAGES = 15
_SYSTEM_PACKAGES = 10
_MENDS = 3


def render(analysis: Analysis, gate: Gate, style: Style) -> str:
    """Return the report in GitHub's Markdown."""
    blocks = [
        f"## {_code(analysis.reference)}: {format_bytes(analysis.sizes.layer_bytes)}",
        f"**{_text(_capitalised(_summary.headline(analysis)))}.**",
        *filter(None, [_text(_summary.dockerfile_line(analysis))]),
        *_gate(gate),
        _table(("Size", "Bytes", "What it is"), _summary.size_rows(analysis), "lrl"),
        *_partial(analysis),
        *_causes(analysis, gate),
        *_hazards(analysis, gate),
        *_mends(analysis),
        *_layers(analysis),
        *_packages(analysis),
        *_owners(analysis),
        *_folders(analysis),
        *_notes(analysis),
    ]
    return "\n\n".join(blocks) + "\n"


def _gate(gate: Gate) -> Iterable[str]:
    if gate.checks or gate.not_checked:
        yield "### Budgets: " + _summary.gate_verdict(gate).lower()
        lines = [_check(check) for check in gate.checks]
        lines += [
            f"- ➖ {_code(each.budget.name)}: not checked: {_text(each.reason)}"
            for each in gate.not_checked
        ]
        yield "\n".join(lines)
    if gate.configuration:
        yield f"Configured by {_code(gate.configuration)}."
    if gate.waivers:
        yield f"### Waivers: {_summary.waivers_line(gate.waivers)}"
        yield "\n".join(f"- {_text(line)}" for line in waiver_lines(gate.waivers))


def _check(check: Check) -> str:
    mark = "✅" if check.passed else "❌"
    more = (_text(line) for line in (_summary.parts_line(check), check.message) if line)
    return "\n  - ".join((f"- {mark} {_code(check.name)}: {_text(check.detail)}", *more))


def _partial(analysis: Analysis) -> Iterable[str]:
    if analysis.skipped:
        yield "### Not read: the numbers leave this out"
        yield "\n".join(f"- {_code(each.what)}: {_text(each.reason)}" for each in analysis.skipped)


def _causes(analysis: Analysis, gate: Gate) -> Iterable[str]:
    reasons = _summary.reasons(analysis)
    yield "### Why it is this big"
    if not reasons:
        yield "Nothing here to mend: no finding of 1 MB or more."
        return
    yield _table(
        ("Bytes", "Rule", "Safety", "What"),
        (
            (
                format_bytes(each.bytes),
                f"`{each.rules}`",
                f"{each.safety}{_summary.waived(gate, each.findings)}",
                _text(each.message),
            )
            for each in reasons
        ),
        "rlll",
        safe=True,
    )


def _hazards(analysis: Analysis, gate: Gate) -> Iterable[str]:
    if hazards := _summary.hazards(analysis):
        yield "### Take care"
        yield "\n".join(
            f"- `{each.rule}`{_summary.waived(gate, (each,))}: "
            f"{_text(_capitalised(each.message))}. {_text(each.fix.summary)}."
            for each in hazards
        )


def _mends(analysis: Analysis) -> Iterable[str]:
    mends = _summary.first_mends(analysis, _MENDS)
    if mends:
        yield "### Do this first"
    for number, mend in enumerate(mends, 1):
        yield (
            f"{number}. {_text(_summary.mend_line(mend))}, in "
            f"{_code(_summary.fix_place(mend.finding.fix))}:\n\n{_fence(mend)}"
        )
    predictions = list(_summary.predictions(analysis))
    if predictions:
        yield "\n".join(
            f"- {_capitalised(name)}: **{size}**, {less}" for name, size, less in predictions
        )


def _fence(mend: _summary.Mend) -> str:
    text = "\n".join(printable(line) for line in mend.snippet.split("\n"))
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    language = "dockerfile" if mend.finding.fix.target == "Dockerfile" else ""
    lines = [f"{fence}{language}", *text.split("\n"), fence]
    return "\n".join(f"   {line}".rstrip() for line in lines)


def _layers(analysis: Analysis) -> Iterable[str]:
    placed = _summary.has_lines(analysis)
    rows = [
        (
            str(layer.index),
            "?" if layer.problem else format_bytes(layer.layer_bytes),
            _summary.wasted(layer),
            *([_code(_summary.line_of(layer))] * placed),
            _code(shortened(_summary.made_by(layer), 100)),
        )
        for layer in _summary.layers_that_matter(analysis)
    ]
    if rows:
        yield "### Layers that matter"
        headers = ("Layer", "Size", "Wasted", *(["Line"] * placed), "Made by")
        yield _table(headers, rows, "rrr" + "l" * (1 + placed), safe=True)


def _packages(analysis: Analysis) -> Iterable[str]:
    if not analysis.packages:
        return
    visible = analysis.sizes.visible_bytes
    rows = [
        (
            _text(f"{package.name} {package.version}"),
            format_bytes(package.bytes),
            _text(format_share(package.bytes, visible)),
            format_bytes(package.retained_bytes),
            _text(", ".join(package.required_by)) or "–",
        )
        for package in analysis.packages[:_PACKAGES]
    ]
    rest = analysis.packages[_PACKAGES:]
    if rest:
        size = sum(package.bytes for package in rest)
        rows.append(
            (f"{len(rest)} more", format_bytes(size), _text(format_share(size, visible)), "", "")
        )
    table = _table(
        ("Package", "Size", "Of visible", "Goes with it", "Required by"), rows, "lrrrl", safe=True
    )
    torches = "".join(
        f"\n\ntorch {_text(torch.version)} is a {_text(torch.label)} ({_code(torch.evidence)})."
        for torch in analysis.torches
    )
    environments = "\n".join(
        f"- {_code(_summary.environment_name(each))}, {format_bytes(each.bytes)}: "
        f"**{_summary.use(each)}** ({_text(each.evidence)})"
        for each in analysis.environments
    )
    purpose = _summary.purpose_line(analysis)
    stated = f"\n\n{_text(purpose)}." if purpose else ""
    yield _folded("Python packages", f"{environments}\n\n{table}{torches}{stated}")


def _owners(analysis: Analysis) -> Iterable[str]:
    visible = analysis.sizes.visible_bytes
    if analysis.system_packages:
        rows = [
            (
                f"{package.name} {package.version}",
                format_bytes(package.bytes),
                format_share(package.bytes, visible),
                package.manager,
            )
            for package in analysis.system_packages[:_SYSTEM_PACKAGES]
        ]
        size = sum(package.bytes for package in analysis.system_packages[_SYSTEM_PACKAGES:])
        if more := len(analysis.system_packages) - len(rows):
            rows.append((f"{more} more", format_bytes(size), format_share(size, visible), ""))
        yield _folded(
            f"System packages: {format_bytes(analysis.system_package_bytes)}",
            _table(("Package", "Size", "Of visible", "Manager"), rows, "lrrl"),
        )
    if analysis.packages or analysis.system_packages:
        paths = (
            (_code(_summary.place(row)), format_bytes(row.bytes)) for row in analysis.unattributed
        )
        yield _folded(
            f"What no package owns: {format_bytes(analysis.unattributed_bytes)}",
            f"{_text(_summary.owners_line(analysis))}.\n\n"
            + _table(("Path", "Bytes"), paths, "lr", safe=True),
        )


def _folders(analysis: Analysis) -> Iterable[str]:
    for table in analysis.tables:
        rows = ((_code(f"/{row.path}"), format_bytes(row.bytes)) for row in table.rows)
        yield _folded(
            f"{table.title}: {format_bytes(table.bytes)}",
            _table(("Path", "Bytes"), rows, "lr", safe=True),
        )


def _notes(analysis: Analysis) -> Iterable[str]:
    notes = [
        f"- `{each.rule}`, {format_bytes(each.bytes)}: {_text(each.message)}"
        for each in _summary.notes(analysis)
    ]
    notes += [f"- {_text(warning)}" for warning in analysis.warnings]
    if analysis.route_note:
        notes.append(f"- Read {_text(analysis.route_note)}")
    if notes:
        yield _folded("For information", "\n".join(notes))


def _folded(title: str, body: str) -> str:
    return f"<details><summary>{_text(title)}</summary>\n\n{body}\n\n</details>"


def _table(
    headers: Sequence[str], rows: Iterable[Sequence[str]], aligned: str, *, safe: bool = False
) -> str:
    """Return a table; cells are escaped unless `safe` says that they are already."""
    marks = ["---:" if letter == "r" else "---" for letter in aligned]
    cells = [[cell if safe else _text(cell) for cell in row] for row in rows]
    lines = [list(headers), marks, *cells]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _capitalised(text: str) -> str:
    return text[:1].upper() + text[1:]


def _text(text: str) -> str:
    """Return `text` for the middle of a paragraph or a table: nothing in it is markup."""
    escaped = html.escape(printable(text), quote=False)
    # A zero-width joint would be hidden text: entities keep mentions and links from forming.
    escaped = _unlinked(escaped)
    return re.sub(r"([\\`*_\[\]|~#])", r"\\\1", escaped).replace("&\\#", "&#")


def _unlinked(escaped: str) -> str:
    """Return `escaped` with nothing in it that GitHub makes a link or a mention of by itself."""
    for mark, entity in (("@", "&#64;"), ("://", "&#58;//"), ("www.", "www&#46;")):
        escaped = escaped.replace(mark, entity)
    return escaped


def _code(text: str) -> str:
    """Return `text` as a code span that also holds inside a table."""
    escaped = html.escape(printable(text), quote=False).replace("|", "&#124;")
    escaped = _unlinked(escaped.replace("`", "&#96;"))
    escaped = re.sub(r"([*_~\[\]\\])", r"\\\1", escaped)
    return f"<code>{escaped}</code>"
