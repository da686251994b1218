"""The SARIF report, for GitHub's code scanning and editors: findings at lines of the Dockerfile."""

from __future__ import annotations

from imgdiag.analysis import Analysis
from imgdiag.gate import Gate
from imgdiag.reports import Style
from imgdiag.reports._located import of_analysis
from imgdiag.reports._sarif import sarif_log
from imgdiag.rules import all_rules


def render(analysis: Analysis, gate: Gate, style: Style) -> str:
    """Return the report as a SARIF log; what could not be read is a notification in it."""
    notes = [f"not read: {each.what}: {each.reason}" for each in analysis.skipped]
    return sarif_log(
        "imgdiag",
        all_rules(),
        of_analysis(analysis, gate),
        notes=[*notes, *analysis.warnings],
    )
