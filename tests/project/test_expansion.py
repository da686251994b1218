from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgdiag.project.expansion import HOLE, LONGEST, expand, matches

VALUES = {"A": "1", "EMPTY": "", "UNKNOWN": None}


@pytest.mark.parametrize(
    ("word", "text"),
    [
        ("plain", "plain"),
        ("$A-${A}x", "1-1x"),
        ("$", "$"),
        ("a$ b", "a$ b"),
        (r"\$A", "$A"),
        ("'$A'", "$A"),
        ('"$A b"', "1 b"),
        (r'"\$A \n \""', r'$A \n "'),
        ("'\"'", '"'),
        ('"\'"', "'"),
        ("${A:-x}${EMPTY:-x}${EMPTY-x}", "1x"),
        ("${A:+x}${EMPTY:+x}${EMPTY+y}", "xy"),
        ("${A:?message}", "1"),
        ("${EMPTY:-${A}b}", "1b"),
        ("${EMPTY:-${EMPTY:-'a b'}}", "a b"),
        ("$UNKNOWN", HOLE),
        ("x${NOWHERE}y", f"x{HOLE}y"),
        ("${UNKNOWN:-default}", HOLE),
        ("${A#prefix}", HOLE),
        ("${A/a/b}", HOLE),
        ("${", "${"),
        ("${A", ""),  # BuildKit refuses it
    ],
)
def test_words(word: str, text: str) -> None:
    assert expand(word, VALUES) == text


@pytest.mark.parametrize(
    ("word", "text"),
    [
        ("${NOWHERE:-x}", "x"),
        ("${NOWHERE-x}", "x"),
        ("${NOWHERE+x}", ""),
        ("a$NOWHERE", "a"),
        ("$UNKNOWN", HOLE),
    ],
)
def test_where_all_variables_are_known(word: str, text: str) -> None:
    assert expand(word, VALUES, complete=True) == text


def test_another_escape_character() -> None:
    assert expand(r"C:\$A`$A", VALUES, "`") == r"C:\1$A"


def test_deep_nesting_takes_no_recursion() -> None:
    word = "${EMPTY:-" * 50_000 + "x" + "}" * 50_000
    assert expand(word, VALUES) == "x"


@pytest.mark.parametrize(
    ("pattern", "text", "same"),
    [
        ("abc", "abc", True),
        ("abc", "abcd", False),
        (f"a{HOLE}c", "abbc", True),
        (f"a{HOLE}c", "ac", True),
        (f"a{HOLE}c", "abcd", False),
        (f"{HOLE}a{HOLE}", "bab", True),
        (f"a{HOLE}a", "a", False),  # one letter cannot be both ends
        (f"{HOLE}ab{HOLE}bc", "xabc", False),
        (HOLE, "", True),
    ],
)
def test_holes_stand_for_any_text(pattern: str, text: str, *, same: bool) -> None:
    assert matches(pattern, text) is same


@given(st.lists(st.text("ab"), min_size=1), st.data())
def test_a_pattern_matches_what_its_holes_are_filled_with(
    parts: list[str], data: st.DataObject
) -> None:
    text = parts[0] + "".join(data.draw(st.text("ab")) + part for part in parts[1:])
    assert matches(HOLE.join(parts), text)


def test_values_that_would_fill_the_memory() -> None:
    values = {"A": "x" * LONGEST}
    assert expand("$A", values) == "x" * LONGEST
    assert expand("y$A", values) == f"y{'x' * LONGEST}"
    assert expand("$A${A}", values) == HOLE
    assert expand("${B:-$A$A}z", values, complete=True) == HOLE
