"""A Dockerfile: its stages, and the instructions of each with their lines.

Source: the Dockerfile reference, docs.docker.com/reference/dockerfile.
"""

from __future__ import annotations

import difflib
import re
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from imgdiag.errors import ImgdiagError
from imgdiag.project.expansion import HOLE, expand
from imgdiag.project.instruction import INSTRUCTIONS, Instruction
from imgdiag.project.logical_lines import LogicalLine, split_lines, words
from imgdiag.text import cut, whole_number

# Far beyond any real one, and little enough for steps that compare each with each.
MAX_BYTES = 1_000_000
MAX_INSTRUCTIONS = 1_000

# Set by the builder, to what it builds for and on.
_PLATFORM_ARGUMENTS: Mapping[str, None] = dict.fromkeys(
    f"{side}{part}"
    for side in ("BUILD", "TARGET")
    for part in ("PLATFORM", "OS", "ARCH", "VARIANT")
)
_SHOWN = 20  # characters of what is no instruction: the file may be none of the project's
_WORD = re.compile(r"\s*(?P<word>\S+)\s*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A FROM and what follows. `base` is the image's name, variables replaced, or a stage's.

    `parent` is the index of the stage that it starts from, None for an image or scratch.
    `by_default` tells that `--build-arg` may have named another image.
    """

    index: int
    name: str
    base: str
    by_default: bool
    parent: int | None
    origin: Instruction
    instructions: tuple[Instruction, ...]

    @property
    def label(self) -> str:
        """Return the stage's name, or its number where it has none."""
        return self.name or str(self.index)


@dataclass(frozen=True, kw_only=True)
class Dockerfile:
    """A parsed Dockerfile. `path` is the file as its user names it."""

    path: str
    stages: tuple[Stage, ...]
    arguments: Mapping[str, str | None]  # those before the first FROM, with their defaults

    @property
    def name(self) -> str:
        """Return the file's name without its folder."""
        return self.path.rpartition("/")[2]

    @cached_property
    def _by_name(self) -> dict[str, Stage]:
        return {stage.name: stage for stage in self.stages if stage.name}

    def find(self, name: str) -> Stage | None:
        """Return the stage of a name or a number, as `COPY --from` and `--target` give it."""
        index = whole_number(name)
        if index is not None:
            return self.stages[index] if index < len(self.stages) else None
        return self._by_name.get(name.lower())

    def target(self, name: str | None) -> Stage:
        """Return the stage that is built: the last one, or what `--target` names."""
        if name is None:
            return self.stages[-1]
        if (stage := self.find(name)) is not None:
            return stage
        names = [each.label for each in self.stages]
        near = difflib.get_close_matches(name, names, 1)
        raise ImgdiagError(
            f"{self.path} has no stage {name!r}",
            hint=f"Did you mean {near[0]!r}?" if near else f"It has {', '.join(names)}",
        )

    def chain(self, stage: Stage) -> tuple[Stage, ...]:
        """Return the stages that `stage` is built upon, by FROM, and itself as the last."""
        chain = [stage]
        while (parent := chain[0].parent) is not None:
            chain.insert(0, self.stages[parent])
        return tuple(chain)


def read_dockerfile(path: Path) -> Dockerfile:
    """Read and parse the Dockerfile at `path`. Raises ImgdiagError."""
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise ImgdiagError(f"{str(path)!r} is not a file")
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
        if len(data) > MAX_BYTES:
            raise ImgdiagError(f"{str(path)!r} is too big for a Dockerfile")
    except OSError as error:
        raise ImgdiagError(f"cannot read {str(path)!r} ({error.strerror or error})") from error
    return parse_dockerfile(data.decode("utf-8", "surrogateescape"), str(path))


def parse_dockerfile(text: str, path: str = "Dockerfile") -> Dockerfile:
    """Parse a Dockerfile's text. Raises ImgdiagError, with the line."""
    lines, escape = split_lines(text, path)
    if len(lines) > MAX_INSTRUCTIONS:
        raise ImgdiagError(f"{path} has {len(lines):,} instructions: more than a Dockerfile can")
    arguments: dict[str, str | None] = {}
    heads: list[tuple[Instruction, list[Instruction]]] = []
    for line in lines:
        instruction = _instruction(line, escape, path)
        if instruction.word == "FROM":
            heads.append((instruction, []))
        elif heads:
            heads[-1][1].append(instruction)
        elif instruction.word == "ARG":
            for name, value in instruction.pairs:
                known = None if value is None else expand(value, arguments, escape)
                arguments[name] = None if known is None or HOLE in known else known
        else:
            raise ImgdiagError(
                f"{path}:{instruction.line}: {instruction.word} stands before the first FROM"
            )
    if not heads:
        raise ImgdiagError(f"{path} has no FROM", hint="It is not a Dockerfile, or not a whole one")
    stages: list[Stage] = []
    for origin, instructions in heads:
        stages.append(_stage(origin, instructions, stages, arguments, path))
    return Dockerfile(path=path, stages=tuple(stages), arguments=arguments)


def _stage(
    origin: Instruction,
    instructions: list[Instruction],
    earlier: list[Stage],
    arguments: Mapping[str, str | None],
    path: str,
) -> Stage:
    parts = origin.arguments
    if len(parts) not in (1, 3) or (len(parts) == 3 and parts[1].upper() != "AS"):
        raise ImgdiagError(
            f"{path}:{origin.line}: FROM takes an image, and AS with a stage's name after it"
        )
    known = {**_PLATFORM_ARGUMENTS, **arguments}
    base = expand(parts[0], known, origin.escape, complete=True)
    parent = next((each.index for each in earlier if each.name == base.lower()), None)
    return Stage(
        index=len(earlier),
        name=parts[2].lower() if len(parts) == 3 else "",
        base=base if HOLE not in base and base else parts[0],
        by_default="$" in parts[0],
        parent=parent,
        origin=origin,
        instructions=tuple(instructions),
    )


def _instruction(line: LogicalLine, escape: str, path: str) -> Instruction:
    match = _WORD.match(line.text)
    assert match is not None  # a logical line is never empty
    word = match["word"].upper()
    if word not in INSTRUCTIONS:
        near = difflib.get_close_matches(word, sorted(INSTRUCTIONS), 1)
        raise ImgdiagError(
            f"{path}:{line.line}: there is no instruction {cut(match['word'], _SHOWN)!r}",
            hint=f"Did you mean {near[0]}?" if near else "",
        )
    flags: list[str] = []
    start = match.end()
    for offset, part in _leading_flags(line.text, start, escape):
        flags.append(part)
        start = offset + len(part)
    rest = line.text[start:]
    start += len(rest) - len(rest.lstrip())
    rest = rest.strip()
    if not rest:
        raise ImgdiagError(f"{path}:{line.line}: {word} has nothing after it")
    instruction = Instruction(
        word=word,
        flags=tuple(flags),
        rest=rest,
        line=line.line,
        end_line=line.end_line,
        heredocs=line.heredocs,
        starts=tuple(_shifted(line, start)),
        escape=escape,
    )
    if word in ("COPY", "ADD") and len(instruction.arguments) < 2:
        raise ImgdiagError(f"{path}:{line.line}: {word} takes a source and a destination")
    return instruction


def _leading_flags(text: str, start: int, escape: str) -> Iterator[tuple[int, str]]:
    for offset, part in words(text[start:], escape):
        if not part.startswith("--") or part == "--":
            return
        yield start + offset, part


def _shifted(line: LogicalLine, start: int) -> Iterator[tuple[int, int]]:
    """Yield where lines begin in what follows the first `start` characters."""
    yield 0, line.line_at(start)
    for offset, number in line.starts:
        if offset > start:
            yield offset - start, number
