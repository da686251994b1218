from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgdiag.units import counted, format_bytes, format_share, parse_size

POWERS = {"kB": 1000, "MB": 1000**2, "GB": 1000**3, "TB": 1000**4,
          "KiB": 1024, "MiB": 1024**2, "GiB": 1024**3, "TiB": 1024**4}  # fmt: skip


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("4GB", 4_000_000_000),
        ("4GiB", 4_294_967_296),
        ("1.1GB", 1_100_000_000),
        ("3.5 GiB", 3_758_096_384),
        ("500mb", 500_000_000),
        ("500 MB", 500_000_000),
        (" 7kB ", 7_000),
        ("2TB", 2_000_000_000_000),
        ("400", 400),
        ("400B", 400),
        ("0", 0),
        (".5MB", 500_000),
        ("0.1B", 0),
        ("0.29GB", 290_000_000),
        ("1.005MB", 1_005_000),
    ],
)
def test_sizes(text: str, count: int) -> None:
    assert parse_size(text) == count


@pytest.mark.parametrize(
    "text",
    ["", " ", "GB", "4 G B", "-1GB", "+1GB", "1e9", "4XB", "4GBs", "1,5GB", "1_000", "4.GB", "nan",
     "inf", "0x10", "4 GB 3", "1.2.3MB", "4GB\n5"],
)  # fmt: skip
def test_bad_sizes(text: str) -> None:
    with pytest.raises(ValueError, match="is no size; write it as 4GB"):
        parse_size(text)


@pytest.mark.parametrize("text", ["9" * 31, "9" * 5_000, f"{'9' * 400}GB"])
def test_more_than_any_image_has(text: str) -> None:
    with pytest.raises(ValueError, match="is more than any image has"):
        parse_size(text)
    assert parse_size("1" + "0" * 30) == 10**30


@given(st.integers(0, 10**6), st.text("0123456789", max_size=6), st.sampled_from(sorted(POWERS)))
def test_sizes_are_exact_and_rounded_down(whole: int, fraction: str, unit: str) -> None:
    number = f"{whole}.{fraction}" if fraction else str(whole)
    assert parse_size(f"{number}{unit}") == int(Fraction(number) * POWERS[unit])


@given(st.integers(0, 10**18))
def test_plain_numbers_are_bytes(count: int) -> None:
    assert parse_size(str(count)) == count


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 B"),
        (14, "14 B"),
        (999, "999 B"),
        (1_000, "1.0 kB"),
        (352_400_000, "352.4 MB"),
        (999_999, "1.0 MB"),
        (5_830_000_000, "5.83 GB"),
        (11_681_430_787, "11.68 GB"),
        (1_200_000_000_000, "1.20 TB"),
        (-5, "-5 B"),
        (-2_500_000, "-2.5 MB"),
    ],
)
def test_bytes_in_words(count: int, text: str) -> None:
    assert format_bytes(count) == text


@given(st.integers(0, 9 * 10**14))
def test_words_are_near_the_truth(count: int) -> None:
    assert abs(parse_size(format_bytes(count)) - count) <= max(count / 19, 0.5)


@pytest.mark.parametrize(
    ("part", "whole", "text"),
    [
        (0, 0, "0 %"),
        (0, 5, "0 %"),
        (1, 1000, "<1 %"),
        (1, 100, "1 %"),
        (1, 2, "50 %"),
        (2, 3, "67 %"),
        (5, 5, "100 %"),
    ],
)
def test_shares(part: int, whole: int, text: str) -> None:
    assert format_share(part, whole) == text


def test_numbers_of_things() -> None:
    told = [counted(count, "file") for count in (0, 1, 2, 1_234)]
    assert told == ["0 files", "1 file", "2 files", "1,234 files"]
