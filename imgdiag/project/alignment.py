"""Which line of a Dockerfile made which layer: its instructions held against the history.

A history has no line numbers, and does not say where the base image ends. Both are found by
aligning the instructions of the stage that was built, and of those that it starts from, with the
history's end. A Dockerfile that does not fit gives no line at all.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from imgdiag.image import ImageConfig
from imgdiag.project.dockerfile import Dockerfile, Stage
from imgdiag.project.fit import judge_fit
from imgdiag.project.instruction import MAKES_FILES, Instruction
from imgdiag.project.recorded import Agreement, Expected, Record, record_of
from imgdiag.project.scope import Values, scoped
from imgdiag.project.sequence import Pair, pair_up

_MOST_OTHERS = 10  # stages that are tried when the one that is built by default does not fit


class Confidence(StrEnum):
    """How sure it is that a line made a layer."""

    EXACT = "exact"  # the texts agree, and so does the place
    LIKELY = "likely"  # a part of the text, or a text that was changed, between lines that agree


@dataclass(frozen=True, slots=True, kw_only=True)
class Lines:
    """The lines of a Dockerfile that made a layer, counted from 1; `end_line` is the last.

    `instruction` is what stands there, the last one where a layer was made by several.
    """

    path: str
    line: int
    end_line: int
    confidence: Confidence
    instruction: Instruction

    @property
    def is_one(self) -> bool:
        """Tell whether one instruction made the layer, not several together."""
        return self.line == self.instruction.line

    def __str__(self) -> str:
        name = self.path.rpartition("/")[2]
        return f"{name}:{self.line}{'?' * (self.confidence is Confidence.LIKELY)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Alignment:
    """A Dockerfile held against an image's history.

    When it `fits`, `layers` gives the lines of each layer that one made and `entries` those of
    the history's entries, each by its index. `base_image` is what the rest comes from, and
    `base_entries` how many of the first entries that are; None when it cannot be told.
    `complete` tells that above them nothing is left over on either side. `note` says what was
    found, for a reader.
    """

    path: str
    fits: bool
    complete: bool = False
    note: str
    base_image: str = ""
    base_entries: int | None = None
    base_layers: int | None = None
    layers: Mapping[int, Lines] = field(default_factory=dict)
    entries: Mapping[int, Lines] = field(default_factory=dict)


def align(config: ImageConfig, dockerfile: Dockerfile, target: str | None = None) -> Alignment:
    """Return where the instructions of `dockerfile` stand in the image's history.

    `target` is the stage that was built. Without it that is the last one, or, where that does not
    fit as well, another one that does. Raises ImgdiagError for a target that there is not.
    """
    wanted = dockerfile.target(target)
    if config.warnings:
        return _misfit(dockerfile, "the image's history does not tell which layer is whose")
    first = _align_stage(config, dockerfile, wanted)
    if first.complete or target is not None:
        return first
    others = [stage for stage in reversed(dockerfile.stages) if stage is not wanted]
    found = [first, *(_align_stage(config, dockerfile, stage) for stage in others[:_MOST_OTHERS])]
    return max(found, key=lambda each: (each.fits, len(each.entries), each.complete))


def _misfit(dockerfile: Dockerfile, why: str) -> Alignment:
    return Alignment(path=dockerfile.path, fits=False, note=f"not used: {why}")


def _align_stage(config: ImageConfig, dockerfile: Dockerfile, stage: Stage) -> Alignment:
    chain = dockerfile.chain(stage)
    # A base image's part is not looked at for longer than it can matter.
    count = sum(len(each.instructions) for each in chain)
    skipped = max(len(config.history) - 3 * count - 100, 0)
    records = [record_of(entry) for entry in config.history[skipped:]]
    expected = list(_expected(dockerfile, chain, records))
    pairs = pair_up(expected, records)
    fit = judge_fit(expected, records, pairs)
    if fit.why_not:
        return _misfit(dockerfile, fit.why_not)
    base = chain[0].base
    if base == "scratch" and pairs[0].entry + skipped:
        return _misfit(dockerfile, "it starts from scratch, and the image from another one")

    before = expected[: pairs[0].instruction]
    known = all(each.instruction.word in fit.silent for each in before)
    base_entries = pairs[0].entry + skipped if known else None
    complete = known and fit.complete
    pairs = [replace(pair, entry=pair.entry + skipped) for pair in pairs]
    sure = _pinned(pairs, (len(expected), len(config.history)), complete)
    entries = {
        pair.entry: _lines(dockerfile, expected[pair.instruction].instruction, pair in sure)
        for pair in pairs
    }
    base_layers = None
    note = "every instruction agrees" if complete else fit.agreeing
    if base_entries is not None:
        base_layers = sum(each.layer is not None for each in config.history[:base_entries])
        if base != "scratch":
            by_default = ", unless --build-arg named another" * chain[0].by_default
            note += f"; built on {base}{by_default}, {_layers(base_layers)}"
    if stage is not dockerfile.stages[-1]:
        note = f"stage {stage.label}: {note}"
    return Alignment(
        path=dockerfile.path,
        fits=True,
        complete=complete,
        note=note,
        base_image="" if base == "scratch" else base,
        base_entries=base_entries,
        base_layers=base_layers,
        entries=entries,
        layers=dict(_of_layers(config, chain, entries)),
    )


def _layers(count: int) -> str:
    return (
        "which has no layer" if not count else "layer 0" if count == 1 else f"layers 0–{count - 1}"
    )


def _expected(
    dockerfile: Dockerfile, chain: Sequence[Stage], records: Sequence[Record]
) -> Iterator[Expected]:
    """Yield the instructions that the history may tell of, oldest first."""
    declared = {
        name
        for stage in chain
        for instruction in stage.instructions
        if instruction.word == "ARG"
        for name, _ in instruction.pairs
    }
    # ARGs as the history tells them, with their defaults, and with any value.
    values: tuple[Values, ...] = (
        _told_arguments(records, declared),
        {},
        dict.fromkeys(declared),
    )
    ways = [scoped(chain, dockerfile.arguments, given) for given in values]
    for way in zip(*ways, strict=True):
        instruction = way[0][0]
        scopes = [scope for _, scope in way]
        different = [each for index, each in enumerate(scopes) if each not in scopes[:index]]
        yield Expected(instruction, tuple(different))


def _told_arguments(records: Sequence[Record], declared: set[str]) -> dict[str, str | None]:
    """Return the values of ARGs that the history tells of: `|2 NAME=a b VERSION=1 /bin/sh -c …`."""
    told: dict[str, str | None] = {}
    if not declared:
        return told
    start = re.compile(rf" ({'|'.join(map(re.escape, sorted(declared)))})=")
    for record in records:
        if record.word == "RUN" and record.rest.startswith("|"):
            # Values may hold blanks; the shell begins with a slash.
            end = record.rest.find(" /")
            end = len(record.rest) if end < 0 else end
            marks = list(start.finditer(record.rest, 0, end))
            ends = [*(mark.start() for mark in marks[1:]), end]
            for mark, stop in zip(marks, ends, strict=False):
                told[mark[1]] = record.rest[mark.end() : stop]
    return told


def _pinned(pairs: Sequence[Pair], end: tuple[int, int], complete: bool) -> frozenset[Pair]:
    """Return the pairs that are sure: those that agree wholly, and those that agree in part and
    stand in a row between two that agree wholly, or the ends: nothing else can be at their place.
    """
    sure: set[Pair] = set()
    row: list[Pair] = []
    held = complete  # whether what stands before the row is sure
    for pair in pairs:
        if row and (pair.instruction, pair.entry) != (row[-1].instruction + 1, row[-1].entry + 1):
            row, held = [], False
        row.append(pair)
        if pair.agreement is Agreement.WHOLLY:
            sure.update(row if held else row[-1:])
            row, held = row[-1:], True
        elif not pair.agreement:
            row, held = row[-1:], False
    if row and held and (row[-1].instruction + 1, row[-1].entry + 1) == end:
        sure.update(row)
    return frozenset(sure)


def _lines(dockerfile: Dockerfile, instruction: Instruction, sure: bool) -> Lines:
    return Lines(
        path=dockerfile.path,
        line=instruction.line,
        end_line=instruction.end_line,
        confidence=Confidence.EXACT if sure else Confidence.LIKELY,
        instruction=instruction,
    )


def _of_layers(
    config: ImageConfig,
    chain: Sequence[Stage],
    entries: Mapping[int, Lines],
) -> Iterator[tuple[int, Lines]]:
    """Yield the lines of each layer that an instruction made, or several in one layer."""
    for stage in chain:
        own = {id(instruction) for instruction in stage.instructions}
        members = {entry: lines for entry, lines in entries.items() if id(lines.instruction) in own}
        files = [lines for lines in members.values() if lines.instruction.word in MAKES_FILES]
        layers = [
            (layer, lines)
            for entry, lines in members.items()
            if (layer := config.history[entry].layer) is not None
        ]
        if len(layers) == 1 and layers[0][1].instruction is stage.instructions[-1] and files:
            # buildah without --layers: all that a stage does is in one layer, named by its last
            # instruction. One instruction that does it all is the same case.
            layer, last = layers[0]
            yield layer, replace(last, line=files[0].line, end_line=files[-1].end_line)
        else:
            yield from (each for each in layers if each[1].instruction.word in _IN_LAYERS)


_IN_LAYERS = frozenset((*MAKES_FILES, "WORKDIR"))
