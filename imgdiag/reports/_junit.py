"""JUnit XML as Jenkins and GitLab read it.

Jenkins' schema is junit-10.xsd of its xUnit plugin. GitLab shows a test's `classname`, `name`,
`file` and the text of its failure, and compares branches by class and name: so each rule is one
test, whatever it finds, and one that was mended shows as fixed. Source: docs.gitlab.com, 'Unit test
reports'.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape, quoteattr

from imgdiag.reports._located import Described, Located
from imgdiag.text import cut, printable, without_command_lines

_TEXT = 20_000  # characters of one test's text
# What XML 1.0 allows beyond what `printable` leaves.
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A test case: `failure` says in a line why it failed, "" when it did not; `text` tells all.

    `skipped` says why it was not held at all.
    """

    name: str
    failure: str = ""
    skipped: str = ""
    text: str = ""
    file: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class Suite:
    """Test cases under a name; `notes` stand beside them."""

    name: str
    tests: tuple[Case, ...]
    notes: tuple[str, ...] = ()

    @property
    def failures(self) -> int:
        """Return how many failed."""
        return sum(bool(test.failure) for test in self.tests)

    @property
    def skipped(self) -> int:
        """Return how many were not held."""
        return sum(bool(test.skipped) for test in self.tests)


def rule_suite(name: str, rules: Iterable[Described], found: Sequence[Located]) -> Suite:
    """Return a test for each rule: failed where a finding fails the gate, else passed."""
    by_rule: dict[str, list[Located]] = {}
    for each in found:
        by_rule.setdefault(each.rule, []).append(each)
    return Suite(name, tuple(_rule_test(rule.name, by_rule.get(rule.name, [])) for rule in rules))


def _rule_test(rule: str, found: Sequence[Located]) -> Case:
    if not found:
        return Case(name=rule)
    failing = [each for each in found if each.fails]
    first = (failing or found)[0]
    return Case(
        name=rule,
        failure=failing[0].message if failing else "",
        text="\n\n".join(f"{_where(each)}{each.message}.\n{each.mend}" for each in found),
        file=first.place.path if first.is_known else "",
        line=first.place.line if first.is_known else 0,
    )


def _where(finding: Located) -> str:
    return f"{finding.place.path}:{finding.place.line}: " if finding.is_known else ""


def junit_xml(suites: Sequence[Suite]) -> str:
    """Return the suites as one document; those without tests are left out."""
    suites = [suite for suite in suites if suite.tests]
    lines = ['<?xml version="1.0" encoding="UTF-8"?>']
    tests = sum(len(suite.tests) for suite in suites)
    failures = sum(suite.failures for suite in suites)
    lines.append(_tag("testsuites", name="imgdiag", tests=tests, failures=failures, errors=0))
    for suite in suites:
        counts = {
            "tests": len(suite.tests),
            "failures": suite.failures,
            "errors": 0,
            "skipped": suite.skipped,
        }
        lines.append("  " + _tag("testsuite", name=suite.name, **counts, time="0"))
        lines += [line for test in suite.tests for line in _test(suite, test)]
        if suite.notes:
            lines.append(f"    <system-out>{escape(_xml(chr(10).join(suite.notes)))}</system-out>")
        lines.append("  </testsuite>")
    lines.append("</testsuites>")
    return without_command_lines("\n".join(lines), "&#58;") + "\n"


def _test(suite: Suite, test: Case) -> Iterable[str]:
    place: dict[str, str | int] = {"file": test.file, "line": test.line} if test.file else {}
    head = "    " + _tag("testcase", classname=suite.name, name=test.name, time="0", **place)
    text = escape(_xml(cut(test.text, _TEXT)))
    if test.failure:
        yield head
        yield f"      {_tag('failure', message=test.failure)}{text}</failure>"
        yield "    </testcase>"
    elif test.skipped:
        yield head
        yield f"      {_tag('skipped', message=test.skipped)[:-1]}/>"
        yield "    </testcase>"
    elif test.text:
        yield head
        yield f"      <system-out>{text}</system-out>"
        yield "    </testcase>"
    else:
        yield f"{head[:-1]}/>"


def _tag(tag: str, /, **attributes: str | int) -> str:
    parts = (f" {key}={quoteattr(_xml(str(value)))}" for key, value in attributes.items())
    return f"<{tag}{''.join(parts)}>"


def _xml(text: str) -> str:
    r"""Return `text` without what XML 1.0 forbids, even as an entity: it shows as \x00."""
    clean = "\n".join(printable(line) for line in text.split("\n"))
    return _FORBIDDEN.sub(lambda match: f"\\u{ord(match[0]):04x}", clean)
