"""Variables in a Dockerfile's words: `$X`, `${X:-y}` and their like, as BuildKit replaces them.

A value that is not known leaves a hole, which stands for any text: the environment of a base
image, or what `--build-arg` said.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

HOLE = "\0"
LONGEST = 4_096

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*|[0-9]+|[@*#?$!-]")


def expand(
    word: str, values: Mapping[str, str | None], escape: str = "\\", *, complete: bool = False
) -> str:
    """Return `word` without its quotes and with its variables replaced.

    A variable whose value is None leaves a hole, and so does one that is not among `values`,
    unless these are `complete`: it is then unset. A form that takes a part of a value
    (`${X#…}`, `${X/…/…}`) leaves a hole too. Where values come to more than `LONGEST` characters,
    the whole is a hole: twenty lines of `ENV B=$A$A` would make a gigabyte.
    """
    taken = 0  # characters of values

    def look_up(name: str) -> str | None:
        nonlocal taken
        value = _look_up(values, name, complete)
        taken += len(value or "")
        return value

    # Each level is a `${X:-` that is still open: its result so far, and what it came from.
    results = [""]
    opened: list[tuple[str, str, bool]] = []  # operator, name, whether in double quotes
    double = False
    position = 0
    while position < len(word) and taken <= LONGEST:
        letter = word[position]
        position += 1
        if letter == "'" and not double:
            end = word.find("'", position)
            end = len(word) if end < 0 else end
            results[-1] += word[position:end]
            position = end + 1
        elif letter == '"':
            double = not double
        elif letter == escape and position < len(word):
            following = word[position]
            if double and following not in ('"', "$", escape):
                results[-1] += escape
            results[-1] += following
            position += 1
        elif letter == "}" and opened:
            operator, name, double = opened.pop()
            default = results.pop()
            results[-1] += _chosen(operator, look_up(name), default)
        elif letter == "$":
            braced = word.startswith("{", position)
            match = _NAME.match(word, position + braced)
            if match is None:
                results[-1] += letter
                continue
            position = match.end()
            if not braced:
                results[-1] += look_up(match[0]) or ""
            elif word.startswith("}", position):
                results[-1] += look_up(match[0]) or ""
                position += 1
            else:
                operator = word[position : position + 2]
                operator = operator if operator[:1] == ":" else operator[:1]
                position += len(operator)
                opened.append((operator, match[0], double))
                results.append("")
        else:
            results[-1] += letter
    return "".join(results) if taken <= LONGEST else HOLE


def matches(pattern: str, text: str) -> bool:
    """Tell whether `text` is `pattern` with some text in place of each hole."""
    first, *rest = pattern.split(HOLE)
    if not rest:
        return text == pattern
    *middle, last = rest
    if not text.startswith(first) or len(text) < len(first) + len(last):
        return False
    position = len(first)
    for part in middle:
        position = text.find(part, position, len(text) - len(last))
        if position < 0:
            return False
        position += len(part)
    return text.endswith(last)


def _look_up(values: Mapping[str, str | None], name: str, complete: bool) -> str | None:
    """Return a variable's value, a hole when it is not known, None when it is not set."""
    if name in values:
        value = values[name]
        return HOLE if value is None else value
    return None if complete else HOLE


def _chosen(operator: str, value: str | None, word: str) -> str:
    """Return what `${X<operator>word}` is for a value of X as `_look_up` returns it."""
    if value == HOLE:
        return HOLE
    given = value is not None and (value != "" or not operator.startswith(":"))
    if operator.endswith("-"):
        return value or "" if given else word
    if operator.endswith("+"):
        return word if given else ""
    if operator.endswith("?"):
        return value or ""
    return HOLE
