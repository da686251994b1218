"""Whether a Dockerfile is that of an image: how much of both agrees."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from imgdiag.project.instruction import MAKES_FILES
from imgdiag.project.recorded import Agreement, Expected, Record
from imgdiag.project.sequence import Pair

# How much must agree, by the length of the texts: of the Dockerfile, and of the history above
# the base image. Short texts (`COPY . .`, `WORKDIR /app`) agree by chance.
_FITS = 0.75
_CREDIT = {Agreement.WHOLLY: 1.0, Agreement.PARTLY: 0.8}
_SILENT = frozenset(("ARG", "ONBUILD"))  # not every builder records them
_METADATA = frozenset(
    ("CMD", "ENTRYPOINT", "ENV", "EXPOSE", "HEALTHCHECK", "LABEL", "MAINTAINER", "SHELL",
     "STOPSIGNAL", "USER", "VOLUME", "WORKDIR")
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """The judgement. `why_not` is "" when the two belong together.

    `complete` tells that nothing is left without a partner that agrees, above the base image;
    `silent` are the instructions that this history need not hold.
    """

    why_not: str
    complete: bool
    agreeing: str
    silent: frozenset[str]


def judge_fit(
    expected: Sequence[Expected], records: Sequence[Record], pairs: Sequence[Pair]
) -> Fit:
    """Judge whether instructions, paired with a history's entries, are those that made it."""
    start = pairs[0].entry if pairs else len(records)
    above = dict(enumerate(records[start:], start))
    # kaniko records layers alone.
    with_metadata = any(each.word in _METADATA - {"WORKDIR"} for each in above.values())
    silent = _SILENT if with_metadata else _SILENT | _METADATA
    credit = {
        (pair.instruction, pair.entry): _CREDIT.get(pair.agreement, pair.likeness) for pair in pairs
    }
    of_instruction = {instruction: each for (instruction, _), each in credit.items()}
    of_entry = {entry: each for (_, entry), each in credit.items()}
    counted = {
        index: each
        for index, each in enumerate(expected)
        if each.instruction.word not in silent or index in of_instruction
    }
    agreeing = [pair for pair in pairs if pair.agreement]
    complete = len(agreeing) == len(counted) == len(above)
    text = f"{len(agreeing)} of {len(counted)} instructions agree"
    makes_files = any(each.instruction.word in MAKES_FILES for each in counted.values())
    if not makes_files and len(counted) < 2:
        why_not = "it has too few instructions to compare"
    elif _share(counted, of_instruction) < _FITS or not (makes_files or complete):
        why_not = f"it does not match the image's history ({text})"
    elif _share(above, of_entry) < _FITS:
        missing = len(above.keys() - of_entry.keys())
        why_not = (
            f"the image's history has {missing} instruction{'s' * (missing != 1)} that it does "
            "not have"
        )
    else:
        why_not = ""
    return Fit(why_not=why_not, complete=complete, agreeing=text, silent=silent)


def _share(items: dict[int, Expected] | dict[int, Record], credit: dict[int, float]) -> float:
    """Return how much of the items' weight agrees, 1.0 being all of it."""
    whole = sum(each.weight for each in items.values())
    agreed = sum(each.weight * credit.get(index, 0.0) for index, each in items.items())
    return agreed / whole if whole else 0.0
