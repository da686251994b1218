from __future__ import annotations

import re

import pytest
from hypothesis import assume, given, settings
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


def names(pattern: str, path: str) -> bool:
    """Tell by trying every way, as Go's filepath.Match is documented, whether a path is named."""
    if not pattern:
        return not path
    letter, rest = pattern[0], pattern[1:]
    if pattern.startswith("**"):
        rest = pattern[2:].removeprefix("/")
        starts = [0, *(at + 1 for at, each in enumerate(path) if each == "/")]
        return not rest or any(names(rest, path[at:]) for at in starts)
    if letter == "*":
        return names(rest, path) or (path[:1] not in ("", "/") and names(pattern, path[1:]))
    if not path:
        return False
    if letter == "[":
        members, rest = rest.split("]", 1)
        fits = (path[0] in members.lstrip("^")) is not members.startswith("^")
    elif letter == "\\":
        fits, rest = path[0] == (rest or letter)[0], rest[1:]
    else:
        fits = path[0] != "/" if letter == "?" else path[0] == letter
    return fits and names(rest, path[1:])


simple = st.sampled_from(["a", "b", ".", "?", "*", "/", "**/", "**", r"\*", r"\a", "\\\\"])
sets = st.sampled_from(["[ab]", "[^a]", "[&&]", "[[|b]"])


@settings(max_examples=1_500, deadline=None)
@given(st.lists(simple | sets, max_size=7).map("".join), st.text("ab*/&[\\.", max_size=7))
def test_a_pattern_names_what_it_should(pattern: str, path: str) -> None:
    pattern = pattern.strip("/")
    assume("***" not in pattern)
    assert bool(exactly(pattern).match(path)) is names(pattern, path)
    below = any(names(pattern, path[:at]) for at, each in enumerate(path) if each == "/")
    assert bool(at_or_below(pattern).match(path)) is (names(pattern, path) or below)


@pytest.mark.parametrize(
    ("pattern", "named"),
    [
        (r"[\]a]", "]a"),
        (r"[\d\-z]", "-dz"),
        ("[--]", "-"),
        ("[a-c]", "abc"),
        ("[^a-z0-\U0010ffff]", "!\"#$%&'()*+,-."),
        (r"[\\]", "\\"),
        ("[~~]", "~"),
        ("]", "]"),
        ("a\\", ""),
    ],
)
def test_the_letters_of_a_set(pattern: str, named: str) -> None:
    letters = [chr(code) for code in range(33, 127) if chr(code) != "/"]
    assert "".join(each for each in letters if exactly(pattern).match(each)) == named


def test_a_backslash_at_the_end_is_itself() -> None:
    assert exactly("a\\").match("a\\")


@pytest.mark.parametrize("pattern", ["[", "a[b", "[z-a]", "[]", r"[\]", "[]a]", "[a**/*b"])
def test_a_broken_pattern_is_said(pattern: str) -> None:
    with pytest.raises(ValueError, match="is no pattern for paths"):
        exactly(pattern)


def test_what_is_a_pattern() -> None:
    assert [is_glob(text) for text in ("~a.b-c", "a*", "a?", "[a]", "a\\")] == [
        False, True, True, True, True,
    ]  # fmt: skip


# `**` as a whole name, as it is meant: what it is within a name, Docker alone knows.
a_name = st.lists(st.sampled_from(["a", "b", "?", "*", "[ab]", r"\*"]), min_size=1, max_size=4).map(
    lambda pieces: re.sub(r"\*\*+", "*", "".join(pieces))
)
a_path = st.lists(st.just("**") | a_name, min_size=1, max_size=5).map("/".join)


@settings(max_examples=500)
@given(a_path, st.text("ab*/", max_size=9))
def test_many_stars_name_what_they_would_with_retries(pattern: str, path: str) -> None:
    pieces = list(globs._pieces(pattern if pattern[0] == "*" else f"*{pattern}"))
    if pattern.startswith("**") and globs._FOLDERS not in pieces:
        return  # `**` alone: nothing to try again
    for end in (r"\Z", r"(?:/.*)?\Z"):
        plain = re.compile(f"(?s:{''.join(pieces)}{end})")
        kept = re.compile(f"(?s:{globs._without_retries(pieces)}{end})")
        assert bool(kept.match(path)) is bool(plain.match(path))


@pytest.mark.parametrize("pattern", ["*a" * 40 + "b", "**/*a" * 40 + "b", "?*" * 40 + "b"])
def test_stars_that_fit_in_many_ways(pattern: str) -> None:
    assert not exactly(pattern).match("a" * 250)
    assert not at_or_below(pattern).match("a/" * 125)
