from __future__ import annotations

from dataclasses import replace

import pytest

from imgdiag.analysis import Skipped
from imgdiag.comparison import compare
from imgdiag.comparison.limit import GrowthLimit, judge
from tests.comparison.images import compared, layer, taken

GROWN = compared(layer(files={"a": 1_000}), layer(files={"a": 1_300}))


@pytest.mark.parametrize(
    ("text", "allowed"),
    [("0", 0), ("200MB", 200_000_000), ("1KiB", 1024), ("5%", 50), ("0.15 %", 1), ("100%", 1_000)],
)
def test_what_a_limit_allows_of_a_thousand_bytes(text: str, allowed: int) -> None:
    assert GrowthLimit.parse(text).allowed_bytes(1_000) == allowed


@pytest.mark.parametrize("text", ["", "%", "-5%", "5%%", "nan%", "inf%", "1e3%", ".%", "x", "-1MB"])
def test_what_is_no_limit(text: str) -> None:
    with pytest.raises(ValueError, match="is no"):
        GrowthLimit.parse(text)


@pytest.mark.parametrize(
    ("text", "passes", "detail"),
    [
        ("300", True, "the layers grew by 300 B (300 bytes), within 300 B (300 bytes)"),
        ("299", False, "the layers grew by 300 B (300 bytes), over 299 B (299 bytes) by 1 B"),
        (
            "30%",
            True,
            "the layers grew by 300 B (300 bytes), within 30 % of BASE, 300 B (300 bytes)",
        ),
        (
            "29.9%",
            False,
            "the layers grew by 300 B (300 bytes), over 29.9 % of BASE, 299 B (299 bytes) by 1 B",
        ),
    ],
)
def test_growth_is_held_to_the_byte(text: str, passes: bool, detail: str) -> None:
    gate = judge(GROWN, [GrowthLimit.parse(text)])
    assert gate.passed is passes
    assert [each.detail for each in gate.checks] == [detail]


def test_an_image_that_shrank_or_stayed_passes() -> None:
    smaller = compare(GROWN.head, GROWN.base)
    [check] = judge(smaller, [GrowthLimit.parse("0")]).checks
    assert check.passed
    assert check.detail == "the layers shrank by 300 B (300 bytes), within 0 B (0 bytes)"
    [check] = judge(compare(GROWN.base, GROWN.base), [GrowthLimit.parse("0%")]).checks
    assert check.passed
    assert check.detail == "the layers did not grow, within 0 % of BASE, 0 B (0 bytes)"


def test_an_image_that_grew_from_nothing_is_over_any_share() -> None:
    found = compare(taken(), GROWN.base)
    assert found.growth_percent is None
    assert not judge(found, [GrowthLimit.parse("500%")]).passed


def test_each_limit_counts() -> None:
    gate = judge(GROWN, [GrowthLimit.parse("1MB"), GrowthLimit.parse("5%")])
    assert [each.passed for each in gate.checks] == [True, False]
    assert judge(GROWN, []).checks == ()


def test_a_part_of_an_image_does_not_pass() -> None:
    partial = compare(GROWN.base, replace(GROWN.base, skipped=(Skipped("layer 1", "missing"),)))
    [check] = judge(partial, []).checks
    assert (check.name, check.passed, check.actual) == ("complete", False, 1)
    assert judge(partial, [], allow_partial=True).passed
