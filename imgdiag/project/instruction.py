"""One instruction of a Dockerfile, with its lines.

Source: the Dockerfile reference, docs.docker.com/reference/dockerfile.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from imgdiag.project.logical_lines import Heredoc, words

INSTRUCTIONS = frozenset(
    ("ADD", "ARG", "CMD", "COPY", "ENTRYPOINT", "ENV", "EXPOSE", "FROM", "HEALTHCHECK", "LABEL",
     "MAINTAINER", "ONBUILD", "RUN", "SHELL", "STOPSIGNAL", "USER", "VOLUME", "WORKDIR")
)  # fmt: skip
MAKES_FILES = frozenset(("ADD", "COPY", "RUN"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Instruction:
    """One instruction. `word` is in capitals; `rest` is what follows the flags, in one line.

    `line` and `end_line` count from 1; both are the file's, a heredoc's end included.
    """

    word: str
    flags: tuple[str, ...]
    rest: str
    line: int
    end_line: int
    heredocs: tuple[Heredoc, ...] = ()
    starts: tuple[tuple[int, int], ...] = ()
    escape: str = "\\"

    @property
    def text(self) -> str:
        """Return the instruction in one line, its flags included."""
        return " ".join((self.word, *self.flags, self.rest))

    @property
    def command(self) -> str:
        """Return what a RUN runs, in one line, heredocs below it."""
        return self.rest + self._heredoc_lines

    @property
    def layout(self) -> str:
        """Return the instruction's `command` in its lines, without the comments between them."""
        ends = [start for start, _ in self.starts[1:]] + [len(self.rest)]
        parts = [
            self.rest[start:end].rstrip() for (start, _), end in zip(self.starts, ends, strict=True)
        ]
        return f" {self.escape}\n".join(part for part in parts if part) + self._heredoc_lines

    @property
    def _heredoc_lines(self) -> str:
        return "".join(f"\n{each.body}{each.name}" for each in self.heredocs)

    @property
    def exec_form(self) -> tuple[str, ...] | None:
        """Return the words of a JSON form, None for any other."""
        if not self.rest.startswith("["):
            return None
        try:
            value = json.loads(self.rest)
        except (ValueError, RecursionError):
            return None
        if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
            return None
        return tuple(value)

    @property
    def arguments(self) -> tuple[str, ...]:
        """Return the words after the flags as they are written, those of a JSON form unquoted."""
        if self.word not in ("ARG", "ENV", "LABEL") and (form := self.exec_form) is not None:
            return form
        return tuple(word for _, word in words(self.rest, self.escape))

    @property
    def pairs(self) -> tuple[tuple[str, str | None], ...]:
        """Return names and values, as they are written, of an ARG, ENV or LABEL."""
        parts = self.arguments
        if self.word != "ARG" and parts and "=" not in parts[0]:
            # The old form: one name, and its value up to the end.
            return ((parts[0], self.rest[len(parts[0]) :].strip()),)
        split = (part.partition("=") for part in parts)
        return tuple((name, value if equals else None) for name, equals, value in split)

    def flag(self, name: str) -> tuple[str, ...]:
        """Return the values of a flag such as `from` or `mount`, in their order."""
        start = f"--{name}="
        return tuple(flag[len(start) :] for flag in self.flags if flag.startswith(start))

    def line_at(self, offset: int) -> int:
        """Return the number of the line that holds the character at `offset` of `rest`."""
        return next((line for start, line in reversed(self.starts) if start <= offset), self.line)
