"""The report for a terminal: the verdict first, what matters, what to do; details on request."""

from __future__ import annotations

from imgdiag.analysis import Analysis
from imgdiag.finding import Finding, Safety
from imgdiag.gate.gate import Gate
from imgdiag.gate.waivers import waiver_lines
from imgdiag.reports import Style, _summary
from imgdiag.reports._page import Page
from imgdiag.units import counted, format_bytes, format_share

_COLORS = {Safety.SAFE: "green", Safety.REVIEW: "yellow", Safety.RISKY: "red"}
_ENVIRONMENTS = 4
_PACKAGES = 10
_SYSTEM_PACKAGES = 5
_MENDS = 3


def render(analysis: Analysis, gate: Gate, style: Style) -> str:
    """Return the report as text of at most `style.width` columns where that can be."""
    page = Page(style)
    _head(page, analysis)
    _layers(page, analysis)
    _causes(page, analysis, gate)
    _hazards(page, analysis, gate)
    _environments(page, analysis, _ENVIRONMENTS)
    _packages(page, analysis)
    _mends(page, analysis)
    if style.details:
        _details(page, analysis)
    _partial(page, analysis)
    budgets(page, gate)
    return page.text()


def _head(page: Page, analysis: Analysis) -> None:
    platform = analysis.config.platform
    page.line(
        f"{analysis.reference}   {platform}   {analysis.source}, by {analysis.route}", bold=True
    )
    if analysis.route_note:
        page.paragraph(f"Read {analysis.route_note}", indent=0)
    if line := _summary.dockerfile_line(analysis):
        page.paragraph(line, indent=0)
    page.line()
    size = analysis.sizes.layer_bytes
    fg = {"good": "green", "normal": "yellow", "bad": "red"}[_summary.tone(analysis)]
    headline = f"{format_bytes(size)}: {_summary.headline(analysis)}"
    page.paragraph(headline, indent=2, fg=fg, bold=True)
    page.line()
    page.table(_summary.size_rows(analysis), ("size", "bytes", "what it is"), "lrl")


def _layers(page: Page, analysis: Analysis) -> None:
    if not analysis.layers:
        return
    page.heading("Layers that matter")
    placed = _summary.has_lines(analysis)
    page.table(
        (
            (
                str(layer.index),
                "?" if layer.problem else format_bytes(layer.layer_bytes),
                _summary.wasted(layer),
                *([_summary.line_of(layer)] * placed),
                _summary.made_by(layer),
            )
            for layer in _summary.layers_that_matter(analysis)
        ),
        ("layer", "size", "wasted", *(["line"] * placed), "made by"),
        "rrr" + "l" * (1 + placed),
    )


def _causes(page: Page, analysis: Analysis, gate: Gate) -> None:
    reasons = _summary.reasons(analysis)
    page.heading("Why it is this big")
    if not reasons:
        page.paragraph(_summary.nothing_to_mend(analysis), indent=2, fg="green")
    for number, reason in enumerate(reasons[: _summary.CAUSES], 1):
        page.line(
            f"{number}. {format_bytes(reason.bytes)}  {reason.rules}  "
            f"({reason.safety}{_summary.waived(gate, reason.findings)})",
            indent=2,
            fg=_COLORS[reason.safety],
            bold=True,
        )
        page.paragraph(reason.message, indent=5)
    if rest := reasons[_summary.CAUSES :]:
        names = _summary.by_rule(finding for reason in rest for finding in reason.findings)
        page.paragraph(f"Also: {names}", indent=2)
    for line in _summary.note_lines(analysis):
        page.paragraph(line, indent=2)
    if _summary.overlaps(analysis, gate):
        page.paragraph("Findings overlap; what follows counts each byte once.", indent=2)


def _hazards(page: Page, analysis: Analysis, gate: Gate) -> None:
    page.listing(
        "Take care",
        (
            f"{each.rule}{_summary.waived(gate, (each,))}: {each.message}. {each.fix.summary}."
            for each in _summary.hazards(analysis)
        ),
    )


def _environments(page: Page, analysis: Analysis, count: int) -> None:
    if not analysis.environments:
        return
    page.heading("Python environments")
    said = ""
    for each in analysis.environments[:count]:
        packages = counted(each.packages, "package")
        page.paragraph(
            f"{format_bytes(each.bytes)}  {_summary.environment_name(each)}, {packages}: "
            f"{_summary.use(each)}",
            indent=2,
        )
        if each.evidence != said:  # one program most often decides for all
            page.paragraph(each.evidence, indent=5)
            said = each.evidence
    if rest := analysis.environments[count:]:
        page.line(f"{len(rest)} more, {format_bytes(sum(each.bytes for each in rest))}", indent=2)


def _packages(page: Page, analysis: Analysis) -> None:
    visible = analysis.sizes.visible_bytes
    if analysis.packages:
        page.heading("Largest Python packages")
        page.table(
            (
                (
                    f"{package.name} {package.version}",
                    format_bytes(package.bytes),
                    format_share(package.bytes, visible),
                    format_bytes(package.retained_bytes),
                    ", ".join(package.required_by) or "–",
                )
                for package in analysis.packages[:_PACKAGES]
            ),
            ("package", "size", "of visible", "goes with it", "required by"),
            "lrrrl",
        )
        rest = _summary.rest_of_packages([each.bytes for each in analysis.packages[_PACKAGES:]])
        if rest:
            page.line(rest, indent=2)
    for torch in analysis.torches:
        page.line(f"torch {torch.version}: {torch.label} ({torch.evidence})", indent=2)
    purpose = _summary.purpose_line(analysis)
    if purpose:
        page.paragraph(purpose, indent=2)
    if analysis.system_packages:
        page.heading("Largest system packages")
        page.table(
            (
                (
                    f"{package.name} {package.version}",
                    format_bytes(package.bytes),
                    format_share(package.bytes, visible),
                    package.manager,
                )
                for package in analysis.system_packages[:_SYSTEM_PACKAGES]
            ),
            ("package", "size", "of visible", "manager"),
            "lrrl",
        )
        rest = _summary.rest_of_packages(
            [each.bytes for each in analysis.system_packages[_SYSTEM_PACKAGES:]]
        )
        if rest:
            page.line(rest, indent=2)
    if analysis.packages or analysis.system_packages:
        page.line()
        page.paragraph(_summary.owners_line(analysis), indent=2)


def _mends(page: Page, analysis: Analysis) -> None:
    mends = _summary.first_mends(analysis, _MENDS)
    if mends:
        page.heading("Do this first")
    for number, mend in enumerate(mends, 1):
        page.paragraph(f"{number}. {_summary.mend_line(mend)}", indent=2)
        page.line(f"{_summary.fix_place(mend.finding.fix)}:", indent=5)
        page.verbatim(mend.snippet, indent=7)
    predictions = list(_summary.predictions(analysis))
    if predictions:
        page.heading("Then it will be")
        page.table(predictions, ("", "layers", ""), "lrr")


def _details(page: Page, analysis: Analysis) -> None:
    if not analysis.layers:
        return
    page.heading("All layers")
    placed = _summary.has_lines(analysis)
    page.table(
        (
            (
                str(layer.index),
                "?" if layer.problem else format_bytes(layer.layer_bytes),
                "?" if layer.visible_bytes is None else format_bytes(layer.visible_bytes),
                _summary.wasted(layer),
                "?" if layer.files is None else f"{layer.files:,}",
                *([_summary.line_of(layer)] * placed),
                _summary.made_by(layer),
            )
            for layer in analysis.layers
        ),
        ("layer", "size", "visible", "wasted", "files", *(["line"] * placed), "made by"),
        "rrrrr" + "l" * (1 + placed),
    )
    if analysis.waste:
        page.heading("Waste by cause")
        page.table(
            (
                (
                    waste.cause.value,
                    str(waste.created_in),
                    str(waste.hidden_in),
                    format_bytes(waste.bytes),
                    f"{waste.files:,}",
                    waste.examples[0],
                )
                for waste in analysis.waste
            ),
            ("cause", "made in", "hidden in", "bytes", "files", "the largest"),
            "lrrrrl",
        )
    for table in analysis.tables:
        page.heading(f"{table.title}: {format_bytes(table.bytes)}")
        page.table(
            ((format_bytes(row.bytes), f"/{row.path}") for row in table.rows),
            ("bytes", "path"),
            "rl",
        )
    if analysis.unattributed:
        page.heading(f"What no package owns: {format_bytes(analysis.unattributed_bytes)}")
        page.table(
            ((format_bytes(row.bytes), _summary.place(row)) for row in analysis.unattributed),
            ("bytes", "path"),
            "rl",
        )
    _missing(page, analysis)
    page.heading("Largest files")
    page.table(
        ((format_bytes(row.bytes), f"/{row.path}") for row in analysis.largest_files),
        ("bytes", "path"),
        "rl",
    )
    if analysis.findings:
        page.heading("All findings")
    for finding in analysis.findings:
        _finding(page, finding)


def _missing(page: Page, analysis: Analysis) -> None:
    """Tell which packages name files that are gone, those with the most first."""
    broken = sorted(analysis.packages, key=lambda each: -each.missing_files)
    rows = [
        (
            f"{each.name} {each.version}",
            f"{each.missing_files:,}",
            f"{each.deleted_files:,}" if each.deleted_files else "–",
            ", ".join(map(str, each.deleted_in)) or "–",
        )
        for each in broken[:_PACKAGES]
        if each.missing_files
    ]
    if rows:
        page.heading("Files that packages name and that are gone")
        page.table(rows, ("package", "files", "deleted later", "by layer"), "lrrl")


def _finding(page: Page, finding: Finding) -> None:
    page.line(
        f"{format_bytes(finding.bytes)}  {finding.rule}  ({finding.severity}, {finding.safety})",
        indent=2,
        bold=True,
    )
    page.paragraph(finding.message, indent=5)
    if finding.estimate:
        page.paragraph(f"An estimate: {finding.estimate}.", indent=5)
    for path, size in finding.claim.largest(3):
        page.line(f"{format_bytes(size)}  /{path}", indent=5)
    page.paragraph(f"{finding.fix.summary}. {_summary.fix_place(finding.fix)}:", indent=5)
    page.verbatim(finding.fix.snippet, indent=7)
    page.line()


def _partial(page: Page, analysis: Analysis) -> None:
    page.not_read(f"{each.what}: {each.reason}" for each in analysis.skipped)
    page.listing("Warnings", analysis.warnings)


def budgets(page: Page, gate: Gate) -> None:
    """Add what the gate says: each check, what could not be checked, the waivers."""
    if gate.checks or gate.not_checked:
        configured = f" ({gate.configuration})" if gate.configuration else ""
        page.heading(f"Budgets: {_summary.gate_verdict(gate)}{configured}")
    for check in gate.checks:
        mark, fg = ("✓", "green") if check.passed else ("✗", "red")
        page.paragraph(f"{mark} {check.name}: {check.detail}", indent=2, fg=fg)
        if parts := _summary.parts_line(check):
            page.paragraph(parts, indent=4)
        if check.message:
            page.paragraph(check.message, indent=4, fg="yellow")
    for each in gate.not_checked:
        page.paragraph(f"– {each.budget.name}: not checked: {each.reason}", indent=2, fg="yellow")
    page.listing(f"Waivers: {_summary.waivers_line(gate.waivers)}", waiver_lines(gate.waivers))
