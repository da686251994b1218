from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgdiag.text import (
    cut,
    printable,
    shortened,
    utf8,
    whole_number,
    without_command_lines,
)


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("plain/path.py", "plain/path.py"),
        ("größe/包/é", "größe/包/é"),
        ("\x1b[31mred\x1b[0m", r"\x1b[31mred\x1b[0m"),
        ("a\nb\tc\rd", r"a\x0ab\x09c\x0dd"),
        ("\x00\x07\x7f\x9b", r"\x00\x07\x7f\x9b"),
        ("gpj.\u202eexe", r"gpj.\u202eexe"),
        ("\u2066a\u2069\u200b\ufeff\u00ad", r"\u2066a\u2069\u200b\ufeff\xad"),
        ("a\u2028b\u2029c", r"a\u2028b\u2029c"),
        ("\udcff\udc80", r"\xff\x80"),
        ("\ud800", r"\ud800"),
        ("\ue000", r"\ue000"),
        ("", ""),
    ],
)
def test_printable(text: str, safe: str) -> None:
    assert printable(text) == safe


@given(st.text(st.characters(codec=None)))  # surrogates too
def test_printable_is_always_harmless(text: str) -> None:
    safe = printable(text)
    safe.encode("utf-8")
    assert not {unicodedata.category(each) for each in safe} & {"Cc", "Cf", "Cs", "Zl", "Zp"}
    assert printable(safe) == safe


@given(st.binary())
def test_bytes_from_an_image_become_text(data: bytes) -> None:
    text = data.decode("utf-8", "surrogateescape")
    printable(text).encode("utf-8")
    utf8(text).encode("utf-8")


def test_utf8_keeps_all_but_broken_bytes() -> None:
    assert utf8("a\x1b\n\u202e é") == "a\x1b\n\u202e é"
    assert utf8(b"caf\xe9".decode("utf-8", "surrogateescape")) == r"caf\xe9"


@pytest.mark.parametrize(
    ("text", "width", "short"),
    [
        ("abc", 3, "abc"),
        ("abcd", 3, "ab…"),
        ("a \n\t b", 9, "a b"),
        ("abc", 1, "…"),
        ("abc", 0, "…"),
        ("", 0, ""),
    ],
)
def test_shortened(text: str, width: int, short: str) -> None:
    assert shortened(text, width) == short


def test_cut_keeps_blanks() -> None:
    assert cut("a   b", 9) == "a   b"
    assert cut("a   bc", 5) == "a   …"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0", 0),
        ("0012", 12),
        ("9" * 18, 10**18 - 1),
        ("9" * 19, None),
        ("9" * 5_000, None),
        ("", None),
        ("-1", None),
        ("1.0", None),
        ("\u0663", None),
        ("\u00b2", None),
    ],
)
def test_numbers_of_digits(text: str, value: int | None) -> None:
    assert whole_number(text) == value


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("a ##[error]b", r"a \x23#[error]b"),
        ("##vso[task.setvariable variable=x]y", r"\x23#vso[task.setvariable variable=x]y"),
        ("###[group]", r"#\x23#[group]"),
        ("## [error]", "## [error]"),
        ("s/##[[:space:]]//", "s/##[[:space:]]//"),  # as sed has it, and no command's name
        ("# heading ## [a](b)", "# heading ## [a](b)"),
        ("\x1b##[error]", r"\x1b\x23#[error]"),
    ],
)
def test_no_command_to_a_log_is_printable(text: str, safe: str) -> None:
    assert printable(text) == safe


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("::error::x", r"\x3a:error::x"),
        ("a\n \t::set-output name=a::b\n\n::x", "a\n \t\\x3a:set-output name=a::b\n\n\\x3a:x"),
        ("std::vector", "std::vector"),
        (": :", ": :"),
        ("a ::error::", "a ::error::"),
    ],
)
def test_no_line_begins_as_a_command(text: str, safe: str) -> None:
    assert without_command_lines(text) == safe
    assert without_command_lines(safe) == safe
