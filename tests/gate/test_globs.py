from __future__ import annotations

import re

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from imgdiag.gate import globs
from imgdiag.gate.globs import at_or_below, exactly, is_glob


@pytest.mark.parametrize(
    ("pattern", "path", "named", "below"),
    [
        ("/app", "app", True, True),
        ("app/", "app", True, True),
        ("/app", "app/a/b", False, True),
        ("/app", "apple", False, False),
        ("/app/*", "app/a", True, True),
        ("/app/*", "app", False, False),
        ("/app/*", "app/a/b", False, True),
        ("*.py", "a.py", True, True),
        ("*.py", "app/a.py", False, False),
        ("**/*.py", "a.py", True, True),
        ("**/*.py", "app/x/a.py", True, True),
        ("**", "anything/at/all", True, True),
        ("app/**", "app/a/b", True, True),
        ("a?c", "abc", True, True),
        ("a?c", "a/c", False, False),
        ("a[bc]d", "acd", True, True),
        (r"a\*", "a*", True, True),
        (r"a\*", "ab", False, False),
        ("a.b", "axb", False, False),
        ("a", "a\nb", False, False),
        ("a*", "a\nb", True, True),
        ("a", "a/x\ny", False, True),
        ("caf*", "caf\udce9", True, True),
    ],
)
def test_what_a_pattern_names(pattern: str, path: str, named: bool, below: bool) -> None:
    assert bool(exactly(pattern).match(path)) is named
    assert bool(at_or_below(pattern).match(path)) is below


@pytest.mark.parametrize("pattern", ["[", "a[b", "[z-a]"])
def test_a_broken_pattern_is_said(pattern: str) -> None:
    with pytest.raises(ValueError, match="is no pattern for paths"):
        exactly(pattern)


def test_what_is_a_pattern() -> None:
    assert [is_glob(text) for text in ("a.b-c", "a*", "a?", "[a]", "a\\")] == [
        False, True, True, True, True,
    ]  # fmt: skip


# `**` as a whole name, as it is meant: what it is within a name, Docker alone knows.
patterns = st.lists(
    st.sampled_from(["a", "b", "?", "*", "/", "a/", "/**/", "**/", "[ab]", r"\*"]), max_size=9
).map("".join)


@given(patterns, st.text("ab*/", max_size=9))
def test_many_stars_name_what_they_would_with_retries(pattern: str, path: str) -> None:
    assume(not re.search(r"[^/*]\*\*|\*\*\*|\*\*[^/]", pattern))
    pieces = list(globs._pieces(pattern))
    assume(any(piece in (globs._STAR, globs._FOLDERS) for piece in pieces))
    for end in (r"\Z", r"(?:/.*)?\Z"):
        plain = re.compile(f"(?s:{''.join(pieces)}{end})")
        kept = re.compile(f"(?s:{globs._without_retries(pieces)}{end})")
        assert bool(kept.match(path)) is bool(plain.match(path))


@pytest.mark.parametrize("pattern", ["*a" * 40 + "b", "**/*a" * 40 + "b", "?*" * 40 + "b"])
def test_stars_that_fit_in_many_ways(pattern: str) -> None:
    assert not exactly(pattern).match("a" * 250)
    assert not at_or_below(pattern).match("a/" * 125)
