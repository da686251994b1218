"""The SARIF report, for GitHub's code scanning and editors: findings at lines of the Dockerfile."""

from __future__ import annotations

from imgdiag.analysis import Analysis
from imgdiag.gate.gate import Gate
from imgdiag.reports import Style, _summary
from imgdiag.reports._located import notes_of, of_analysis
from imgdiag.reports._sarif import sarif_log
from imgdiag.rules import all_rules
from imgdiag.text import printable


def render(analysis: Analysis, gate: Gate, style: Style) -> str:
    """Return the report as a SARIF log.

    A broken budget has no line to stand at, and what could not be read neither: they are
    notifications in it.
    """
    found = of_analysis(analysis, gate)
    broken = [
        printable("; ".join((f"{check.name}: {check.detail}", *_summary.more_lines(check))))
        for check in gate.checks
        if not check.passed
    ]
    return sarif_log("imgdiag", all_rules(), found, notes=[*broken, *notes_of(analysis, gate)])
