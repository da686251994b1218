"""JUnit XML: valid by Jenkins' schema, and failing exactly where the gate does."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import xmlschema
from hypothesis import given
from hypothesis import strategies as st

from imgdiag.finding import Fix, Safety, Severity
from imgdiag.gate.gate import Budgets, Gate, judge
from imgdiag.reports import Style, render
from imgdiag.reports._junit import Case, Suite, junit_xml, rule_suite
from imgdiag.reports._located import Located, Place
from imgdiag.rules import all_rules
from tests.reports import images

SCHEMA = xmlschema.XMLSchema(Path(__file__).parent / "schemas" / "junit-10.xsd")


def parsed(document: str) -> ElementTree.Element:
    SCHEMA.validate(document)
    root = ElementTree.fromstring(document.encode())
    for element in (root, *root):
        cases = list(element.iter("testcase"))
        assert int(element.attrib["tests"]) == len(cases)
        assert int(element.attrib["failures"]) == sum(c.find("failure") is not None for c in cases)
    names = [(case.attrib["classname"], case.attrib["name"]) for case in root.iter("testcase")]
    assert len(names) == len(set(names)), "GitLab shows the first of those"
    return root


def report(image: Any, **budgets: Any) -> tuple[ElementTree.Element, Gate]:
    analysis = image()
    gate = judge(analysis, Budgets(**budgets))
    return parsed(render("junit", analysis, gate, Style())), gate


IMAGES = [
    images.service,
    images.service_with_dockerfile,
    images.partial,
    images.no_python,
    images.empty,
    images.hostile,
]


@pytest.mark.parametrize("image", IMAGES)
@pytest.mark.parametrize(
    "budgets",
    [{}, {"max_size": 1}, {"max_size": 10**12, "fail_on": Safety.SAFE}, {"fail_on": Safety.RISKY}],
)
def test_something_fails_exactly_when_the_gate_does(image: Any, budgets: Any) -> None:
    root, gate = report(image, **budgets)
    assert (root.find(".//failure") is None) is gate.passed


def test_budgets_and_rules_are_tests() -> None:
    root, _ = report(images.service_with_dockerfile, max_size=10**9, fail_on=Safety.SAFE)
    budgets, suite = root
    assert [case.attrib["name"] for case in budgets] == ["max-size", "fail-on safe"]
    assert budgets.attrib["name"] == "imgdiag.budgets"
    rules = {case.attrib["name"]: case for case in suite.iter("testcase")}
    assert list(rules) == [rule.name for rule in all_rules()]
    failed = [name for name, case in rules.items() if case.find("failure") is not None]
    assert failed == ["apt-lists", "deleted-later", "metadata-only-copy"]
    assert rules["cuda-torch"].find("system-out") is not None, "for review: it may pass"


def test_without_budgets_there_are_only_rules() -> None:
    root, _ = report(images.no_python)
    [suite] = root
    assert suite.attrib["name"] == "imgdiag.rules"
    assert suite.attrib["failures"] == "0"


EXPECTED = """\
<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="imgdiag" tests="4" failures="1" errors="0">
  <testsuite name="imgdiag.budgets" tests="1" failures="0" errors="0" skipped="0" time="0">
    <testcase classname="imgdiag.budgets" name="max-size" time="0">
      <system-out>3 GB, within 4 GB</system-out>
    </testcase>
  </testsuite>
  <testsuite name="imgdiag.rules" tests="3" failures="1" errors="0" skipped="0" time="0">
    <testcase classname="imgdiag.rules" name="apt-lists" time="0"/>
    <testcase classname="imgdiag.rules" name="deleted-later" time="0" file="Dockerfile" line="3">
      <failure message='second "quoted" &amp; &lt;b&gt;'>first.
Delete it. Dockerfile:
RUN make \\
 &amp;&amp; rm &lt;junk&gt; &amp; so

Dockerfile:3: second "quoted" &amp; &lt;b&gt;.
Delete it. Dockerfile:
RUN make \\
 &amp;&amp; rm &lt;junk&gt; &amp; so</failure>
    </testcase>
    <testcase classname="imgdiag.rules" name="pip-cache" time="0" file="Dockerfile" line="3">
      <system-out>Dockerfile:3: 2 MB.
Delete it. Dockerfile:
RUN make \\
 &amp;&amp; rm &lt;junk&gt; &amp; so</system-out>
    </testcase>
  </testsuite>
</testsuites>
"""


def located(rule: str, *, fails: bool, is_known: bool = True, message: str = "2 MB") -> Located:
    return Located(
        rule=rule,
        severity=Severity.WARNING,
        message=message,
        fix=Fix("Delete it", "Dockerfile", "RUN make \\\n && rm <junk> & so"),
        place=Place(path="Dockerfile", line=3, end_line=4, what=""),
        is_known=is_known,
        fails=fails,
    )


def test_the_whole_document() -> None:
    names = ("apt-lists", "deleted-later", "pip-cache")
    rules = [rule for rule in all_rules() if rule.name in names]
    found = [
        located("deleted-later", fails=False, is_known=False, message="first"),
        located("deleted-later", fails=True, message='second "quoted" & <b>'),
        located("pip-cache", fails=False),
    ]
    budgets = Suite("imgdiag.budgets", (Case(name="max-size", text="3 GB, within 4 GB"),))
    document = junit_xml([budgets, rule_suite("imgdiag.rules", rules, found), Suite("none", ())])
    parsed(document)
    assert document == EXPECTED


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x00\x1b[31m", "\\x00\\x1b[31m"),
        ("\ufffe\uffff\ufdd0", "\\ufffe\\uffff\ufdd0"),
        ("caf\udce9", "caf\\xe9"),
        ("]]>", "]]>"),
        ("\u202e🐳", "\\u202e🐳"),
    ],
)
def test_what_xml_forbids_is_shown(text: str, shown: str) -> None:
    document = junit_xml([Suite("a", (Case(name=text, failure=text, text=text, file=text),))])
    [case] = parsed(document).iter("testcase")
    [failure] = case
    assert case.attrib["name"] == case.attrib["file"] == shown
    assert failure.attrib["message"] == failure.text == shown


@given(st.text(), st.text(min_size=1))
def test_whatever_the_text(name: str, text: str) -> None:
    parsed(junit_xml([Suite(name, (Case(name=name, failure=text, text=text, file=name),))]))


def test_a_very_long_text_is_cut() -> None:
    [case] = parsed(junit_xml([Suite("a", (Case(name="b", text="x" * 30_000),))])).iter("testcase")
    assert len(case[0].text or "") == 20_000
