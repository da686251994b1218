"""The JUnit report, for Jenkins and GitLab: budgets and rules as tests."""

from __future__ import annotations

from dataclasses import replace

from imgdiag.analysis import Analysis
from imgdiag.gate.gate import Gate
from imgdiag.reports import Style, _summary
from imgdiag.reports._junit import Case, Suite, junit_xml, rule_suite
from imgdiag.reports._located import notes_of, of_analysis
from imgdiag.rules import all_rules


def render(analysis: Analysis, gate: Gate, style: Style) -> str:
    """Return the report as JUnit XML.

    A test fails exactly where the gate does not pass, so that the CI's verdict is the exit code's.
    """
    budgets = tuple(
        Case(
            name=check.name,
            failure="" if check.passed else check.detail,
            text=_summary.check_text(check),
        )
        for check in gate.checks
    ) + tuple(Case(name=each.budget.name, skipped=each.reason) for each in gate.not_checked)
    found = rule_suite("imgdiag.rules", all_rules(), of_analysis(analysis, gate))
    rules = replace(found, notes=tuple(notes_of(analysis, gate)))
    return junit_xml([Suite("imgdiag.budgets", budgets), rules])
