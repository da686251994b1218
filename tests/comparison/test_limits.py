from __future__ import annotations

from dataclasses import replace

import pytest

from imgdiag.analysis import Skipped
from imgdiag.comparison import Comparison, compare
from imgdiag.comparison.limits import judge, max_growth
from imgdiag.gate.budgets import Budget, Limit, Measure
from imgdiag.gate.gate import Gate
from tests.comparison.images import compared, layer, taken

GROWN = compared(layer(files={"a": 1_000}), layer(files={"a": 1_300}))


def held(comparison: Comparison, *limits: str) -> Gate:
    return judge(comparison, [max_growth(Limit.parse(each)) for each in limits])


@pytest.mark.parametrize(
    ("text", "passes", "detail"),
    [
        ("300", True, "growth: 300 B (300 bytes), within 300 B (300 bytes)"),
        ("299", False, "growth: 300 B (300 bytes), over 299 B (299 bytes) by 1 B"),
        ("30%", True, "30.0 % growth, the limit is 30 %"),
        ("29.9%", False, "30.0 % growth, the limit is 29.9 %: 300 B (300 bytes), over by 1 B"),
    ],
)
def test_growth_is_held_to_the_byte(text: str, passes: bool, detail: str) -> None:
    gate = held(GROWN, text)
    assert gate.passed is passes
    assert [each.detail for each in gate.checks] == [detail]


def test_an_image_that_shrank_or_stayed_passes() -> None:
    assert held(compare(GROWN.head, GROWN.base), "0", "0%").passed
    assert held(compare(GROWN.base, GROWN.base), "0", "0%").passed


def test_an_image_that_grew_from_nothing_is_over_any_share() -> None:
    found = compare(taken(), GROWN.base)
    assert found.growth_percent is None
    assert not held(found, "500%").passed
    assert held(found, "1MB").passed


def test_each_limit_counts() -> None:
    assert [each.passed for each in held(GROWN, "1MB", "5%").checks] == [True, False]
    assert held(GROWN).checks == ()


def test_of_the_configuration_budgets_of_growth_count() -> None:
    budgets = [
        Budget(name="step", measure=Measure.GROWTH, limit=Limit(bytes=100), message="ask first"),
        Budget(name="image", measure=Measure.LAYERS, limit=Limit(bytes=1)),
    ]
    gate = judge(GROWN, budgets, configuration="imgdiag.toml")
    [check] = gate.checks
    assert (check.name, check.passed, check.message) == ("step", False, "ask first")
    assert gate.configuration == "imgdiag.toml"
    assert judge(GROWN, budgets[1:], configuration="imgdiag.toml") == Gate(())


def test_a_part_of_an_image_does_not_pass() -> None:
    partial = compare(GROWN.base, replace(GROWN.base, skipped=(Skipped("layer 1", "missing"),)))
    [check] = judge(partial, []).checks
    assert (check.name, check.passed, check.actual) == ("complete", False, 1)
    assert judge(partial, [], allow_partial=True).passed
