"""Reports of comparisons: whole ones, held against those in snapshots/, and harmless names."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable

import jsonschema
import pytest

from imgdiag.comparison import Comparison, compare
from imgdiag.comparison.limits import judge, max_growth
from imgdiag.gate.budgets import Limit
from imgdiag.gate.gate import Gate
from imgdiag.reports import Style
from imgdiag.reports._difference import formats, render
from imgdiag.reports._markup import COMMENT_LIMIT
from imgdiag.schema import schema_of
from tests.reports import comparisons
from tests.reports.test_snapshots import ENDINGS, SNAPSHOTS, UPDATE

VALIDATOR = jsonschema.Draft202012Validator(schema_of("compare", closed=True))
LIMITS = [max_growth(Limit.parse(each)) for each in ("200MB", "5000%")]


@pytest.mark.parametrize(
    ("name", "comparison", "format_", "style", "top"),
    [
        ("grown", comparisons.grown, "text", Style(), 10),
        ("grown-color", comparisons.grown, "text", Style(color=True), 10),
        ("grown-narrow", comparisons.grown, "text", Style(width=60), 2),
        ("grown", comparisons.grown, "markdown", Style(), 10),
        ("grown", comparisons.grown, "json", Style(), 1),
        ("shrunk", comparisons.shrunk, "text", Style(width=120), 3),
        ("shrunk", comparisons.shrunk, "markdown", Style(), 3),
        ("unchanged", comparisons.unchanged, "text", Style(), 10),
        ("unchanged", comparisons.unchanged, "markdown", Style(), 10),
        ("unchanged", comparisons.unchanged, "json", Style(), 10),
        ("partial-growth", comparisons.partial, "text", Style(), 10),
        ("partial-growth", comparisons.partial, "markdown", Style(), 10),
    ],
)
def test_the_whole_report(
    name: str, comparison: Callable[[], Comparison], format_: str, style: Style, top: int
) -> None:
    found = comparison()
    text = render(format_, found, judge(found, LIMITS), style, top)
    path = SNAPSHOTS / f"{name}.{ENDINGS[format_]}"
    if UPDATE:
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


def test_there_is_one_of_each_format() -> None:
    assert formats() == ("html", "json", "markdown", "text")


@pytest.mark.parametrize("comparison", [comparisons.hostile, comparisons.hostile_gone])
@pytest.mark.parametrize("format_", formats())
def test_names_are_made_harmless(format_: str, comparison: Callable[[], Comparison]) -> None:
    text = render(format_, comparison(), Gate(()), Style(), 50)
    assert "onerror" in text or format_ == "json"
    text.encode()  # valid Unicode
    for line in text.split("\n"):
        if format_ != "json":  # which escapes them
            assert not [each for each in line if unicodedata.category(each) in ("Cc", "Cf", "Cs")]
    if format_ == "markdown":
        assert not re.search(r"<(?!/?(?:details|summary|code|br)>)", text)
        outside = re.sub("<code>.*?</code>", "", text)
        assert "@octocat" not in outside  # inside, nobody is mentioned
        assert "(https://" not in text
    if format_ == "json":
        VALIDATOR.validate(json.loads(text))


@pytest.mark.parametrize(
    "comparison",
    [comparisons.grown, comparisons.shrunk, comparisons.unchanged, comparisons.partial],
)
def test_json_is_as_its_schema_says(comparison: Callable[[], Comparison]) -> None:
    found = comparison()
    VALIDATOR.validate(json.loads(render("json", found, judge(found, LIMITS), Style(), 1)))


def test_markdown_has_its_marker_and_is_cut_at_what_a_comment_may_have() -> None:
    text = render("markdown", comparisons.grown(), Gate(()), Style(marker="growth"), 10)
    assert text.startswith("<!-- imgdiag:growth -->\n\n## <code>registry.example/api:pr-7</code>")
    many = comparisons.many_packages(4_000)
    text = render("markdown", many, Gate(()), Style(), 4_000)
    assert len(text.encode()) <= COMMENT_LIMIT
    assert "Left out, as a comment has its limit" in text


@pytest.mark.parametrize("width", [80, 100, 120])
def test_no_line_is_wider_than_the_page(width: int) -> None:
    for comparison in (comparisons.grown(), comparisons.hostile()):
        lines = render("text", comparison, Gate(()), Style(width=width), 50).splitlines()
        assert max(map(len, lines)) <= width


def test_json_says_all_that_the_comparison_holds() -> None:
    comparison = comparisons.grown()
    found = json.loads(render("json", comparison, Gate(()), Style(), 1))
    assert list(found) == [
        "schema_version", "base", "head", "unchanged", "growth", "sizes", "causes", "layers",
        "shared_bytes", "environments", "system_packages", "folders", "findings", "skipped",
        "warnings", "gate",
    ]  # fmt: skip
    assert sum(each["growth"] for each in found["causes"]) == found["growth"]["bytes"]
    assert (
        sum(each["growth"] for each in found["folders"])
        == (found["sizes"]["visible_bytes"]["growth"])
    )
    for name in ("causes", "layers", "environments", "system_packages", "folders", "findings"):
        assert len(found[name]) == len(getattr(comparison, name)) > 0


def test_the_same_each_time() -> None:
    for format_ in formats():
        texts = {
            render(
                format_, compare(comparisons.before(), comparisons.after()), Gate(()), Style(), 9
            )
            for _ in range(3)
        }
        assert len(texts) == 1
