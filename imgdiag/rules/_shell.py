"""The Dockerfile lines in hand: taking instructions apart to write better ones."""

from __future__ import annotations

import os.path
import re
import shlex
from collections.abc import Callable, Iterable
from dataclasses import replace

from imgdiag.facts.facts import Facts
from imgdiag.facts.steps import RunEdit, moved
from imgdiag.finding import Fix
from imgdiag.text import shortened

_CHOWN = re.compile(
    r"\bchown\s+(?:-\S+\s+)*(?P<quote>[\"']?)"
    r"(?P<owner>[\w.$\{\}][\w.$\{\}-]*(?::[\w.$\{\}-]*)?)(?P=quote)\s"
)
_CHMOD = re.compile(r"\bchmod\s+(?:-\S+\s+)*(?P<mode>[0-7]{3,4}|[ugoa]*[-+=][rwxXst]+)\s")
_EACH_ON_ITS_LINE = 3  # paths; more than these go together
_DEEP = 3  # slashes of a folder that is worth a cd
_WIDTH = 80
_PLAIN = re.compile(r"[\w./@%+=:~-]+")
_COPY_FLAGS = re.compile(r"^(?P<word>COPY|ADD)\s+(?P<flags>(?:--\S+\s+)*)(?P<rest>.*)$", re.DOTALL)

BASE_FIX = Fix(
    "It comes with the base image: only a base without it helps",
    "Dockerfile",
    "FROM <a base without it>",
)


def with_copy_flag(instruction: str, flag: str) -> str:
    """Return a COPY or ADD with `flag` put first; an image does not record its --from."""
    match = _COPY_FLAGS.match(instruction)
    if match is None:
        return instruction
    rest = re.sub(r"^(file|dir|multi):[0-9a-f]{64} in ", "<source> ", match["rest"])
    # Sources in a build context are relative; an absolute one is most often another stage's.
    stage = "--from=<its stage> " if rest.startswith("/") and "--from" not in match["flags"] else ""
    return f"{match['word']} {stage}{flag} {match['flags']}{rest}"


def cache_mount(facts: Facts, layer: int, target: str) -> RunEdit:
    """Return the RUN that made `layer` with a cache mount at `target`."""
    if not _PLAIN.fullmatch(target):  # a name made to break out of the line
        target = "<the cache>"
    return RunEdit(layer=layer, step=facts.step(layer), mounts=(f"type=cache,target={target}",))


def appended(facts: Facts, layer: int, command: str, of: int | None = None) -> RunEdit:
    """Return the RUN that made `layer` with `command` after it, which layer `of` ran so far."""
    step = facts.step(layer)
    notes: tuple[str, ...] = ()
    if of is not None:
        command, notes = moved(command, facts.step(of), step)
    return RunEdit(layer=layer, step=step, commands=(command,), notes=notes)


def joined(facts: Facts, layer: int, last: int, command: str | None = None) -> RunEdit:
    """Return the RUN that made `layer` with what the later RUNs up to `last` do, in their order.

    `command` is what the last is to do, where not what it did.

    So nothing is deleted before it is used. RUNs in between that store nothing stay where they
    are: they make nothing out of the files.
    """
    later = [each for each in range(layer + 1, last) if _makes_files(facts, each)]
    edit = RunEdit(layer=layer, step=facts.step(layer))
    for each in (*later, last):
        does = facts.step(each).command or ""
        if each == last and command is not None:
            does = command
        does, notes = moved(does, facts.step(each), edit.step)
        edit = replace(
            edit,
            joined=(*edit.joined, (each, does)),
            notes=tuple(dict.fromkeys((*edit.notes, *notes))),
        )
    if later and any(facts.step(each).is_copy for each in range(layer + 1, last)):
        edit = replace(edit, notes=(*edit.notes, "where the last of them was, below the COPYs"))
    return edit


def _makes_files(facts: Facts, layer: int) -> bool:
    return facts.step(layer).command is not None and facts.filesystem.layers[layer].layer_bytes > 0


def dropped(facts: Facts, edit: RunEdit) -> str:
    """Return which instructions an edit makes superfluous, for the end of a sentence."""
    names = [f"'{shortened(facts.step(layer).instruction, 60)}'" for layer, _ in edit.joined]
    return "drop " + " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))


def removal_fix(
    facts: Facts,
    paths: Iterable[str],
    *,
    where: str,
    write: Callable[[Iterable[str]], str] | None = None,
) -> Fix:
    """Return the mend that removes `paths` where the image gets them: in a RUN, or before a COPY.

    Each is removed in every layer that makes a part of it. `where` says what is done there, such
    as "builds the environment". `write` makes the command that removes some of the paths; without
    it each is named.
    """
    write = write or removal
    edits = []
    copied: list[str] = []
    for layer, made in facts.makers(paths).items():
        if facts.step(layer).command:
            edits.append(appended(facts, layer, write(made)))
        else:
            copied += made
    if not edits:
        return _in_stage(write(copied), where)
    return Fix.of_run(
        f"Remove them in the RUN{'s' * (len(edits) > 1)} that {where}",
        *edits,
        after=f"# and in the stage that they are copied from\nRUN {write(copied)}"
        if copied
        else "",
    )


def removal_in(facts: Facts, layer: int, paths: Iterable[str], *, where: str) -> Fix:
    """Return the mend that removes `paths` where one layer gets them."""
    return command_fix(facts, layer, removal(paths), where=where)


def command_fix(facts: Facts, layer: int, command: str, *, where: str) -> Fix:
    """Return the mend that runs `command`, which removes files, where `layer` gets them.

    What a base image brings cannot be removed.
    """
    step = facts.step(layer)
    if step.is_base:
        return BASE_FIX
    if step.command:
        return Fix.of_run(f"Remove them in the RUN that {where}", appended(facts, layer, command))
    if step.is_copy:
        return _in_stage(command, where)
    return Fix(
        f"Remove them in the instruction that {where}",
        "Dockerfile",
        f"# at the end of that RUN, or of the stage that they come from\nRUN {command}",
    )


def context_fix(
    facts: Facts, patterns: Iterable[str], layer: int, paths: Iterable[str], *, where: str
) -> Fix:
    """Return the mend for what need not be in the build context: a line of .dockerignore.

    Where `layer` is no COPY from there, `paths` are removed as `removal_in` does.
    """
    if not facts.step(layer).from_context:
        return removal_in(facts, layer, paths, where=where)
    lines = dict.fromkeys(each for each in patterns if _PLAIN.fullmatch(each.replace("*", "")))
    return Fix(
        "Keep them out of the build context",
        ".dockerignore",
        "\n".join(lines) or "# their names do not fit a line",
    )


def _in_stage(command: str, where: str) -> Fix:
    return Fix(
        f"Remove them in the stage that {where}, before the COPY",
        "Dockerfile",
        f"# in that stage\nRUN {command}",
    )


def removal(paths: Iterable[str]) -> str:
    """Return a command that removes `paths`, quoted for the shell: one to a line, or, when they
    are many, as many as a line takes and relative to the folder that all are in.

    A path that does not fit a line, such as one with a newline, is left out.
    """
    names = [f"/{path}" for path in paths if path.isprintable()]
    if not names:
        return "true  # their names do not fit a line: remove them by hand"
    folder = os.path.commonpath(names) if len(names) > _EACH_ON_ITS_LINE else ""
    if folder.count("/") < _DEEP:
        return " \\\n    ".join(["rm -rf", *map(shlex.quote, names)])
    inside = wrapped(shlex.quote(os.path.relpath(name, folder)) for name in names)
    return f"( cd {shlex.quote(folder)} && rm -rf -- \\\n    {inside} )"


def wrapped(words: Iterable[str]) -> str:
    """Return words in as few lines as their lengths allow, joined as a shell joins lines."""
    lines: list[str] = []
    for word in words:
        if lines and len(lines[-1]) + len(word) < _WIDTH:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return " \\\n    ".join(lines)


def quoted(path: str) -> str:
    """Return a path of the image as a word for the shell; a name that fits no line is left out."""
    return shlex.quote(f"/{path}") if path.isprintable() else "'<its folder>'"


def chown_owner(command: str) -> str:
    """Return whom a command's first chown gives files to, "" without one."""
    match = _CHOWN.search(command + " ")
    return match["owner"] if match else ""


def chmod_mode(command: str) -> str:
    """Return the mode that a command's first chmod sets, "" without one."""
    match = _CHMOD.search(command + " ")
    return match["mode"] if match else ""


def updates_apt(command: str) -> bool:
    """Tell whether a command downloads apt's package lists."""
    return re.search(r"\bapt(-get)?\s+(-\S+\s+)*update\b", command) is not None


def uses_apt_lists(command: str) -> bool:
    """Tell whether a command installs with apt, for which it needs the package lists."""
    verbs = "install|build-dep|upgrade|(dist|full)-upgrade"
    return re.search(rf"\bapt(-get)?\s+(-\S+\s+)*({verbs})\b", command) is not None
