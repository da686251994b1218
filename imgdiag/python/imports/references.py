"""The digest of a source: the references in it that can reach a folder in question."""

from __future__ import annotations

import json
from collections.abc import Iterable
from enum import StrEnum
from typing import NamedTuple

MAX_LINE = 160  # characters of a line that are kept as evidence
UNREADABLE = b"\0\0"  # the digest of a source that is none, such as a skeleton's zeros
_MARK = b"\0"  # no source begins with it, so that a digest is told from a file kept whole


class How(StrEnum):
    """How a source refers to something; all but the first may never happen at run time."""

    IMPORTED = "imported"  # whenever its module is
    GUARDED = "imported, and its absence caught"
    DEFERRED = "imported in a function or a block"
    TYPING = "imported for type checkers"
    STUB = "in a stub, which lazy loaders read"
    UNPARSED = "imported in a source that does not parse here"
    NAMED = "named in a string"
    ENTRY_POINT = "an entry point"
    LINKED = "a link to it"


class Reference(NamedTuple):
    """One reference, as it stands in its file.

    Of an import, `level` counts the dots of a relative one, `target` is the module and `names`
    what is imported from it. Of a string (`How.NAMED`), `target` is the text, and `names` are
    the packages whose folders the file asks for: a bare "tests" may be in one of those.
    """

    line: int
    how: How
    level: int
    target: str
    names: tuple[str, ...]
    text: str  # of the line, for a report


def encode(references: Iterable[Reference]) -> bytes:
    """Return references as a digest, b"" for none."""
    rows = list(references)
    return _MARK + json.dumps(rows, separators=(",", ":")).encode() if rows else b""


def is_digest(content: bytes) -> bool:
    """Tell whether a file's content is a digest, not the file itself."""
    return not content or content.startswith(_MARK)


def decode(digest: bytes) -> list[Reference] | None:
    """Return the references of a digest, None for UNREADABLE and for what is no digest."""
    if not digest:
        return []
    try:
        return [
            Reference(int(line), How(how), int(level), str(target), tuple(names), str(text))
            for line, how, level, target, names, text in json.loads(digest[len(_MARK) :])
        ]
    except (ValueError, TypeError, RecursionError):
        return None
