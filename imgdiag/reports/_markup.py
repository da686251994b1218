"""GitHub's Markdown, made of names that nobody vouches for: nothing in them becomes markup.

`text` and `code` escape; the other functions take what is escaped already, but for titles and
snippets. What GitHub makes of a text by itself, after entities are read, is kept from forming: a
mention by a zero-width space after its mark, as Renovate writes it, a link by an entity in it.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from imgdiag.text import printable, without_command_lines

COMMENT_LIMIT = 65_536  # what GitHub takes as a comment; it counts characters, we count bytes
_NOTE_BYTES = 1_000  # kept free for the note on what was left out

_ADDRESS = re.compile(r"(@(?=[\w.@-]*\.)|(?:xmpp|mailto):)", re.IGNORECASE)
_REFERENCE = re.compile(r"(@(?=\S)|(?:#|\bGH-)(?=\d))")  # @someone, #1, GH-1


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a page: what it is about, for the note when it is left out, and its blocks."""

    about: str
    blocks: tuple[str, ...]

    def __str__(self) -> str:
        return "\n\n".join(self.blocks)


def page(sections: Iterable[Section], limit: int = COMMENT_LIMIT) -> str:
    """Return the sections as one text of at most `limit` bytes, cut where one begins.

    What does not fit is left out with all that follows it, and a note names it. The first section
    is always there.
    """
    parts: list[str] = []
    left_out: list[str] = []
    size = 0
    for section in sections:
        if not section.blocks:
            continue
        part = str(section)
        size += len(part.encode()) + 2
        if left_out or (parts and size > limit - _NOTE_BYTES):
            left_out.append(section.about)
        else:
            parts.append(part)
    if left_out:
        names = ", ".join(dict.fromkeys(left_out))
        parts.append(f"*Left out, as a comment has its limit: {text(names)[: _NOTE_BYTES // 2]}.*")
    return without_command_lines("\n\n".join(parts)) + "\n"


def hidden(marker: str) -> tuple[str, ...]:
    """Return the line that nobody sees and a job finds its comment by; () without a marker."""
    return (f"<!-- imgdiag:{marker} -->",) if marker else ()


def capitalised(line: str) -> str:
    """Return `line` with a capital at its start."""
    return line[:1].upper() + line[1:]


def text(name: str) -> str:
    """Return `name` for the middle of a paragraph or a table: nothing in it is markup."""
    escaped = html.escape(printable(name), quote=False)
    escaped = re.sub(r"([\\`*_\[\]|~#])", r"\\\1", escaped)
    return _without_links(_REFERENCE.sub(r"\1&#8203;", escaped))


def code(name: str) -> str:
    """Return `name` as a code span that also holds inside a table."""
    # Nobody is mentioned inside of code, but an address becomes a link there too.
    escaped = _ADDRESS.sub(r"\1&#8203;", html.escape(printable(name), quote=False))
    escaped = _without_links(escaped.replace("|", "&#124;").replace("`", "&#96;"))
    escaped = re.sub(r"([*_~\[\]\\])", r"\\\1", escaped)
    return f"<code>{escaped}</code>"


def _without_links(escaped: str) -> str:
    return escaped.replace("://", "&#58;//").replace("www.", "www&#46;")


def table(headers: Sequence[str], rows: Iterable[Sequence[str]], aligned: str) -> str:
    """Return a table; `aligned` has an l or an r for each column."""
    marks = ["---:" if letter == "r" else "---" for letter in aligned]
    lines = [list(headers), marks, *map(list, rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def folded(title: str, body: str) -> str:
    """Return `body` below a title that a click unfolds."""
    return f"<details><summary>{text(title)}</summary>\n\n{body}\n\n</details>"


def fence(snippet: str, language: str = "") -> str:
    """Return lines as a block of code, whatever runs of backticks they have."""
    clean = "\n".join(printable(line) for line in snippet.split("\n"))
    longest = max((len(run) for run in re.findall("`+", clean)), default=0)
    marks = "`" * max(3, longest + 1)
    return f"{marks}{language}\n{clean}\n{marks}"


def indented(block: str) -> str:
    """Return `block` as a part of a numbered item."""
    return "\n".join(f"   {line}".rstrip() for line in block.split("\n"))
