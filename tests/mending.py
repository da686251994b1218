"""A report's mends, applied to a Dockerfile as a careful reader would.

All that is used is what a report prints: a mend's summary, the file that it is for, its lines. So
what is built afterwards proves the mend, and not somebody's better idea of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

# A mend says of an instruction "in that stage" when the files come from another one by COPY.
_IN_PLACE = "# where that was"
_MOVES_UP = "# moves up to here"
_WHERE_LAST = "# where the last of them was"
_IN_STAGE = ("# in that stage", "# and in the stage", "# at the end of the stage")
_DROPPED = re.compile(r"drop '((?:RUN|COPY|ADD) .*)'$")
_BETWEEN_NAMES = re.compile(r"'(?:, | and )'(?=RUN |COPY |ADD )")


@dataclass(frozen=True, slots=True)
class Mend:
    """What a report says to do: a sentence, and lines for the Dockerfile."""

    summary: str
    snippet: str


class NotApplicable(Exception):
    """A mend that cannot be applied as it stands."""


@dataclass(frozen=True, slots=True)
class Instruction:
    """An instruction of a Dockerfile: flags apart, the rest in one line; comments before it."""

    word: str
    flags: tuple[str, ...]
    rest: str
    comments: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Return it as it stands in a Dockerfile."""
        if self.word == "RUN":
            flags = "".join(f"{flag} \\\n    " for flag in self.flags)
            return f"RUN {flags}" + self.rest.replace(" && ", " \\\n && ")
        return " ".join((self.word, *self.flags, self.rest))


@dataclass(eq=False)
class _Line:
    """An instruction, as it was and as it is by now; others to come before it."""

    was: Instruction
    now: Instruction
    before: list[Instruction] = field(default_factory=list)
    dropped: bool = False


def instructions(text: str) -> list[Instruction]:
    """Return the instructions of a Dockerfile, or of a part of one."""
    found = []
    comments: list[str] = []
    joined = ""
    for line in text.splitlines():
        if line.startswith("#"):
            comments.append(line)
        elif line.strip():
            joined += line.removesuffix("\\") + " "
            if not line.endswith("\\"):
                found.append(_instruction(joined, tuple(comments)))
                comments, joined = [], ""
    return found


def mended(dockerfile: str, mends: Iterable[Mend]) -> str:
    """Return the Dockerfile after `mends`. Raises NotApplicable."""
    lines = [_Line(each, each) for each in instructions(dockerfile)]
    for mend in mends:
        _apply(lines, mend)
    after = [
        str(each)
        for line in lines
        for each in (*line.before, *(() if line.dropped else (line.now,)))
    ]
    return "\n".join(after) + "\n"


def with_replaced(requirements: str, snippet: str) -> str:
    """Return a requirements file with lines in place of those that `snippet` says."""
    options, added, replaced = [], [], set()
    for line in filter(None, snippet.splitlines()):
        if line.startswith("# in place of "):
            replaced |= set(line.removeprefix("# in place of ").split(", "))
        elif line.startswith("--"):
            options.append(line)
        elif not line.startswith("#"):
            added.append(line)
    kept = [
        line
        for line in requirements.splitlines()
        if re.split(r"[^\w.-]", line, maxsplit=1)[0] not in replaced
    ]
    return "\n".join(dict.fromkeys((*options, *kept, *added))) + "\n"


def _apply(lines: list[_Line], mend: Mend) -> None:
    added: list[Instruction] = []  # to come before all that is changed
    changed: list[_Line] = []
    for new in instructions(mend.snippet):
        if any(comment.startswith(_IN_STAGE) for comment in new.comments):
            _, end = (line for line in lines if line.was.word == "FROM")
            end.before.append(replace(new, comments=()))
        elif any(comment.startswith(_IN_PLACE) for comment in new.comments):
            _dropped(lines, mend)[-1].before.append(replace(new, comments=()))
        elif any(comment.startswith(_MOVES_UP) for comment in new.comments):
            _one(line for line in lines if line.was.rest == new.rest).dropped = True
            added.append(replace(new, comments=()))
        elif (line := _meant(lines, new)) is not None:
            line.now = _changed(line, new)
            changed.append(line)
            if any(comment.startswith(_WHERE_LAST) for comment in new.comments):
                lines.remove(line)
                lines.insert(lines.index(_dropped(lines, mend)[-1]), line)
        elif new.word in ("RUN", "ENV"):
            added.append(replace(new, comments=()))
        else:
            raise NotApplicable(f"no instruction is meant by: {new}")
    if added:
        first = next((line for line in lines if line in changed), None)
        if first is None:
            raise NotApplicable(f"nothing is changed after: {added[0]}")
        first.before += [each for each in added if each not in first.before]
    for line in _dropped(lines, mend):
        line.dropped = True


def _dropped(lines: list[_Line], mend: Mend) -> list[_Line]:
    """Return the instructions that the mend drops, in the order of the Dockerfile."""
    match = _DROPPED.search(mend.summary)
    names = _BETWEEN_NAMES.split(match[1]) if match else []
    return [
        _one(line for line in lines if _recorded(line.was).startswith(name.rstrip("…")))
        for name in names
    ]


def _meant(lines: list[_Line], new: Instruction) -> _Line | None:
    """Return the instruction that `new` is to take the place of, None for one to add."""
    if new.word == "RUN":
        runs = [line for line in lines if line.was.word == "RUN"]
        meant = [line for line in runs if f"{new.rest} ".startswith(f"{line.was.rest} ")]
        meant = meant or [line for line in runs if _within(line.was.rest.split(), new.rest.split())]
        return max(meant, key=lambda line: len(line.was.rest), default=None)
    meant = [line for line in lines if (line.was.word, line.was.rest) == (new.word, new.rest)]
    return _one(meant) if meant else None


def _changed(line: _Line, new: Instruction) -> Instruction:
    """Return an instruction changed as `new` says; its own flags stay."""
    flags = [*line.now.flags, *(each for each in new.flags if "<" not in each)]
    return replace(new, flags=tuple(dict.fromkeys(flags)), comments=line.was.comments)


def _within(part: list[str], whole: list[str]) -> bool:
    """Tell whether all words of `part` are in `whole`, in their order."""
    rest = iter(whole)
    return all(word in rest for word in part)


def _recorded(line: Instruction) -> str:
    """Return an instruction as an image records it."""
    return f"{line.word} {line.rest}"


def _one(lines: Iterable[_Line]) -> _Line:
    found = list(lines)
    if len(found) != 1:
        raise NotApplicable(f"{len(found)} instructions are meant instead of one")
    return found[0]


def _instruction(text: str, comments: tuple[str, ...]) -> Instruction:
    word, *words = text.split()
    flags = []
    while words and words[0].startswith("--"):
        flag = words.pop(0)
        while flag.count("<") > flag.count(">"):  # a placeholder of several words
            flag += f" {words.pop(0)}"
        flags.append(flag)
    return Instruction(word, tuple(flags), " ".join(words), comments)
