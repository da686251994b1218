"""No pattern of ours takes exponential time: texts of images and projects are anyone's.

Each part of a pattern that repeats is given a text of forty rounds, and an end that does not fit.
What can be read in two ways each round would then be tried in 2⁴⁰.
"""

from __future__ import annotations

import ast
import importlib
import pkgutil
import random
import re
import signal
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

import imgdiag

_parser: Any = importlib.import_module("re._parser")
_constants: Any = importlib.import_module("re._constants")
_REPEATS = (_constants.MAX_REPEAT, _constants.MIN_REPEAT)
_CALLS = ("compile", "findall", "finditer", "fullmatch", "match", "search", "split", "sub")


def patterns() -> Iterator[re.Pattern[Any]]:
    """Yield the patterns of all modules, and those that stand as text in their functions."""
    for module in pkgutil.walk_packages(imgdiag.__path__, "imgdiag."):
        if module.name.endswith("__main__"):
            continue
        loaded = importlib.import_module(module.name)
        yield from (each for each in vars(loaded).values() if isinstance(each, re.Pattern))
        for node in ast.walk(ast.parse(Path(str(loaded.__file__)).read_bytes())):
            match node:
                case ast.Call(
                    func=ast.Attribute(value=ast.Name(id="re"), attr=called),
                    args=[ast.Constant(value=str(text)), *_],
                ) if called in _CALLS:
                    yield re.compile(text)


def repeated(parts: Any, before: list[Any]) -> Iterator[tuple[list[Any], list[Any]]]:
    """Yield what comes before each part that repeats without end, and that part."""
    before = [*before]
    for kind, value in parts:
        inner: list[Any] = []
        if kind in (*_REPEATS, getattr(_constants, "POSSESSIVE_REPEAT", None)):
            inner = [value[2]]
            if kind in _REPEATS and value[1] > 3:
                yield before, [*value[2]]
        elif kind is _constants.SUBPATTERN:
            inner = [value[3]]
        elif kind is _constants.BRANCH:
            inner = value[1]
        for each in inner:
            yield from repeated(each, before)
        before.append((kind, value))


def fitting(parts: Any, chance: random.Random) -> str:
    """Return a text that the parts of a pattern match, as far as that is easily found."""
    return "".join(_fitting(kind, value, chance) for kind, value in parts)


def _fitting(kind: Any, value: Any, chance: random.Random) -> str:
    if kind is _constants.LITERAL:
        return chr(value)
    if kind in (_constants.IN, _constants.ANY, _constants.NOT_LITERAL):
        one = re.compile("[^\\n]") if kind is _constants.ANY else _one_of(kind, value)
        letters = [each for each in "a-1. =:_/A\t\"'!<>\n[#b," if one.match(each)]
        return chance.choice(letters or [chr(code) for code in range(128) if one.match(chr(code))])
    if kind is _constants.BRANCH:
        return fitting(chance.choice(value[1]), chance)
    if kind is _constants.SUBPATTERN:
        return fitting(value[3], chance)
    if kind in (*_REPEATS, getattr(_constants, "POSSESSIVE_REPEAT", None)):
        least, most, part = value
        count = chance.choice((least, least, min(most, least + 1), min(most, least + 2)))
        return "".join(fitting(part, chance) for _ in range(count))
    return ""


def _one_of(kind: Any, value: Any) -> re.Pattern[str]:
    state = _parser.State()
    state.str = ""
    whole = _parser.SubPattern(state, [(kind, value)])
    compiled: re.Pattern[str] = importlib.import_module("re._compiler").compile(whole)
    return compiled


def attacks(pattern: re.Pattern[Any]) -> Iterator[str]:
    """Yield texts that a pattern may take long to refuse."""
    chance = random.Random(7)
    for before, part in repeated(_parser.parse(pattern.pattern, pattern.flags), []):
        for _ in range(8):
            start, one, other = (fitting(each, chance) for each in (before, part, part))
            for rounds in (one, one + other, start + one):
                for end in ("", "!", "\n!"):
                    yield start + rounds * 40 + end


def endless(pattern: re.Pattern[Any]) -> str | None:
    """Return a text for which a pattern takes seconds, None when none is found."""

    def stop(number: int, frame: FrameType | None) -> None:
        raise TimeoutError

    before = signal.signal(signal.SIGALRM, stop)
    try:
        for text in attacks(pattern):
            tried = text.encode("latin-1") if isinstance(pattern.pattern, bytes) else text
            signal.setitimer(signal.ITIMER_REAL, 3)
            pattern.search(tried)
            pattern.fullmatch(tried)
    except TimeoutError:
        return text
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    return None


@pytest.mark.parametrize("pattern", dict.fromkeys(patterns()), ids=lambda each: repr(each.pattern))
def test_every_pattern_comes_to_an_end(pattern: re.Pattern[Any]) -> None:
    assert endless(pattern) is None


@pytest.mark.parametrize(
    "text", [r"(-{1,2}\S+\s+)*x", r"(?:a|aa)+$", r"(?::(?:\w+:)?[0-9a-f]{8})+$"]
)
def test_what_takes_exponential_time_is_found(text: str) -> None:
    assert endless(re.compile(text)) is not None
