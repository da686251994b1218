"""What can be said of a folder, and on what lines it rests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum

from imgdiag.python.imports.candidates import Candidate
from imgdiag.python.imports.references import How
from imgdiag.text import printable


class Verdict(IntEnum):
    """What the sources say of a folder."""

    SAFE = 0  # nothing refers to it
    REVIEW = 1  # something may import it, or names it
    KEEP = 2  # a module imports it whenever it is imported itself


@dataclass(frozen=True, slots=True)
class Evidence:
    """A line that refers to a folder; `line` is 0 where there are none, as in a link."""

    path: str
    line: int
    how: How
    text: str

    def __str__(self) -> str:
        place = f"/{self.path}:{self.line}" if self.line else f"/{self.path}"
        return printable(f"{place}: {self.text}" if self.path else self.text)


@dataclass(frozen=True, slots=True)
class Proof:
    """A folder's verdict, and the lines that it rests on, the strongest first; at most five."""

    candidate: Candidate
    verdict: Verdict
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True)
class ImportCheck:
    """All folders in question with their verdicts, in the order of their paths.

    `unread` says what may import anything and could not be read, "" for nothing: with it, no
    folder is safe. `broken` are folders that were installed, are not in the image any more, and
    are imported by a module whenever it is imported itself; each with such a line.
    """

    proofs: tuple[Proof, ...]
    unread: str
    broken: Mapping[str, Evidence]
