"""What the machines' reports say of waivers, and of budgets that nothing could be held against."""

from __future__ import annotations

import datetime
import json

import pytest

from imgdiag.finding import Safety
from imgdiag.gate.budgets import Budget, Limit, Measure
from imgdiag.gate.gate import Budgets, Gate, judge
from imgdiag.gate.waivers import Waiver
from imgdiag.reports import Style, render
from tests.reports import images
from tests.reports.test_junit import parsed

WAIVED = Waiver(rule="deleted-later", reason="until the move", expires=datetime.date(2030, 1, 31))
GROWTH = Budget(name="growth", measure=Measure.GROWTH, limit=Limit(percent=5.0))
ANALYSIS = images.service_with_dockerfile()
TODAY = datetime.date(2029, 1, 1)


def gate(*waivers: Waiver) -> Gate:
    budgets = Budgets(fail_on=Safety.SAFE, named=(GROWTH,), waivers=waivers)
    return judge(ANALYSIS, budgets, today=TODAY)


def written(format_: str, *waivers: Waiver) -> str:
    return render(format_, ANALYSIS, gate(*waivers), Style())


def failed(*waivers: Waiver) -> set[str]:
    cases = parsed(written("junit", *waivers)).iter("testcase")
    return {case.attrib["name"] for case in cases if case.find("failure") is not None}


def test_a_test_of_what_is_waived_does_not_fail() -> None:
    assert failed() - failed(WAIVED) == {"deleted-later"}


def test_a_budget_without_a_baseline_is_a_skipped_test() -> None:
    root = parsed(written("junit"))
    skipped = {
        case.attrib["name"]: each.attrib["message"]
        for case in root.iter("testcase")
        for each in case.iter("skipped")
    }
    assert skipped == {"growth": gate().not_checked[0].reason}
    assert [suite.attrib["skipped"] for suite in root] == ["1", "0"]


def test_no_result_of_what_is_waived() -> None:
    def rules(*waivers: Waiver) -> set[str]:
        log = json.loads(written("sarif", *waivers))
        return {result["ruleId"] for result in log["runs"][0]["results"]}

    assert rules() - rules(WAIVED) == {"deleted-later"}


@pytest.mark.parametrize("format_", ["github", "html", "junit", "sarif", "markdown", "text"])
def test_waivers_and_what_was_not_checked_are_told(format_: str) -> None:
    text = written(format_, WAIVED)
    assert "until the move" in text
    assert gate().not_checked[0].reason.partition("'")[0] in text
