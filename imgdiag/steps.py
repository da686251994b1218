"""Dockerfile instructions as an image records them, with what was in force when each ran."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass, replace

from imgdiag.image import ImageConfig, instruction
from imgdiag.project.alignment import Alignment, Confidence

_FROM_A_ROOT = re.compile(r"ADD (file|dir|multi):[0-9a-f]{64} in / ?$")  # how base images begin


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What made a layer. `mounts_unknown` tells that its builder records no flags of a RUN.

    Where a Dockerfile is known to be the image's, `place` says where in it the instruction stands,
    `flags` are a RUN's own, and `layout` is its command in the lines of the file; `from_base`
    tells whether it came with the base image, None when that is not known.
    """

    instruction: str
    working_directory: str = "/"
    user: str = ""
    mounts_unknown: bool = False
    place: str = ""
    flags: tuple[str, ...] = ()
    layout: str = ""
    from_base: bool | None = None

    @property
    def command(self) -> str | None:
        """Return the command of a RUN of the Dockerfile in hand, None for anything else."""
        if self.from_base or not self.instruction.startswith("RUN "):
            return None
        return self.instruction[4:].strip()

    @property
    def is_copy(self) -> bool:
        """Tell whether it is a COPY or an ADD of the Dockerfile in hand."""
        return self.instruction.startswith(("COPY ", "ADD ")) and not self.is_base

    @property
    def is_base(self) -> bool:
        """Tell whether nothing in the Dockerfile in hand made this, as far as can be known."""
        if self.from_base is not None:
            return self.from_base
        known = self.instruction.startswith(("RUN ", "COPY ", "ADD ", "WORKDIR "))
        return not known or _FROM_A_ROOT.match(self.instruction) is not None


UNKNOWN = Step(instruction="")


def steps_of(config: ImageConfig, alignment: Alignment | None = None) -> dict[int, Step]:
    """Return the step that made each layer, by its index; `alignment` is with its Dockerfile."""
    steps: dict[int, Step] = {}
    now = UNKNOWN
    for entry in config.history:
        text = instruction(entry.created_by)
        word, _, rest = text.partition(" ")
        if word == "WORKDIR":
            folder = posixpath.normpath(posixpath.join(now.working_directory, rest.strip()))
            now = replace(now, working_directory=folder)
        elif word == "USER":
            now = replace(now, user=rest.strip())
        if entry.layer is not None:
            step = replace(
                now,
                instruction=text,
                mounts_unknown=entry.created_by.rstrip().endswith("# buildkit"),
            )
            steps[entry.layer] = _placed(step, entry.layer, alignment) if alignment else step
    return steps


def _placed(step: Step, layer: int, alignment: Alignment) -> Step:
    """Return a step with what the Dockerfile tells of it."""
    if alignment.base_layers is not None:
        step = replace(step, from_base=layer < alignment.base_layers)
    lines = alignment.layers.get(layer)
    if lines is None:
        return step
    step = replace(step, place=str(lines), from_base=False)
    if lines.confidence is not Confidence.EXACT or not lines.is_one:
        return step
    written = lines.instruction
    if written.word != "RUN":
        return replace(
            step, instruction=f"{' '.join((written.word, *written.flags))} {written.command}"
        )
    step = replace(step, mounts_unknown=False, flags=written.flags)
    if written.exec_form is not None:
        return step
    return replace(step, instruction=f"RUN {written.command}", layout=written.layout)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunEdit:
    """A RUN of the Dockerfile, written anew: with cache mounts, and with commands after it.

    `joined` are the commands of later RUNs that move into this one, by their layers: they come
    before `commands`, and those RUNs are dropped.
    """

    layer: int
    step: Step
    mounts: tuple[str, ...] = ()
    joined: tuple[tuple[int, str], ...] = ()
    commands: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def merged(self, other: RunEdit) -> RunEdit:
        """Return this edit and another of the same RUN, or of one that it joins, as one."""
        return replace(
            self,
            mounts=tuple(dict.fromkeys((*self.mounts, *other.mounts))),
            joined=tuple(sorted({**dict(other.joined), **dict(self.joined)}.items())),
            commands=tuple(dict.fromkeys((*self.commands, *other.commands))),
            notes=tuple(dict.fromkeys((*self.notes, *other.notes))),
        )

    def snippet(self) -> str:
        """Return the lines for the Dockerfile."""
        command = self.step.command or "<command>"
        notes = list(self.notes)
        if self.step.mounts_unknown:
            notes.append("keep the --mount flags of your own RUN: an image does not record them")
        mounts = [f"--mount=type=cache,target={each}" for each in self.mounts]
        known = [each for each in mounts if each not in self.step.flags]
        flags = "".join(f"{each} \\\n    " for each in (*self.step.flags, *known))
        text = f"RUN {flags}{self.step.layout or command}"
        after = dict.fromkeys((*(each for _, each in self.joined), *self.commands))
        if "\n" in command:  # a heredoc: its last line is not the command's
            text += "".join(f"\n# and as the last line inside of it:\n{each}" for each in after)
        else:
            text += "".join(f" \\\n && {guarded(each)}" for each in after)
        return "\n".join([*(f"# {note}" for note in notes), text])


def guarded(command: str) -> str:
    """Return `command` so that it can stand after `&&`.

    One with `||` or `;` is put in parentheses: it must not hide that what is before it failed.
    """
    risky = re.search(r"\|\||;|&(?!&)", command.replace("&&", "")) is not None
    return f"( {command} )" if risky and not command.startswith("( ") else command


def moved(command: str, of: Step, into: Step) -> tuple[str, tuple[str, ...]]:
    """Return a step's command as it must be inside another RUN, and what to know about that."""
    notes: tuple[str, ...] = ()
    if of.working_directory != into.working_directory:
        command = f"( cd {of.working_directory} && {command} )"
    if of.user != into.user:
        notes = (f"this runs as {into.user or 'root'}; what is added ran as {of.user or 'root'}",)
    return command, notes
