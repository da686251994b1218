"""Patterns for paths: `*` and `?` within a name, `**` over folders, `[a-z]` for a character.

As Docker has them in .dockerignore (Go's filepath.Match with `**`): what matches a folder matches
all that is in it. The root's slash, and one at the end, mean nothing.
"""

from __future__ import annotations

import re

_MAGIC = frozenset("*?[\\")


def expression(pattern: str) -> str:
    """Return a pattern as a regular expression, without its end; measured against Docker.

    An open bracket makes one that does not compile.
    """
    result = ""
    position = 0
    in_set = False
    while position < len(pattern):
        letter = pattern[position]
        position += 1
        if in_set:
            in_set = letter != "]"
            # Python keeps doubled ones of these for set operations, which Go does not have.
            doubled = letter in "[&~|" or pattern.startswith("--", position - 1)
            result += f"\\{letter}" if doubled else letter
        elif pattern.startswith("**", position - 1):
            position += 1
            position += pattern.startswith("/", position)
            result += "(?:.*/)?" if position < len(pattern) else ".*"
        elif letter == "*":
            result += "[^/]*"
        elif letter == "?":
            result += "[^/]"
        elif letter == "\\":
            result += re.escape(pattern[position : position + 1] or "\\")
            position += 1
        elif letter == "[":
            in_set = True
            result += letter
        else:
            result += re.escape(letter)
    return f"(?s:{result})"


def exactly(pattern: str) -> re.Pattern[str]:
    """Return what matches the paths that `pattern` names. Raises ValueError for a broken one."""
    return _compiled(rf"{expression(pattern.strip('/'))}\Z", pattern)


def at_or_below(pattern: str) -> re.Pattern[str]:
    """Return what matches these paths and all below them. Raises ValueError for a broken one."""
    return _compiled(rf"{expression(pattern.strip('/'))}(?:/(?s:.*))?\Z", pattern)


def is_glob(text: str) -> bool:
    """Tell whether `text` is more than a name."""
    return not _MAGIC.isdisjoint(text)


def _compiled(text: str, pattern: str) -> re.Pattern[str]:
    try:
        return re.compile(text)
    except (re.error, OverflowError, RecursionError) as error:
        raise ValueError(f"{pattern!r}, which is no pattern for paths") from error
