"""The Markdown report as a comment: what comes first, and how it is cut."""

from __future__ import annotations

import re

import pytest

from imgdiag import image
from imgdiag.gate.gate import Budgets, Gate, judge
from imgdiag.reports import Style, render
from imgdiag.reports._markup import COMMENT_LIMIT, Section, page
from imgdiag.reports.markdown import sections
from imgdiag.rules.rule import ExampleLayer
from tests.made import analysed
from tests.reports import images


def test_what_decides_comes_first() -> None:
    analysis = images.service()
    text = render("markdown", analysis, judge(analysis, Budgets(max_size=1)), Style())
    assert text.startswith("## ❌ <code>registry.example/app:1.0</code>: 5.47 GB\n\n**Over 5 GB")
    assert re.findall("^###? .*", text, re.MULTILINE)[1:] == [
        "### Budgets: failed",
        "### Why it is this big",
        "### Do this first",
    ]
    text = render("markdown", analysis, judge(analysis, Budgets(max_size=10**12)), Style())
    assert text.startswith("## ✅ ")
    assert render("markdown", analysis, Gate(()), Style()).startswith("## <code>")


def test_what_changed_stands_between_the_budgets_and_the_causes() -> None:
    analysis = images.service()
    changed = Section("what changed", ("### What changed", "2 GB more"))
    gate = judge(analysis, Budgets(max_size=1))
    text = page(sections(analysis, gate, Style(), [changed]))
    titles = re.findall("^### (.*)", text, re.MULTILINE)
    assert titles[:3] == ["Budgets: failed", "What changed", "Why it is this big"]


def test_it_is_never_longer_than_a_comment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(image, "MAX_INSTRUCTION", 100_000)  # as long as no real one is
    layers = [
        ExampleLayer(created_by=f"RUN make {'x' * 60_000}", files={f"junk{n}": 900_000_000 + n})
        for n in range(3)
    ]
    drop = ExampleLayer(created_by="RUN rm junk*", deletes=("junk0", "junk1", "junk2"))
    analysis = analysed(*layers, drop)
    text = render("markdown", analysis, judge(analysis, Budgets(max_size=1)), Style(marker="a"))
    assert len(text.encode()) <= COMMENT_LIMIT
    assert text.startswith("<!-- imgdiag:a -->\n\n## ❌")
    assert "### Why it is this big" in text
    assert text.count("<details>") == text.count("</details>")
    assert text.count("```") % 2 == 0
    assert text.endswith("*Left out, as a comment has its limit: mends, sizes, layers.*\n")


def test_a_long_reference_leaves_room() -> None:
    analysis = analysed(reference="registry/" + "x" * 100_000)
    assert len(render("markdown", analysis, Gate(()), Style())) < 2_000
