"""From a Dockerfile's text to its logical lines: continuations joined, heredocs taken along.

Source: the Dockerfile reference (docs.docker.com/reference/dockerfile), and BuildKit's
frontend/dockerfile/parser where that leaves room.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

from imgdiag.errors import ImgdiagError

_DIRECTIVE = re.compile(r"#\s*(?P<name>[a-zA-Z][a-zA-Z0-9]*)\s*=\s*(?P<value>.+?)\s*$")
_DIRECTIVES = frozenset(("syntax", "escape", "check"))
_HEREDOC = re.compile(r"\d*<<(?P<chomp>-?)(?P<name>[^<]+)$")
_WITH_HEREDOCS = re.compile(r"\s*(?:ONBUILD\s+)?(?:RUN|COPY|ADD)\s", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Heredoc:
    """A heredoc: its lines as they stand in the file, each with its newline.

    `line` is the number of its first line, `chomp` tells of `<<-`, which drops leading tabs.
    """

    name: str
    body: str
    line: int
    chomp: bool

    @property
    def text(self) -> str:
        """Return the body as the command gets it."""
        return re.sub(r"(?m)^\t+", "", self.body) if self.chomp else self.body


@dataclass(frozen=True, slots=True, kw_only=True)
class LogicalLine:
    """An instruction's text in one line, and where in the file each part of it stands.

    Lines are counted from 1; `end_line` is the last one, a heredoc's end included. `starts` are
    offsets in `text` at which another line of the file begins, each with that line's number.
    """

    text: str
    line: int
    end_line: int
    starts: tuple[tuple[int, int], ...]
    heredocs: tuple[Heredoc, ...]

    def line_at(self, offset: int) -> int:
        """Return the number of the line that holds the character at `offset` of the text."""
        return self.starts[max(bisect_right(self.starts, (offset, 1 << 60)) - 1, 0)][1]


def split_lines(text: str, name: str) -> tuple[tuple[LogicalLine, ...], str]:
    """Return a Dockerfile's logical lines and its escape character.

    `name` is what errors call the file. Raises ImgdiagError.
    """
    lines = [line.rstrip("\r") for line in text.removeprefix("\ufeff").split("\n")]
    escape = _escape(lines, name)
    return tuple(_join(lines, escape, name)), escape


def words(text: str, escape: str = "\\") -> list[tuple[int, str]]:
    """Split at blanks outside of quotes; return each word as it is written, with its offset."""
    found: list[tuple[int, str]] = []
    quote = ""
    start = -1
    position = 0
    while position < len(text):
        letter = text[position]
        if letter.isspace() and not quote:
            if start >= 0:
                found.append((start, text[start:position]))
                start = -1
        else:
            start = position if start < 0 else start
            if letter == escape and quote != "'":
                position += 1
            elif quote:
                quote = "" if letter == quote else quote
            elif letter in "'\"":
                quote = letter
        position += 1
    if start >= 0:
        found.append((start, text[start:]))
    return found


def _escape(lines: list[str], name: str) -> str:
    """Return the escape character; parser directives stand before everything else."""
    escape = "\\"
    seen: set[str] = set()
    for number, line in enumerate(lines, 1):
        match = _DIRECTIVE.match(line.lstrip())
        if match is None or match["name"].lower() not in _DIRECTIVES:
            break
        directive = match["name"].lower()
        if directive in seen:
            raise ImgdiagError(f"{name}:{number}: the parser directive {directive!r} stands twice")
        seen.add(directive)
        if directive == "escape":
            escape = match["value"]
            if escape not in ("\\", "`"):
                raise ImgdiagError(
                    f"{name}:{number}: the escape character can be \\ or `, not {escape!r}"
                )
    return escape


def _join(lines: list[str], escape: str, name: str) -> Iterator[LogicalLine]:
    # A doubled escape character at the end of a line is that character, and no continuation.
    mark = re.escape(escape)
    continued = re.compile(rf"(?:(?<=[^{mark}])|^){mark}[ \t]*$")
    index = 0
    while index < len(lines):
        first = index
        part = lines[index].lstrip()
        index += 1
        if not part or part.startswith("#"):
            continue
        text, starts = "", [(0, first + 1)]
        end = index
        while True:
            match = continued.search(part)
            text += part[: match.start()] if match else part
            if match is None:
                break
            # Comments and empty lines inside of an instruction are left out, and do not end it.
            while index < len(lines) and lines[index].lstrip()[:1] in ("", "#"):
                index += 1
            if index == len(lines):
                break
            starts.append((len(text), index + 1))
            part = lines[index]
            index += 1
            end = index
        if not text.strip():
            continue
        heredocs = []
        for wanted in _heredocs_of(text):
            heredoc, index = _read_heredoc(wanted, lines, index, f"{name}:{first + 1}")
            heredocs.append(heredoc)
            end = index
        yield LogicalLine(
            text=text,
            line=first + 1,
            end_line=end,
            starts=tuple(starts),
            heredocs=tuple(heredocs),
        )


def _heredocs_of(text: str) -> Iterator[re.Match[str]]:
    if "<<" in text and _WITH_HEREDOCS.match(text):
        for _, word in words(text):
            if match := _HEREDOC.match(word):
                yield match


def _read_heredoc(
    wanted: re.Match[str], lines: list[str], index: int, place: str
) -> tuple[Heredoc, int]:
    """Return the heredoc that starts at `lines[index]`, and the index of the line after it."""
    name = re.sub(r"['\"\\]", "", wanted["name"])
    chomp = bool(wanted["chomp"])
    for end in range(index, len(lines)):
        if (lines[end].lstrip("\t") if chomp else lines[end]) == name:
            heredoc = Heredoc(
                name=name,
                body="".join(f"{line}\n" for line in lines[index:end]),
                line=index + 1,
                chomp=chomp,
            )
            return heredoc, end + 1
    raise ImgdiagError(f"{place}: the heredoc {name!r} has no end", hint=f"A line {name} ends it")
