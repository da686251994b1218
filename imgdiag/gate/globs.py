"""Patterns for paths: `*` and `?` within a name, `**` over folders, `[a-z]` for a character.

As Docker has them in .dockerignore (Go's filepath.Match with `**`): what matches a folder matches
all that is in it. The root's slash, and one at the end, mean nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_MAGIC = frozenset("*?[\\")


def expression(pattern: str) -> str:
    """Return a pattern as a regular expression, without its end; measured against Docker.

    An open bracket makes one that does not compile.
    """
    pieces = list(_pieces(pattern))
    stars = sum(piece in (_STAR, _FOLDERS) for piece in pieces)
    return f"(?s:{_without_retries(pieces) if stars > _MOST_RETRIED else ''.join(pieces)})"


_STAR, _FOLDERS = "[^/]*", "(?:.*/)?"
_MOST_RETRIED = 3
_MEMBERS = re.compile(r"(?s:(?:\\.|[^]\\])+)(?=])")
_ESCAPABLE = re.compile(r"(?s:\\.|[\[&~|]|-(?=-))")


def _pieces(pattern: str) -> Iterator[str]:
    position = 0
    while position < len(pattern):
        letter = pattern[position]
        position += 1
        if pattern.startswith("**", position - 1):
            position += 1
            position += pattern.startswith("/", position)
            yield _FOLDERS if position < len(pattern) else ".*"
        elif letter == "*":
            yield _STAR
        elif letter == "?":
            yield "[^/]"
        elif letter == "\\":
            yield re.escape(pattern[position : position + 1] or "\\")
            position += 1
        elif letter == "[":
            members = _MEMBERS.match(pattern, position)
            if members is None:
                yield letter
                return
            yield f"[{_one_by_one(members[0])}]"
            position = members.end() + 1
        else:
            yield re.escape(letter)


def _one_by_one(members: str) -> str:
    """Return what stands in brackets as Go means it: ranges, `^` at the start, and letters."""
    # Python keeps doubled ones of these for set operations, which Go does not have.
    return _ESCAPABLE.sub(lambda match: re.escape(match[0][-1]), members)


def _without_retries(pieces: list[str]) -> str:
    """Return the expression of a pattern with many stars, in time that does not explode.

    What follows a star, up to the next, is taken at the first place where it fits, and kept (an
    atomic group): a later place would leave less for the rest. Only the last one is looked for
    up to the end. The same holds for what follows a `**/`, up to the next.
    """
    blocks = [""]  # between `**/`
    inside = False  # of the group that a star opens
    last = max(at for at, piece in enumerate(pieces) if piece in (_STAR, _FOLDERS))
    for at, piece in enumerate(pieces):
        if piece not in (_STAR, _FOLDERS):
            blocks[-1] += piece
            continue
        blocks[-1] += ")" * inside
        inside = piece == _STAR and at != last
        if piece == _FOLDERS:
            blocks.append("")
        else:
            blocks[-1] += "(?>[^/]*?" if inside else _STAR
    first, *middle, end = (*blocks, None) if len(blocks) == 1 else blocks
    kept = "".join(f"(?>(?:.*?/)??{block})" for block in middle)
    return f"{first}{kept}" + ("" if end is None else f"{_FOLDERS}{end}")


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
