"""No name of an image becomes a command to the CI whose log a report is printed in."""

from __future__ import annotations

import json
import re

import pytest

from imgdiag.analysis import Analysis
from imgdiag.finding import Safety
from imgdiag.gate.budgets import Budget, Limit, Measure
from imgdiag.gate.gate import Budgets, judge
from imgdiag.reports import Style, formats, render
from imgdiag.rules.rule import ExampleLayer
from tests.made import analysed, distribution

MODERN = "::error title=x::owned"
LEGACY = "##[error]owned ##[add-mask]o ##vso[task.setvariable variable=a]b"
WORDS = f"{MODERN} {LEGACY} " * 40  # wherever a line is broken, a command may begin the next


@pytest.fixture(scope="module")
def image() -> Analysis:
    folder = f"srv/{MODERN} {LEGACY}".replace("/::", "/")
    return analysed(
        ExampleLayer(
            created_by=f"RUN make \\\n{MODERN}\n  {MODERN}\n{LEGACY} {WORDS}",
            files={
                f"{folder}/a": 4_000_000,
                f"{MODERN}": 3_000_000,
                **distribution("pandas", {"pandas/tests/test_a.py": 3_000_000}),
            },
        ),
        ExampleLayer(
            created_by=f"RUN rm x \\\n && echo {WORDS} \\\n{MODERN}", deletes=(f"{folder}/a",)
        ),
        warnings=(MODERN, LEGACY, WORDS),
        reference=f"{MODERN} {LEGACY}",
        command=(MODERN, LEGACY),
    )


def commands(text: str) -> list[str]:
    """Return the lines that GitHub's runner or Azure's agent would obey."""
    modern = re.compile(r"\s*::\S+.*::")
    legacy = re.compile(r"##(vso)?\[\w[^\]]*\]")
    return [line for line in text.splitlines() if modern.match(line) or legacy.search(line)]


@pytest.mark.parametrize("format_", sorted(set(formats()) - {"github"}))
@pytest.mark.parametrize("width", [40, 61, 80, 100])
def test_no_line_is_a_command(image: Analysis, format_: str, width: int) -> None:
    of_path = Budget(name=MODERN, measure=Measure.PATH, of="**", limit=Limit(bytes=0))
    gate = judge(image, Budgets(fail_on=Safety.RISKY, named=(of_path,), configuration=LEGACY))
    text = render(format_, image, gate, Style(width=width, details=True))
    assert commands(text) == []
    assert "owned" in text


def test_github_s_own_are_the_only_ones(image: Analysis) -> None:
    text = render("github", image, judge(image, Budgets()), Style())
    assert commands(text) == text.splitlines()
    assert [
        line for line in text.splitlines() if not re.match("::(error|warning|notice) ", line)
    ] == []
    assert "##[" not in text


def test_json_says_the_name_as_it_is(image: Analysis) -> None:
    found = json.loads(render("json", image, judge(image, Budgets()), Style()))
    assert found["image"]["reference"] == f"{MODERN} {LEGACY}"
