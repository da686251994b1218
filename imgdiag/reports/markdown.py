"""The Markdown report, for a pull request: the verdict, the causes, what to do; the rest folded.

It is at most as long as GitHub lets a comment be, so the same text fits a step's summary.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from imgdiag.analysis import Analysis
from imgdiag.gate.gate import Check, Gate
from imgdiag.gate.waivers import waiver_lines
from imgdiag.reports import Style, _summary
from imgdiag.reports._markup import (
    Section,
    capitalised,
    code,
    fence,
    folded,
    hidden,
    indented,
    page,
    table,
    text,
)
from imgdiag.text import shortened
from imgdiag.units import counted, format_bytes, format_share

_PACKAGES = 15
_SYSTEM_PACKAGES = 10
_MENDS = 3
_NAME = 300  # characters of a reference: names are shorter
_MESSAGE = 1_000  # characters of a finding's
_FOLDED_FINDINGS = 50

Row = tuple[str, ...]


def render(analysis: Analysis, gate: Gate, style: Style) -> str:
    """Return the report in GitHub's Markdown."""
    return page(sections(analysis, gate, style))


def sections(
    analysis: Analysis, gate: Gate, style: Style, changes: Sequence[Section] = ()
) -> Iterable[Section]:
    """Yield the parts of the page, what matters most first, to be cut at the end.

    `changes` say what is new since another image, and come before what the image is made of.
    """
    yield _head(analysis, gate, style)
    yield budgets(gate)
    yield _waivers(gate)
    yield from changes
    yield _partial(analysis)
    yield _causes(analysis, gate)
    yield _hazards(analysis, gate)
    yield from _mends(analysis)
    yield _sizes(analysis)
    yield _layers(analysis)
    yield _more_findings(analysis, gate)
    yield _packages(analysis)
    yield _system_packages(analysis)
    yield _unowned(analysis)
    yield _folders(analysis)
    yield _notes(analysis)


def _head(analysis: Analysis, gate: Gate, style: Style) -> Section:
    mark = ("✅ " if gate.passed else "❌ ") if gate.checks else ""
    reference = code(shortened(analysis.reference, _NAME))
    blocks = [
        *hidden(style.marker),
        f"## {mark}{reference}: {format_bytes(analysis.sizes.layer_bytes)}",
        f"**{text(capitalised(_summary.headline(analysis)))}.**",
    ]
    predictions = [
        f"- {capitalised(name)}: **{size}**, {less}"
        for name, size, less in _summary.predictions(analysis)
    ]
    blocks += ["\n".join(predictions)] if predictions else []
    return Section("the verdict", tuple(blocks))


def budgets(gate: Gate) -> Section:
    """Return what the gate says of budgets: each check, and what could not be checked."""
    lines = [_check(check) for check in gate.checks]
    lines += [
        f"- ➖ {code(each.budget.name)}: not checked: {text(each.reason)}"
        for each in gate.not_checked
    ]
    blocks = []
    if lines:
        blocks += ["### Budgets: " + _summary.gate_verdict(gate).lower(), "\n".join(lines)]
    if gate.configuration:
        blocks.append(f"Configured by {code(gate.configuration)}.")
    return Section("budgets", tuple(blocks))


def _check(check: Check) -> str:
    mark = "✅" if check.passed else "❌"
    more = map(text, _summary.more_lines(check))
    return "\n  - ".join((f"- {mark} {code(check.name)}: {text(check.detail)}", *more))


def _waivers(gate: Gate) -> Section:
    if not gate.waivers:
        return Section("waivers", ())
    title = f"### Waivers: {_summary.waivers_line(gate.waivers)}"
    lines = "\n".join(f"- {text(line)}" for line in waiver_lines(gate.waivers))
    return Section("waivers", (title, lines))


def _partial(analysis: Analysis) -> Section:
    lines = [f"- {code(each.what)}: {text(each.reason)}" for each in analysis.skipped]
    if not lines:
        return Section("what was not read", ())
    title = "### Not read: the numbers leave this out"
    return Section("what was not read", (title, "\n".join(lines)))


def _causes(analysis: Analysis, gate: Gate) -> Section:
    reasons = _summary.reasons(analysis)
    title = "### Why it is this big"
    if not reasons:
        return Section("causes", (title, text(_summary.nothing_to_mend(analysis))))
    blocks = [title, _reasons(gate, reasons[: _summary.CAUSES])]
    if _summary.overlaps(analysis, gate):
        blocks.append("Findings overlap; the prediction counts each byte once.")
    return Section("causes", tuple(blocks))


def _reasons(gate: Gate, reasons: Sequence[_summary.Reason]) -> str:
    rows = (
        (
            format_bytes(each.bytes),
            f"`{each.rules}`",
            f"{each.safety}{_summary.waived(gate, each.findings)}",
            text(shortened(each.message, _MESSAGE)),
        )
        for each in reasons
    )
    return table(("Bytes", "Rule", "Safety", "What"), rows, "rlll")


def _hazards(analysis: Analysis, gate: Gate) -> Section:
    lines = [
        f"- `{each.rule}`{_summary.waived(gate, (each,))}: "
        f"{text(shortened(each.message, _MESSAGE))}. {text(each.fix.summary)}."
        for each in _summary.hazards(analysis)
    ]
    return Section("hazards", ("### Take care", "\n".join(lines)) if lines else ())


def _mends(analysis: Analysis) -> Iterable[Section]:
    """Yield each mend for itself: one with a long snippet is cut, and not those before it."""
    for number, mend in enumerate(_summary.first_mends(analysis, _MENDS), 1):
        fix = mend.finding.fix
        language = "dockerfile" if fix.target == "Dockerfile" else ""
        item = (
            f"{number}. {text(_summary.mend_line(mend))}, in {code(_summary.fix_place(fix))}:\n\n"
            + indented(folded("The lines", fence(mend.snippet, language)))
        )
        yield Section("mends", (*(["### Do this first"] if number == 1 else []), item))


def _sizes(analysis: Analysis) -> Section:
    rows = [tuple(map(text, row)) for row in _summary.size_rows(analysis)]
    line = _summary.dockerfile_line(analysis)
    blocks = [table(("Size", "Bytes", "What it is"), rows, "lrl"), *([text(line)] if line else [])]
    return Section("sizes", (folded("What its sizes are", "\n\n".join(blocks)),))


def _layers(analysis: Analysis) -> Section:
    placed = _summary.has_lines(analysis)
    rows: list[Row] = [
        (
            str(layer.index),
            "?" if layer.problem else format_bytes(layer.layer_bytes),
            _summary.wasted(layer),
            *([code(_summary.line_of(layer))] * placed),
            code(shortened(_summary.made_by(layer), 100)),
        )
        for layer in _summary.layers_that_matter(analysis)
    ]
    if not rows:
        return Section("layers", ())
    headers = ("Layer", "Size", "Wasted", *(["Line"] * placed), "Made by")
    body = table(headers, rows, "rrr" + "l" * (1 + placed))
    return Section("layers", (folded("Layers that matter", body),))


def _more_findings(analysis: Analysis, gate: Gate) -> Section:
    more = _summary.reasons(analysis)[_summary.CAUSES :]
    if not more:
        return Section("more findings", ())
    title = f"{counted(len(more), 'more finding')} of 1 MB or more"
    return Section("more findings", (folded(title, _reasons(gate, more[:_FOLDED_FINDINGS])),))


def _packages(analysis: Analysis) -> Section:
    if not analysis.packages:
        return Section("Python packages", ())
    visible = analysis.sizes.visible_bytes
    rows: list[Row] = [
        (
            text(f"{package.name} {package.version}"),
            format_bytes(package.bytes),
            text(format_share(package.bytes, visible)),
            format_bytes(package.retained_bytes),
            text(", ".join(package.required_by)) or "–",
        )
        for package in analysis.packages[:_PACKAGES]
    ]
    rest = analysis.packages[_PACKAGES:]
    if rest:
        size = sum(package.bytes for package in rest)
        share = text(format_share(size, visible))
        rows.append((f"{len(rest)} more", format_bytes(size), share, "", ""))
    environments = "\n".join(
        f"- {code(_summary.environment_name(each))}, {format_bytes(each.bytes)}: "
        f"**{_summary.use(each)}** ({text(each.evidence)})"
        for each in analysis.environments
    )
    headers = ("Package", "Size", "Of visible", "Goes with it", "Required by")
    blocks = [environments, table(headers, rows, "lrrrl")]
    blocks += [
        f"torch {text(torch.version)} is a {text(torch.label)} ({code(torch.evidence)})."
        for torch in analysis.torches
    ]
    if purpose := _summary.purpose_line(analysis):
        blocks.append(f"{text(purpose)}.")
    return Section("Python packages", (folded("Python packages", "\n\n".join(blocks)),))


def _system_packages(analysis: Analysis) -> Section:
    if not analysis.system_packages:
        return Section("system packages", ())
    visible = analysis.sizes.visible_bytes
    rows: list[Row] = [
        (
            text(f"{package.name} {package.version}"),
            format_bytes(package.bytes),
            text(format_share(package.bytes, visible)),
            package.manager,
        )
        for package in analysis.system_packages[:_SYSTEM_PACKAGES]
    ]
    size = sum(package.bytes for package in analysis.system_packages[_SYSTEM_PACKAGES:])
    if more := len(analysis.system_packages) - len(rows):
        rows.append((f"{more} more", format_bytes(size), text(format_share(size, visible)), ""))
    title = f"System packages: {format_bytes(analysis.system_package_bytes)}"
    body = table(("Package", "Size", "Of visible", "Manager"), rows, "lrrl")
    return Section("system packages", (folded(title, body),))


def _unowned(analysis: Analysis) -> Section:
    if not analysis.packages and not analysis.system_packages:
        return Section("what no package owns", ())
    rows = ((code(_summary.place(row)), format_bytes(row.bytes)) for row in analysis.unattributed)
    body = f"{text(_summary.owners_line(analysis))}.\n\n{table(('Path', 'Bytes'), rows, 'lr')}"
    title = f"What no package owns: {format_bytes(analysis.unattributed_bytes)}"
    return Section("what no package owns", (folded(title, body),))


def _folders(analysis: Analysis) -> Section:
    tables = [
        folded(
            f"{each.title}: {format_bytes(each.bytes)}",
            table(
                ("Path", "Bytes"),
                ((code(f"/{row.path}"), format_bytes(row.bytes)) for row in each.rows),
                "lr",
            ),
        )
        for each in analysis.tables
    ]
    return Section("folders", (folded("Folders", "\n\n".join(tables)),) if tables else ())


def _notes(analysis: Analysis) -> Section:
    lines = [
        f"- `{each.rule}`, {format_bytes(each.bytes)}: {text(shortened(each.message, _MESSAGE))}"
        for each in _summary.notes(analysis)
    ]
    lines += [f"- {text(warning)}" for warning in analysis.warnings]
    if analysis.route_note:
        lines.append(f"- Read {text(analysis.route_note)}")
    blocks = (folded("For information", "\n".join(lines)),) if lines else ()
    return Section("what is for information", blocks)
