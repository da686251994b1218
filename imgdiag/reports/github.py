"""The report as annotations of GitHub Actions: findings at lines of the Dockerfile."""

from __future__ import annotations

from imgdiag.analysis import Analysis
from imgdiag.gate.gate import Gate
from imgdiag.reports import Style, _summary
from imgdiag.reports._annotations import annotation, annotation_lines
from imgdiag.reports._located import notes_of, of_analysis
from imgdiag.units import format_bytes


def render(analysis: Analysis, gate: Gate, style: Style) -> str:
    """Return budgets that failed as errors, what can be mended, and all else as a notice."""
    size = format_bytes(analysis.sizes.layer_bytes)
    verdict = f"{analysis.reference}: {size}, {_summary.headline(analysis)}"
    notes = notes_of(analysis, gate)
    lines = [
        annotation("error", f"imgdiag: {check.name}", _summary.check_text(check))
        for check in gate.checks
        if not check.passed
    ]
    lines += annotation_lines(of_analysis(analysis, gate))
    lines.append(annotation("notice", "imgdiag", "\n".join((verdict, *notes))))
    return "\n".join(lines) + "\n"
