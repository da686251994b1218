from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from imgdiag.analysis import Analysis
from imgdiag.finding import Safety
from imgdiag.gate.budgets import Budget, Limit, Measure
from imgdiag.gate.gate import Budgets, Gate, judge, verdict
from imgdiag.rules.rule import ExampleLayer
from tests.made import analysed

SIZE = 4_000_000
WASTE = 1_200_000


@pytest.fixture(scope="module")
def image() -> Analysis:
    """Return an image of 4 MB: 3 MB in layer 0, of which 1.2 MB are deleted by layer 1."""
    return analysed(
        ExampleLayer(created_by="RUN make", files={"a": 1_800_000, "b": WASTE}),
        ExampleLayer(created_by="RUN rm b", files={"c": 1_000_000}, deletes=("b",)),
    )


def test_without_budgets_everything_passes(image: Analysis) -> None:
    gate = judge(image, Budgets())
    assert gate.passed
    assert gate.checks == ()
    assert gate.configuration == ""
    assert Gate(()).configuration == ""
    assert Budgets(max_size=1, max_download=1, max_layer=1, max_waste=1).every == tuple(
        Budget(name=name, measure=what, of="*" * (name == "max-layer"), limit=Limit(bytes=1))
        for name, what in (
            ("max-size", Measure.LAYERS),
            ("max-download", Measure.DOWNLOAD),
            ("max-layer", Measure.LAYER),
            ("max-waste", Measure.WASTE),
        )
    )
    [percent] = Budgets(max_waste_percent=1).every
    assert (percent.measure, percent.of) == (Measure.WASTE, "")


@pytest.mark.parametrize(
    ("name", "actual"),
    [
        ("max_size", SIZE),
        ("max_download", 3_000_000),
        ("max_layer", 3_000_000),
        ("max_waste", WASTE),
    ],
)
@pytest.mark.parametrize(("more", "passed"), [(-1, False), (0, True), (1, True)])
def test_sizes_at_the_limit(
    image: Analysis, name: str, actual: int, more: int, passed: bool
) -> None:
    limits: dict[str, Any] = {name: actual + more}
    gate = judge(image, Budgets(**limits))
    [check] = gate.checks
    assert (gate.passed, check.passed, check.actual, check.limit) == (
        passed, passed, actual, actual + more,
    )  # fmt: skip
    assert check.name == name.replace("_", "-")
    assert f"({actual:,} bytes)" in check.detail
    assert f"({actual + more:,} bytes)" in check.detail
    assert ("over" in check.detail) is not passed
    if not passed:
        assert check.detail.endswith(" by 1 B")


def test_the_largest_layer_is_named(image: Analysis) -> None:
    [check] = judge(image, Budgets(max_layer=1)).checks
    assert check.detail.startswith("layer 0 (RUN make): 3.0 MB (3,000,000 bytes), over 1 B")


def test_a_long_instruction_is_cut_short() -> None:
    image = analysed(ExampleLayer(created_by=f"RUN {'x' * 5_000}\nb", files={"a": 5}))
    [check] = judge(image, Budgets(max_layer=1)).checks
    assert len(check.detail) < 150
    assert "\n" not in check.detail


@pytest.mark.parametrize(
    ("limit", "passed"), [(0, False), (29.99, False), (30, True), (30.01, True), (100, True)]
)
def test_the_share_of_waste_at_the_limit(image: Analysis, limit: float, passed: bool) -> None:
    [check] = judge(image, Budgets(max_waste_percent=limit)).checks
    assert (check.passed, check.actual) == (passed, 30.0)
    assert check.detail.startswith("30.0 % of the layers is never seen, the limit is ")


@pytest.mark.parametrize("percent", range(101))
def test_each_whole_per_cent_is_exact(image: Analysis, percent: int) -> None:
    sizes = replace(image.sizes, layer_bytes=100, visible_bytes=100 - percent, wasted_bytes=percent)
    assert judge(replace(image, sizes=sizes), Budgets(max_waste_percent=percent)).passed


def test_a_download_that_is_not_known_does_not_pass() -> None:
    image = analysed(ExampleLayer(created_by="RUN a", files={"a": 5}), compressed=False)
    [check] = judge(image, Budgets(max_download=10**12)).checks
    assert (check.passed, check.actual) == (False, None)
    assert "not known here" in check.detail


def test_an_image_without_layers_passes_every_limit() -> None:
    budgets = Budgets(
        max_size=0, max_download=0, max_layer=0, max_waste=0, max_waste_percent=0,
        fail_on=Safety.RISKY,
    )  # fmt: skip
    gate = judge(analysed(), budgets)
    assert gate.passed
    assert len(gate.checks) == 6
    assert gate.checks[0].detail == "the sum of the layers: 0 B (0 bytes), within 0 B (0 bytes)"


@pytest.mark.parametrize(
    ("safety", "fails_on"),
    [
        (Safety.SAFE, {Safety.SAFE, Safety.REVIEW, Safety.RISKY}),
        (Safety.REVIEW, {Safety.REVIEW, Safety.RISKY}),
        (Safety.RISKY, {Safety.RISKY}),
    ],
)
@pytest.mark.parametrize("level", list(Safety))
def test_levels_of_fail_on(
    image: Analysis, safety: Safety, fails_on: set[Safety], level: Safety
) -> None:
    [found] = image.findings
    gate = judge(replace(image, findings=(replace(found, safety=safety),)), Budgets(fail_on=level))
    assert gate.passed is (level not in fails_on)
    [check] = gate.checks
    assert check.name == f"fail-on {level}"
    assert check.detail == (
        "no findings" if gate.passed else "1 finding of 1 MB or more: deleted-later"
    )
    assert check.limit == 0
    assert [each.rule for each in check.findings] == ["deleted-later"] * (not gate.passed)


def test_each_rule_that_fails_is_named_once(image: Analysis) -> None:
    [found] = image.findings
    findings = tuple(replace(found, rule=rule) for rule in ("b", "a", "b"))
    [check] = judge(replace(image, findings=findings), Budgets(fail_on=Safety.RISKY)).checks
    assert check.detail == "3 findings of 1 MB or more: a, b"


@pytest.mark.parametrize(("size", "passed"), [(999_999, True), (1_000_000, False)])
def test_small_findings_do_not_fail(size: int, passed: bool) -> None:
    image = analysed(
        ExampleLayer(created_by="RUN a", files={"a": size}),
        ExampleLayer(created_by="RUN rm a", deletes=("a",)),
    )
    assert judge(image, Budgets(fail_on=Safety.RISKY)).passed is passed


def test_information_does_not_fail(image: Analysis) -> None:
    [found] = image.findings
    told = replace(image, findings=(replace(found, informational=True),))
    assert judge(told, Budgets(fail_on=Safety.RISKY)).passed


@pytest.mark.parametrize("budgets", [Budgets(), Budgets(max_size=10**12)])
def test_a_partial_analysis_does_not_pass_unless_told_to(budgets: Budgets) -> None:
    layers = [ExampleLayer(created_by=f"RUN {each}", files={each: 5}) for each in "ab"]
    image = analysed(*layers, problems={1: "its blob is not in the archive"})
    gate = judge(image, budgets)
    assert not gate.passed
    last = gate.checks[-1]
    assert (last.name, last.limit, last.actual) == ("complete", 0, 1)
    assert last.detail == "not everything could be read; --allow-partial passes all the same"
    assert judge(image, replace(budgets, allow_partial=True)).passed


def test_checks_say_what_their_numbers_are_in(image: Analysis) -> None:
    budgets = Budgets(max_size=1, max_waste_percent=1, fail_on=Safety.SAFE)
    units = {check.name: check.unit for check in judge(image, budgets).checks}
    assert units == {"max-size": "bytes", "max-waste-percent": "percent", "fail-on safe": "count"}


def test_one_failed_check_fails_the_gate(image: Analysis) -> None:
    gate = judge(image, Budgets(max_size=SIZE, max_layer=1, max_waste=WASTE))
    assert [check.passed for check in gate.checks] == [True, False, True]
    assert not gate.passed


@pytest.mark.parametrize(
    ("size", "said"),
    [
        (0, "good, under 3 GB"),
        (2_999_999_999, "good, under 3 GB"),
        (3_000_000_000, "normal for a full science stack (3 to 5 GB)"),
        (5_000_000_000, "normal for a full science stack (3 to 5 GB)"),
        (5_000_000_001, "over 5 GB, look into it"),
    ],
)
def test_the_verdict_changes_at_3_and_5_gb(size: int, said: str) -> None:
    assert verdict(size) == said
