"""The SARIF report, for GitHub's code scanning and editors: findings at lines of the Dockerfile."""

from __future__ import annotations

from imgdiag.analysis import Analysis
from imgdiag.gate import Gate
from imgdiag.reports import Style
from imgdiag.reports._located import notes_of, of_analysis
from imgdiag.reports._sarif import sarif_log
from imgdiag.rules import all_rules


def render(analysis: Analysis, gate: Gate, style: Style) -> str:
    """Return the report as a SARIF log; what could not be read is a notification in it."""
    found = of_analysis(analysis, gate)
    return sarif_log("imgdiag", all_rules(), found, notes=notes_of(analysis))
