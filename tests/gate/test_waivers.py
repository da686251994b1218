from __future__ import annotations

import datetime
import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgdiag import clock
from imgdiag.analysis import Analysis
from imgdiag.finding import Safety
from imgdiag.gate.gate import Budgets, Gate, judge
from imgdiag.gate.waivers import Unused, Waiver, Waivers
from imgdiag.reports import Style, render
from imgdiag.rules.rule import ExampleLayer
from tests.made import SITE, analysed, distribution

TODAY = datetime.date(2026, 11, 22)
LATER = datetime.date(2027, 1, 31)


@pytest.fixture(scope="module")
def image() -> Analysis:
    """Return an image with two findings: a deleted file, and the tests of two packages."""
    image = analysed(
        ExampleLayer(
            created_by="RUN pip install pandas sympy",
            files={
                **distribution("pandas", {"pandas/tests/test_a.py": 3_000_000}),
                **distribution(
                    "sympy", {"sympy/tests/test_b.py": 2_000_000, "sympy/tests/__init__.py": 0}
                ),
                "srv/a": 4_000_000,
            },
        ),
        ExampleLayer(created_by="RUN rm /srv/a", deletes=("srv/a",)),
    )
    assert {each.rule for each in image.findings} == {"deleted-later", "test-dirs"}
    return image


def waiver(**keys: object) -> Waiver:
    return Waiver(**{"reason": "agreed", "expires": LATER, **keys})  # type: ignore[arg-type]


def held(image: Analysis, *waivers: Waiver, today: datetime.date = TODAY) -> Gate:
    return judge(image, Budgets(fail_on=Safety.RISKY, waivers=waivers), today=today)


def waived(gate: Gate) -> set[str]:
    return {each.finding.rule for each in gate.waivers.waived}


# What is covered


@pytest.mark.parametrize(
    ("keys", "rules"),
    [
        ({"rule": "deleted-later"}, {"deleted-later"}),
        ({"rule": "test-dirs"}, {"test-dirs"}),
        ({"rule": "pip-cache"}, set()),
        ({"paths": ("/srv",)}, {"deleted-later"}),
        ({"paths": ("/srv/a",)}, {"deleted-later"}),
        ({"paths": ("/sr",)}, set()),
        ({"paths": ("**",)}, {"deleted-later", "test-dirs"}),
        ({"paths": (f"/{SITE}/pandas", f"/{SITE}/sympy")}, {"test-dirs"}),
        ({"paths": (f"/{SITE}/pandas",)}, set()),  # a part is not enough
        ({"paths": ("/app/**/tests",)}, {"test-dirs"}),
        ({"rule": "deleted-later", "paths": ("/app",)}, set()),
        ({"packages": ("pandas", "sympy")}, {"test-dirs"}),
        ({"packages": ("Pandas", "SYM*")}, {"test-dirs"}),
        ({"packages": ("pandas",)}, set()),
        ({"packages": ("*",)}, {"test-dirs"}),  # what is nobody's is no package's
        ({"packages": ("*",), "paths": (f"/{SITE}/sympy",)}, set()),
        ({"rule": "test-dirs", "packages": ("*",), "paths": ("/app",)}, {"test-dirs"}),
    ],
)
def test_a_waiver_accepts_a_finding_whole_or_not_at_all(
    image: Analysis, keys: dict[str, object], rules: set[str]
) -> None:
    gate = held(image, waiver(**keys))
    assert waived(gate) == rules
    assert len(gate.waivers.unused) == (not rules)
    [check] = gate.checks
    assert check.actual == 2 - len(rules)
    assert gate.passed is (len(rules) == 2)


def test_the_gate_says_how_many_are_waived(image: Analysis) -> None:
    [check] = held(image, waiver(rule="test-dirs")).checks
    assert check.detail == "1 finding of 1 MB or more: deleted-later; 1 waived"
    [check] = held(image, waiver(paths=("**",))).checks
    assert (check.passed, check.detail) == (True, "no findings; 2 waived")


def test_waivers_have_no_part_in_budgets(image: Analysis) -> None:
    budgets = Budgets(max_waste=0, waivers=(waiver(rule="deleted-later"),))
    assert not judge(image, budgets, today=TODAY).passed


def test_waivers_that_do_anything_are_told_of() -> None:
    unused = waiver(rule="pip-cache")
    assert not Waivers()
    assert Waivers(expired=(unused,))
    assert Waivers(unused=(Unused(unused, None),))


def test_a_waiver_says_what_it_is_for() -> None:
    assert waiver().about == "any rule"
    whole = waiver(rule="cache-kept", paths=("/a", "/b"), packages=("c",), line=3)
    assert whole.about == "cache-kept at /a, /b of c (line 3)"


def test_a_package_is_asked_for_once_for_all_its_files() -> None:
    files = distribution("pandas", {f"pandas/tests/test_{each}.py": 2_000_000 for each in "ab"})
    image = analysed(ExampleLayer(created_by="RUN pip install pandas", files=files))
    assert waived(held(image, waiver(packages=("pandas",)))) == {"test-dirs"}


def test_the_first_waiver_accepts_and_the_second_is_used_too(image: Analysis) -> None:
    first, second = waiver(rule="test-dirs", reason="first"), waiver(packages=("*",))
    gate = held(image, first, second)
    assert [each.waiver.reason for each in gate.waivers.waived] == ["first"]
    assert gate.waivers.unused == ()


def test_a_finding_that_claims_nothing_is_covered_by_its_rule_alone(image: Analysis) -> None:
    [finding] = [each for each in image.findings if each.rule == "deleted-later"]
    empty = replace(finding.claim, located=(), files=frozenset(), layer_bytes=0)
    hazard = replace(finding, claim=empty, hazard=True)
    told = replace(image, findings=(hazard,))
    assert waived(held(told, waiver(rule="deleted-later"))) == {"deleted-later"}
    assert waived(held(told, waiver(rule="deleted-later", paths=("**",)))) == set()


def test_empty_files_do_not_decide(image: Analysis) -> None:
    gate = held(image, waiver(paths=("/app/**/test_?.py",)))
    assert waived(gate) == {"test-dirs"}


@given(st.sets(st.sampled_from(["/srv", f"/{SITE}/pandas", f"/{SITE}/sympy", "/usr"])))
def test_more_paths_never_waive_less(image: Analysis, paths: set[str]) -> None:
    some = waived(held(image, waiver(paths=tuple(paths)))) if paths else set()
    assert some <= waived(held(image, waiver(paths=(*paths, "/srv"))))


# When it holds


@pytest.mark.parametrize(
    ("today", "holds"),
    [
        (LATER - datetime.timedelta(days=1), True),
        (LATER, True),
        (LATER + datetime.timedelta(days=1), False),
        (datetime.date.max, False),
        (datetime.date.min, True),
    ],
)
def test_it_holds_up_to_and_with_its_day(
    image: Analysis, today: datetime.date, holds: bool
) -> None:
    each = waiver(paths=("**",))
    gate = held(image, each, today=today)
    assert gate.passed is holds
    assert gate.waivers.expired == (() if holds else (each,))
    assert gate.waivers.unused == ()


def test_today_is_the_day_in_utc(image: Analysis, monkeypatch: pytest.MonkeyPatch) -> None:
    budgets = Budgets(fail_on=Safety.RISKY, waivers=(waiver(paths=("**",)),))
    monkeypatch.setattr(clock, "today", lambda: LATER)
    assert judge(image, budgets).passed
    monkeypatch.setattr(clock, "today", lambda: LATER + datetime.timedelta(days=1))
    assert not judge(image, budgets).passed
    monkeypatch.undo()
    before = datetime.datetime.now(datetime.UTC).date()
    assert before <= clock.today() <= datetime.datetime.now(datetime.UTC).date()


# What reports say

SEVERAL = (
    waiver(rule="test-dirs", reason="we <run> them"),
    waiver(rule="deleted-later", paths=("/srv/b",), reason="x"),
    waiver(paths=("/srv",), reason="old", expires=TODAY - datetime.timedelta(days=1)),
    waiver(rule="test-dirs", packages=("sympy",), reason="y"),
)


def test_the_text_says_it_all(image: Analysis) -> None:
    report = render("text", image, held(image, *SEVERAL), Style())
    assert "5.0 MB  test-dirs  (review, waived until 2027-01-31)" in report
    _, section = report.split("\nWaivers: ")
    assert section == (
        "1 finding waived, 1 expired, 2 unused\n"
        "  waived until 2027-01-31: test-dirs of 5.0 MB: we <run> them\n"
        "  expired on 2026-11-21, and no longer holds: any rule at /srv: old\n"
        "  unused: deleted-later at /srv/b: nothing is found that it is for\n"
        "  unused: test-dirs of sympy: it covers only a part of test-dirs of 5.0 MB, and a waiver "
        "is for the\n"
        "  whole of a finding\n"
    )


def test_markdown_says_it_all(image: Analysis) -> None:
    report = render("markdown", image, held(image, *SEVERAL), Style())
    assert "### Waivers: 1 finding waived, 1 expired, 2 unused\n" in report
    assert "- waived until 2027-01-31: test-dirs of 5.0 MB: we &lt;run&gt; them\n" in report
    assert "| `test-dirs` | review, waived until 2027-01-31 |" in report


def test_the_prediction_is_that_of_what_is_advised(image: Analysis) -> None:
    def told(*waivers: Waiver) -> tuple[str, str]:
        _, advice = render("text", image, held(image, *waivers), Style()).split("\nDo this first\n")
        mends, then = advice.split("Then it will be\n")
        return " ".join(mends.split()), " ".join(then.split("\n\n")[0].split())

    both, then = told()
    assert "(deleted-later, safe: 4.0 MB less)" in both
    assert "(test-dirs, review: 5.0 MB less)" in both
    assert then == (
        "layers after the safe mend 5.0 MB 4.0 MB less "
        "after the mend for review too 248 B 9.0 MB less"
    )
    one, then = told(waiver(rule="deleted-later"))
    assert ("deleted-later" in one, "test-dirs" in one) == (False, True)
    assert then == "layers after the mend for review too 4.0 MB 5.0 MB less"
    assert told(waiver(rule="deleted-later", expires=TODAY - datetime.timedelta(days=1)))[0] == both


def test_nothing_is_advised_where_all_is_waived(image: Analysis) -> None:
    report = render("text", image, held(image, waiver(paths=("**",))), Style())
    assert "(safe, waived until 2027-01-31)" in report
    assert "Do this first" not in report
    assert "Then it will be" not in report
    assert "overlap" not in report


def test_the_prediction_of_the_json_leaves_out_what_is_waived(image: Analysis) -> None:
    report = json.loads(render("json", image, held(image, waiver(rule="test-dirs")), Style()))
    prediction = report["prediction"]
    assert prediction["safe"]["bytes"] == prediction["review"]["bytes"] == 4_000_000
    assert image.prediction.review.bytes == 9_000_000  # the analysis is as it was


def test_a_waiver_of_a_check_is_not_for_images(image: Analysis) -> None:
    gate = held(image, waiver(rule="full-base", of_project=True))
    assert not gate.waivers


def test_json_says_it_all(image: Analysis) -> None:
    report = json.loads(render("json", image, held(image, *SEVERAL), Style()))
    gate = report["gate"]
    [accepted] = gate["waived"]
    assert (accepted["rule"], accepted["bytes"]) == ("test-dirs", 5_000_000)
    assert accepted["waiver"] == {
        "rule": "test-dirs",
        "paths": [],
        "packages": [],
        "reason": "we <run> them",
        "expires": "2027-01-31",
    }
    assert [each["paths"] for each in gate["expired_waivers"]] == [["/srv"]]
    assert [each["packages"] for each in gate["unused_waivers"]] == [[], ["sympy"]]
    by_rule = {each["rule"]: each["waived"] for each in report["findings"]}
    assert by_rule == {"deleted-later": None, "test-dirs": accepted["waiver"]}


@pytest.mark.parametrize("format_", ["text", "markdown"])
def test_without_waivers_nothing_is_said_of_them(image: Analysis, format_: str) -> None:
    assert "aive" not in render(format_, image, held(image), Style())
