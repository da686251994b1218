"""The Dockerfile lines in hand: taking instructions apart to write better ones."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable

_CHOWN = re.compile(
    r"\bchown\s+(?:-{1,2}\S+\s+)*(?P<quote>[\"']?)"
    r"(?P<owner>[\w.$\{\}][\w.$\{\}-]*(?::[\w.$\{\}-]*)?)(?P=quote)\s"
)
_CHMOD = re.compile(r"\bchmod\s+(?:-{1,2}\S+\s+)*(?P<mode>[0-7]{3,4}|[ugoa]*[-+=][rwxXst]+)\s")
_PLAIN = re.compile(r"[\w./@%+=:~-]+")
_COPY_FLAGS = re.compile(r"^(?P<word>COPY|ADD)\s+(?P<flags>(?:--\S+\s+)*)(?P<rest>.*)$", re.DOTALL)


def run_command(instruction: str) -> str | None:
    """Return the command of a RUN, None for any other instruction."""
    return instruction[4:].strip() if instruction.startswith("RUN ") else None


def is_copy(instruction: str) -> bool:
    """Tell whether an instruction is a COPY or an ADD."""
    return instruction.startswith(("COPY ", "ADD "))


def joined(instruction: str, command: str) -> str:
    """Return the RUN `instruction` with `command` after it in the same layer.

    A command with `||` or `;` is put in parentheses: it must not hide that the first one failed.
    """
    if re.search(r"\|\||;|&(?!&)", command.replace("&&", "")):
        command = f"( {command} )"
    if "\n" in instruction:  # a heredoc: its last line is not the command's
        return f"{instruction}\n# and as the last line inside of it:\n{command}"
    return f"{instruction} \\\n && {command}"


def with_copy_flag(instruction: str, flag: str) -> str:
    """Return a COPY or ADD with `flag` put first."""
    match = _COPY_FLAGS.match(instruction)
    if match is None:
        return instruction
    rest = re.sub(r"^(file|dir|multi):[0-9a-f]{64} in ", "<source> ", match["rest"])
    return f"{match['word']} {flag} {match['flags']}{rest}"


def with_mount(instruction: str, target: str) -> str:
    """Return a RUN with a cache mount at `target`."""
    command = run_command(instruction) or "<command>"
    if not _PLAIN.fullmatch(target):  # a name made to break out of the line
        target = "<the cache>"
    return f"RUN --mount=type=cache,target={target} \\\n    {command}"


def removal(paths: Iterable[str], *, before: str = "RUN") -> str:
    """Return a command that removes `paths`, quoted for the shell, one to a line.

    A path that does not fit a line, such as one with a newline, is left out.
    """
    words = [shlex.quote(f"/{path}") for path in paths if path.isprintable()]
    if not words:
        return "# their names do not fit a line: remove them by hand"
    return " \\\n    ".join([f"{before} rm -rf", *words])


def chown_owner(command: str) -> str:
    """Return whom a command's first chown gives files to, "" without one."""
    match = _CHOWN.search(command + " ")
    return match["owner"] if match else ""


def chmod_mode(command: str) -> str:
    """Return the mode that a command's first chmod sets, "" without one."""
    match = _CHMOD.search(command + " ")
    return match["mode"] if match else ""


def sets_times(command: str) -> bool:
    """Tell whether a command calls touch."""
    return re.search(r"(^|[\s;&|(])touch\s", command) is not None
