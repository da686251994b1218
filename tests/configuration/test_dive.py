from __future__ import annotations

from decimal import Decimal

import pytest

from imgdiag.configuration.dive import DiveRule, read_dive, translate
from imgdiag.errors import ImgdiagError

E, B, P = "lowestEfficiency", "highestWastedBytes", "highestUserWastedPercent"


def rules(text: str) -> dict[str, tuple[Decimal | int, int | None]]:
    found = read_dive(text, ".dive-ci")
    assert found.unknown == ()
    return {each.name: (each.threshold, each.line) for each in found.rules}


def test_the_file_of_its_readme() -> None:
    text = """\
rules:
  # If the efficiency is measured below X%, mark as failed.
  lowestEfficiency: 0.95

  highestWastedBytes: 20MB   # at least
  highestUserWastedPercent: "0.20"
"""
    assert rules(text) == {
        E: (Decimal("0.95"), 3),
        B: (Decimal(20_000_000), 5),
        P: (Decimal("0.20"), 6),
    }


def test_what_is_not_said_is_as_dive_has_it() -> None:
    assert rules("---\n") == {E: (Decimal("0.9"), None), P: (Decimal("0.1"), None)}


@pytest.mark.parametrize("value", ["disabled", "off", "false", '""', "", "'Disabled'"])
def test_a_rule_that_is_off(value: str) -> None:
    text = f"rules:\n  {E}: {value}\n  {P}: {value}\n"
    assert rules(text) == {}


def test_the_other_names_that_dive_knows() -> None:
    text = "lowest-efficiency-threshold: 1\nhighest-wasted-bytes: 5\nhighest-user-wasted-percent: 0"
    assert rules(text) == {E: (1, 1), B: (5, 2), P: (0, 3)}


@pytest.mark.parametrize(
    ("value", "count"),
    [
        ("20MB", 20_000_000),
        ("20 mb", 20_000_000),
        ("1.5GiB", 1_610_612_736),
        ("20M", 20_000_000),
        ("20Mi", 20 * 2**20),
        ("1,000", 1_000),
        ("0", 0),
    ],
)
def test_sizes_as_dive_reads_them(value: str, count: int) -> None:
    assert rules(f"rules:\n  {B}: {value}\n")[B] == (count, 2)


def test_what_is_not_understood_is_listed() -> None:
    text = "rules:\n  lowestEfficiency: 0.9\n  highestWasted: 5\n- a list\nrules: {a: 1}\n"
    assert read_dive(text, "x/.dive-ci").unknown == (
        "x/.dive-ci:3: highestWasted: 5",
        "x/.dive-ci:4: - a list",
        "x/.dive-ci:5: rules: {a: 1}",
    )


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (f"{E}: 95", f".dive-ci:2: {E}: '95' is no ratio between 0 and 1"),
        (f"{E}: many", f".dive-ci:2: {E}: 'many' is no ratio between 0 and 1"),
        (f"{P}: nan", f".dive-ci:2: {P}: 'nan' is no ratio between 0 and 1"),
        (f"{P}: -0.1", f".dive-ci:2: {P}: '-0.1' is no ratio between 0 and 1"),
        (f"{B}: lots", f".dive-ci:2: {B}: 'lots' is no size"),
    ],
)
def test_a_threshold_that_dive_refuses(line: str, message: str) -> None:
    with pytest.raises(ImgdiagError) as caught:
        read_dive(f"rules:\n  {line}\n", ".dive-ci")
    assert caught.value.message.partition(";")[0] == message


def test_the_translation() -> None:
    found = [
        DiveRule(E, Decimal("0.95"), 3),
        DiveRule(B, Decimal(20_500_000), 4),
        DiveRule(P, Decimal("0.2"), None),
    ]
    first, second, third = translate(found, ".dive-ci", 0.68)
    assert (first.name, first.limit) == ("dive-efficiency", '"5%"')
    assert first.comment.startswith("lowestEfficiency 0.95 (.dive-ci:3): what is not efficient")
    assert (second.name, second.limit) == ("dive-wasted-bytes", '"20.5 MB"')
    assert (third.name, third.limit) == ("dive-user-waste", '"13.6%"')
    assert "dive's default, as .dive-ci does not say" in third.comment
    assert third.comment.endswith("today 68.0 % of all; the limit is scaled by that.")


def test_without_an_image_nothing_is_scaled() -> None:
    [found] = translate([DiveRule(P, Decimal("0.2"), 1)], ".dive-ci", None)
    assert found.limit == '"20%"'
    assert found.comment.endswith("which is less strict.")


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0 B"), (999, "999 B"), (1_000, "1 kB"), (1_234, "1.234 kB"), (10**9, "1 GB"),
     (1_234_567, "1234.567 kB"), (1_234_567_891, "1234567.891 kB"), (2**20, "1048.576 kB")],
)  # fmt: skip
def test_sizes_are_brief_and_exact(count: int, text: str) -> None:
    [found] = translate([DiveRule(B, Decimal(count), 1)], ".dive-ci", None)
    assert found.limit == f'"{text}"'
