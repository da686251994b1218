"""Dockerfile instructions as an image records them, with what was in force when each ran."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import chain

from imgdiag.image import ImageConfig, instruction
from imgdiag.project.alignment import Alignment, Confidence

MAKE_LAYERS = ("RUN ", "COPY ", "ADD ", "WORKDIR ")  # how the instructions that do begin
_LONGEST = 4_096  # characters of a folder's path: in none that is longer can anything be run
_HASHED = re.compile(r"(file|dir|multi):[0-9a-f]{64}$")
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
    def copied(self) -> tuple[tuple[str, ...], str]:
        """Return the sources and the target of a COPY or an ADD, nothing where none are recorded.

        The classic builder records a hash in place of the sources.
        """
        words = self.instruction.split()[1:] if self.is_copy else []
        words = [word for word in words if not word.startswith("--")]
        if len(words) < 2 or _HASHED.match(words[0]):
            return (), words[-1] if words else ""
        return tuple(words[:-1]), words[-1]

    @property
    def from_context(self) -> bool:
        """Tell whether it copies from the build context, as far as can be told.

        What comes from another stage or image mostly has an absolute path.
        """
        sources, _ = self.copied
        return (
            self.is_copy
            and "--from=" not in self.instruction
            and not any(source.startswith("/") for source in sources)
        )

    @property
    def is_base(self) -> bool:
        """Tell whether nothing in the Dockerfile in hand made this, as far as can be known.

        It is not the base's when nothing at all is known of it.
        """
        if self.from_base is not None or not self.instruction:
            return self.from_base is True
        own = self.instruction.startswith(MAKE_LAYERS)
        return not own or _FROM_A_ROOT.match(self.instruction) is not None


UNKNOWN = Step(instruction="")


def steps_of(config: ImageConfig, alignment: Alignment | None = None) -> dict[int, Step]:
    """Return the step that made each layer, by its index; `alignment` is with its Dockerfile."""
    steps: dict[int, Step] = {}
    now = UNKNOWN
    inherited = _inherited(config)
    for index, entry in enumerate(config.history):
        text = instruction(entry.created_by)
        word, _, rest = text.partition(" ")
        if word == "WORKDIR":
            folder = posixpath.normpath(posixpath.join(now.working_directory, rest.strip()))
            if len(folder) <= _LONGEST:
                now = replace(now, working_directory=folder)
        elif word == "USER":
            now = replace(now, user=rest.strip())
        if entry.layer is not None:
            step = replace(
                now,
                instruction=text,
                mounts_unknown=entry.created_by.rstrip().endswith("# buildkit"),
                from_base=True if index < inherited else None,
            )
            steps[entry.layer] = _placed(step, entry.layer, alignment) if alignment else step
    return steps


def _inherited(config: ImageConfig) -> int:
    """Return how many entries of the history are a base image's, as far as it alone tells.

    A Dockerfile ends with its CMD: one with more layers after it ends a base image's, as that of
    `python:3.12-slim` does (`CMD ["python3"]`). A layer of which nothing is known is a base's when
    an instruction follows.
    """
    layers_follow = instruction_follows = False
    for index in reversed(range(len(config.history))):
        entry = config.history[index]
        text = instruction(entry.created_by)
        if entry.layer is None:
            if layers_follow and text.startswith("CMD "):
                return index + 1
            continue
        if not text and instruction_follows:
            return index + 1
        layers_follow = True
        instruction_follows = instruction_follows or text.startswith(MAKE_LAYERS)
    return 0


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
    """A RUN of the Dockerfile, written anew: with mounts, and with commands after it.

    `mounts` are as `--mount` takes them: `type=cache,target=/root/.cache/pip`. `joined` are the
    commands of later RUNs that move into this one, by their layers: they come before `commands`,
    and those RUNs are dropped. `without` are the commands joined by && that it no longer runs.
    """

    layer: int
    step: Step
    mounts: tuple[str, ...] = ()
    joined: tuple[tuple[int, str], ...] = ()
    commands: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def merged(self, *others: RunEdit) -> RunEdit:
        """Return this edit and others of the same RUN, or of those that it joins, as one."""
        edits = (self, *others)
        # Of two that join one layer, the first says how.
        joined = {layer: command for edit in reversed(edits) for layer, command in edit.joined}
        return replace(
            self,
            mounts=_once(edit.mounts for edit in edits),
            joined=tuple(sorted(joined.items())),
            commands=_once(edit.commands for edit in edits),
            without=_once(edit.without for edit in edits),
            notes=_once(edit.notes for edit in edits),
        )

    def snippet(self) -> str:
        """Return the lines for the Dockerfile."""
        command = self.step.layout or self.step.command or "<command>"
        is_heredoc = "\n" in (self.step.command or "")
        if self.without:
            parts = [part.strip(" \t\\\n") for part in command.split("&&")]
            command = " && ".join(part for part in parts if part not in self.without)
        notes = list(self.notes)
        if self.step.mounts_unknown:
            notes.append("keep the --mount flags of your own RUN: an image does not record them")
        mounts = [f"--mount={each}" for each in self.mounts]
        known = [each for each in mounts if each not in self.step.flags]
        flags = "".join(f"{each} \\\n    " for each in (*self.step.flags, *known))
        text = f"RUN {flags}{command}"
        after = dict.fromkeys((*(each for _, each in self.joined), *self.commands))
        if is_heredoc:  # its last line is not the command's
            text += "".join(f"\n# and as the last line inside of it:\n{each}" for each in after)
        else:
            text += "".join(f" \\\n && {guarded(each)}" for each in after)
        return "\n".join([*(f"# {note}" for note in notes), text])


def _once(lists: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    """Return what stands in any of `lists`, in their order."""
    return tuple(dict.fromkeys(chain.from_iterable(lists)))


def guarded(command: str) -> str:
    """Return `command` so that it can stand after `&&`.

    One with `||` or `;` is put in parentheses: it must not hide that what is before it failed.
    """
    risky = re.search(r"\|\||(?<!\\);|&(?!&)", command.replace("&&", "")) is not None
    whole = command.startswith("( ") and command.endswith(" )") and command.count("( ") == 1
    return f"( {command} )" if risky and not whole else command


def sets_times(command: str) -> bool:
    """Tell whether a command calls touch."""
    return re.search(r"(^|[\s;&|(])touch\s", command) is not None


def moved(command: str, of: Step, into: Step) -> tuple[str, tuple[str, ...]]:
    """Return a step's command as it must be inside another RUN, and what to know about that."""
    notes: tuple[str, ...] = ()
    if of.working_directory != into.working_directory:
        command = f"( cd {of.working_directory} && {command} )"
    if of.user != into.user:
        notes = (f"this runs as {into.user or 'root'}; what is added ran as {of.user or 'root'}",)
    return command, notes
