"""Names from an image stay names, in every format."""

from __future__ import annotations

import datetime
import json
import re
import unicodedata
from typing import Any

import pytest

from imgdiag.finding import Safety
from imgdiag.gate.budgets import Budget, Limit, Measure
from imgdiag.gate.gate import Budgets, judge
from imgdiag.gate.waivers import Waiver
from imgdiag.reports import Style, formats, render
from imgdiag.rules.rule import ExampleLayer
from tests.made import analysed, distribution
from tests.reports import images


def budget(measured: Measure, of: str = "") -> Budget:
    return Budget(
        name=f"{measured} {images.HOSTILE}",
        measure=measured,
        of=of,
        limit=Limit(bytes=0),
        message=images.HOSTILE,
    )


def waiver(rule: str, expires: datetime.date, **more: tuple[str, ...]) -> Waiver:
    return Waiver(rule=rule, reason=images.HOSTILE, expires=expires, **more)  # type: ignore[arg-type]


BUDGETS = Budgets(
    max_layer=1,
    fail_on=Safety.RISKY,
    configuration=images.HOSTILE,
    named=(
        budget(Measure.LAYERS),
        budget(Measure.LAYER, "*"),
        budget(Measure.PACKAGE, "*"),
        budget(Measure.PACKAGE, images.HOSTILE),
        budget(Measure.PATH, "**"),
        budget(Measure.PATH, images.HOSTILE),
        budget(Measure.GROWTH),
    ),
    waivers=(
        waiver("cuda-torch", datetime.date.max),
        waiver("", datetime.date.max, paths=(images.HOSTILE,)),
        waiver("", datetime.date.min, packages=(images.HOSTILE,)),
    ),
)


def report(format_: str, **style: Any) -> str:
    analysis = images.hostile()
    gate = judge(analysis, BUDGETS)
    return render(format_, analysis, gate, Style(**style))


@pytest.mark.parametrize("format_", formats())
@pytest.mark.parametrize("details", [False, True])
@pytest.mark.parametrize("width", [60, 100, 120])
def test_39_nothing_moves_a_cursor_or_reorders_a_line(
    format_: str, details: bool, width: int
) -> None:
    text = report(format_, details=details, width=width)
    text.encode("utf-8")  # no broken bytes
    categories = {unicodedata.category(each) for each in text.replace("\n", "")}
    assert not categories & {"Cc", "Cf", "Cs", "Zl", "Zp"}
    assert text.endswith("\n")


def test_the_names_are_still_told() -> None:
    text = report("text", details=True, width=120)
    assert r"\x1b]0;owned\x07" in text
    assert r"\u202egpj.exe" in text
    assert r"caf\xe9" in text


def test_colour_is_the_pages_own() -> None:
    text = report("text", color=True)
    assert set(re.findall(r"\x1b[^m]*m", text)) <= {
        f"\x1b[{code}m" for code in ("0", "1", "31", "32", "33", "36", "90")
    }
    plain = re.sub(r"\x1b\[\d+m", "", text)
    assert plain == report("text")


def test_no_line_of_the_image_becomes_one_of_the_text() -> None:
    # But for snippets: an instruction of several lines is shown as it is, further to the right.
    lines = report("text", details=True).splitlines()
    assert not [line for line in lines if re.match(r" {0,6}(# heading|<script>|```)", line)]


def test_json_parses_and_keeps_what_the_names_are() -> None:
    found = json.loads(report("json"))
    assert "\x1b]0;owned\x07" in found["image"]["reference"]
    assert "caf\\xe9" in found["image"]["reference"]
    assert len(found["layers"]) == 3
    assert found["gate"]["passed"] is False


def outside_fences(text: str) -> list[str]:
    lines: list[str] = []
    fence = ""
    for line in text.splitlines():
        match = re.match(r" {0,3}(`{3,})[a-z]*$", line)
        if fence:
            if line.strip() == fence:
                fence = ""
        elif match:
            fence = match[1]
        else:
            lines.append(line)
    assert not fence, "a fence is left open"
    return lines


def test_markdown_holds_no_markup_but_its_own() -> None:
    text = "\n".join(outside_fences(report("markdown")))
    tags = set(re.findall(r"<[^>]*>?", text))
    assert tags == {"<details>", "</details>", "<summary>", "</summary>", "<code>", "</code>"}
    assert "[a](" not in text.replace("\\[", "").replace("\\]", "")
    assert "@octocat" not in re.sub(r"<code>.*?</code>", "", text)  # there nobody is mentioned
    assert "https://" not in text
    headings = [line for line in text.splitlines() if line.startswith("#")]
    assert headings[0].startswith("## ❌ <code>registry/")
    assert [line for line in headings[1:] if not line.startswith("### ")] == []
    assert "heading" not in "".join(headings[1:])


def test_markdown_tables_stay_tables() -> None:
    lines = outside_fences(report("markdown"))
    columns = 0
    rows = 0
    for line in lines:
        if line.startswith("|"):
            cells = len(re.findall(r"(?<!\\)\|", line))
            assert cells == (columns or cells), line
            assert line.endswith("|")
            columns = cells
            rows += 1
        else:
            columns = 0
    assert rows > 20


def test_markdown_folds_what_is_inside_code_fences() -> None:
    text = report("markdown")
    assert "   ````" in text, "a fence longer than the backticks in the image's instruction"


@pytest.mark.parametrize("format_", formats())
def test_a_very_long_name_does_no_harm(format_: str) -> None:
    analysis = analysed(
        ExampleLayer(
            created_by="RUN " + "x" * 50_000,
            files={
                **distribution("y" * 200, {"z" * 255 + "/" + "é" * 255: 5_000_000}),
                "junk": 2_000_000,
            },
        ),
        ExampleLayer(created_by="RUN rm junk", deletes=("junk",)),
    )
    text = render(format_, analysis, judge(analysis, Budgets(max_layer=1)), Style(width=80))
    if format_ == "text":
        # Snippets are there to be copied whole; all else keeps to the page.
        page = [line for line in text.splitlines() if "x" * 1_000 not in line]
        assert max(len(line) for line in page) <= 80
