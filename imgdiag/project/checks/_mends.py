"""Instructions of the Dockerfile in hand, written anew."""

from __future__ import annotations

import re
import shlex
from collections.abc import Collection, Iterable
from dataclasses import replace

from imgdiag.facts.steps import guarded
from imgdiag.finding import Fix
from imgdiag.project.instruction import Instruction
from imgdiag.project.runs import Ran


def rewritten(
    instruction: Instruction, *, flags: Iterable[str] = (), layout: str | None = None
) -> str:
    """Return an instruction with flags added, and another text after them when one is given."""
    whole = (*instruction.flags, *(flag for flag in flags if flag not in instruction.flags))
    text = instruction.layout if layout is None else layout
    if instruction.word != "RUN":
        return " ".join((instruction.word, *whole, text))
    return "RUN " + "".join(f"{flag} {instruction.escape}\n    " for flag in whole) + text


def with_cache(instruction: Instruction, *targets: str) -> str:
    """Return a RUN with cache mounts."""
    return rewritten(instruction, flags=[f"--mount=type=cache,target={each}" for each in targets])


def with_option(instruction: Instruction, command: str, option: str) -> str:
    """Return a RUN with an option after each `command`, such as `uv sync`."""
    parts = r"\s+(?:-\S+\s+)*".join(map(re.escape, command.split()))
    layout = re.sub(rf"(?<![\w-])({parts})(?![\w-])", rf"\1 {option}", instruction.layout)
    return rewritten(instruction, layout=layout)


def appended(instruction: Instruction, command: str) -> str:
    """Return a RUN with a command after its own."""
    if instruction.heredocs:
        return f"{rewritten(instruction)}\n# and as the last line inside of it:\n{command}"
    text = rewritten(instruction)
    if form := instruction.exec_form:  # which knows no &&
        script = form[2] if form[1:2] == ("-c",) and len(form) == 3 else shlex.join(form)
        text = rewritten(instruction, layout=script)
    return f"{text} {instruction.escape}\n && {guarded(command)}"


def edited(instruction: Instruction, *edits: tuple[int, int, str]) -> Instruction:
    """Return an instruction with parts of its text replaced: from, to, what stands there then."""
    rest, starts = instruction.rest, list(instruction.starts)
    for start, end, text in sorted(edits, reverse=True):
        rest = rest[:start] + text + rest[end:]
        more = len(text) - (end - start)
        starts = [(_moved(at, start, end, more), line) for at, line in starts]
    return replace(instruction, rest=rest, starts=tuple(starts))


def _moved(at: int, start: int, end: int, more: int) -> int:
    """Return where a line begins after an edit, which may have taken its first letters."""
    if at >= end and at:
        return at + more
    return min(at, start) if start < at else at


def without_words(
    instruction: Instruction, ran: Ran, words: Collection[str], added: Iterable[str] = ()
) -> Instruction:
    """Return a RUN whose command lacks some of its words, and has others at its end."""
    start, end = ran.command.start, ran.command.end
    edits = [
        (start + match.start(), start + match.end(), "")
        for match in re.finditer(r" ?(\S+)", instruction.rest[start:end])
        if match[1].strip("\"'") in words
    ]
    more = "".join(f" {word}" for word in added)
    if edits and edits[-1][1] == end:  # both are at the end: one edit
        edits[-1] = (edits[-1][0], end, more)
    elif more:
        edits.append((end, end, more))
    return edited(instruction, *edits)


def with_words(instruction: Instruction, ran: Ran, words: str) -> str:
    """Return a RUN with words at the end of one of its commands."""
    if not is_plain(instruction):
        return f"# with {words}"
    return rewritten(without_words(instruction, ran, (), (words,)))


def is_plain(instruction: Instruction) -> bool:
    """Tell whether the offsets of a RUN's commands are those of its text: it is no heredoc."""
    return not instruction.heredocs and instruction.exec_form is None


def in_dockerfile(summary: str, snippet: str) -> Fix:
    """Return a mend of the Dockerfile."""
    return Fix(summary, "Dockerfile", snippet)


_FIRST = "# first: "


def before(condition: str) -> str:
    """Return the line that says what must be done before a mend, "" for nothing."""
    return f"{_FIRST}{condition}\n" if condition else ""


def condition_of(snippet: str) -> str:
    """Return what must be done before the mend that a snippet is, "" for nothing."""
    line = snippet.partition("\n")[0]
    return line.removeprefix(_FIRST) if line.startswith(_FIRST) else ""
