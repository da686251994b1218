"""The page of a comparison: its numbers are the JSON report's, and names do nothing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from imgdiag import pipeline
from imgdiag.comparison import Comparison, compare, snapshot
from imgdiag.comparison.limits import judge, max_growth
from imgdiag.gate.budgets import Limit
from imgdiag.reports import Style, _difference
from imgdiag.reports._difference.html import page_data
from tests.reports import images
from tests.reports.test_html import Page, data_of

FIXTURES = Path(__file__).parents[2] / "fixtures" / "ml-service"
LIMITS = (max_growth(Limit(percent=5.0)),)


def between_images(base: Any, head: Any) -> Comparison:
    return compare(snapshot(base()), snapshot(head()))


PAIRS = [
    (images.no_python, images.service),
    (images.service, images.no_python),
    (images.service, images.service_with_dockerfile),
    (images.service, images.service),
    (images.empty, images.partial),
    (images.hostile, images.service),
    (images.service, images.hostile),
]


@pytest.mark.parametrize(("base", "head"), PAIRS)
def test_the_numbers_are_those_of_the_json_report(base: Any, head: Any) -> None:
    comparison = between_images(base, head)
    gate = judge(comparison, LIMITS)
    report = json.loads(_difference.render("json", comparison, gate, Style(), 10))
    text = _difference.render("html", comparison, gate, Style(), 10)
    page = Page(text)
    assert page.open == []
    data = data_of(text)
    assert data == page_data(comparison, gate)
    found = data["comparison"]
    assert found["growth"] == report["growth"]["bytes"]
    assert sum(each["bytes"] for each in found["causes"]) == found["growth"]
    assert [each["bytes"] for each in found["causes"]] == [
        each["growth"] for each in report["causes"]
    ]
    assert found["growth"] == found["head"]["layer_bytes"] - found["base"]["layer_bytes"]
    assert (
        sum((each["head"] or 0) - (each["base"] or 0) for each in found["layers"])
        == (found["growth"])
    )
    visible = {side: found[side]["visible_bytes"] for side in ("base", "head")}
    assert sum(each["head"] - each["base"] for each in found["folders"]) == (
        visible["head"] - visible["base"]
    )
    for each in found["sizes"]:
        assert (each["base"], each["head"]) == (
            report["sizes"][each["name"]]["base"],
            report["sizes"][each["name"]]["head"],
        )
    assert data["gate"]["passed"] == report["gate"]["passed"]


def test_an_image_that_means_ill_changes_nothing_but_the_data() -> None:
    plain, ill = (
        _difference.render("html", comparison, judge(comparison, LIMITS), Style(), 10)
        for comparison in (
            between_images(images.empty, images.service),
            between_images(images.hostile, images.hostile),
        )
    )
    outside = [text.split('id="data">')[0] + text.split("</script>", 1)[1] for text in (plain, ill)]
    assert outside[0] == outside[1]


def test_before_and_after_of_the_bundled_service() -> None:
    before, after = (
        snapshot(pipeline.analyze(str(FIXTURES / f"{name}.oci.tar")))
        for name in ("before", "after")
    )
    comparison = compare(before, after)
    found = page_data(comparison, judge(comparison, LIMITS))
    assert found["title"].startswith("ml-service:after: shrank by 16.11 GB")
    assert found["gate"]["passed"]
    assert found["comparison"]["causes"][1]["title"].startswith("torch 2.4.1, gone, with 20")
