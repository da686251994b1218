"""The best way to pair a Dockerfile's instructions with a history's entries, in order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from imgdiag.project.instruction import MAKES_FILES
from imgdiag.project.recorded import Agreement, Expected, Record

_ALIKE = 0.5  # the share of words that two commands must have in common to be one, changed
_SCORES = {Agreement.WHOLLY: 10.0, Agreement.PARTLY: 6.0}
_CHANGED = 3.0  # for two texts that differ, times how alike they are
# What it costs to leave one without a partner: those that make files always leave an entry.
_FILES, _OTHER = 2.0, 0.5


@dataclass(frozen=True, slots=True)
class Pair:
    """An instruction and an entry, by their indices, and how far they agree.

    `likeness` is 1.0 for those that agree, else the share of words that they have in common.
    """

    instruction: int
    entry: int
    agreement: Agreement
    likeness: float


def pair_up(expected: Sequence[Expected], records: Sequence[Record]) -> list[Pair]:
    """Return the pairs, in order, whose sum of scores is the highest.

    Entries before the first pair are the base image's and cost nothing. Of alignments that are
    as good as each other, the one nearer to the history's end is taken. Time and memory grow
    with the number of instructions times the number of entries.
    """
    rows, columns = len(expected), len(records)
    missing = [_FILES if each.instruction.word in MAKES_FILES else _OTHER for each in expected]
    extra = [
        _FILES if each.word in MAKES_FILES and each.entry.layer is not None else _OTHER
        for each in records
    ]
    possible: dict[tuple[int, int], tuple[float, Pair]] = {}
    # best[i][j] is the highest score for the instructions from i and the entries from j on.
    best = [[0.0] * (columns + 1) for _ in range(rows + 1)]
    for j in reversed(range(columns)):
        best[rows][j] = best[rows][j + 1] - extra[j]
    for i in reversed(range(rows)):
        best[i][columns] = best[i + 1][columns] - missing[i]
        for j in reversed(range(columns)):
            best[i][j] = max(best[i + 1][j] - missing[i], best[i][j + 1] - extra[j])
            if (found := _compare(expected[i], records[j], i, j)) is not None:
                possible[i, j] = found
                best[i][j] = max(best[i][j], best[i + 1][j + 1] + found[0])
    pairs: list[Pair] = []
    i, j = 0, max(range(columns + 1), key=lambda j: (best[0][j], j))
    while i < rows and j < columns:
        found = possible.get((i, j))
        if found is not None and best[i][j] == best[i + 1][j + 1] + found[0]:
            pairs.append(found[1])
            i, j = i + 1, j + 1
        elif best[i][j] == best[i + 1][j] - missing[i]:
            i += 1
        else:
            j += 1
    return _held(pairs, rows, columns)


def _compare(expected: Expected, record: Record, i: int, j: int) -> tuple[float, Pair] | None:
    """Return a pair with its score, None when the two have nothing to do with each other."""
    agreement = expected.agreement(record)
    if agreement is not Agreement.NONE:
        return _SCORES[agreement], Pair(i, j, agreement, 1.0)
    likeness = expected.likeness(record)
    return (_CHANGED * likeness, Pair(i, j, agreement, likeness)) if likeness >= _ALIKE else None


def _held(pairs: Sequence[Pair], rows: int, columns: int) -> list[Pair]:
    """Leave out the pairs of different texts that do not stand right between two that agree."""
    agreed = {(each.instruction, each.entry) for each in pairs if each.agreement}
    agreed.add((rows, columns))  # the end of both
    return [
        pair
        for pair in pairs
        if pair.agreement
        or {
            (pair.instruction - 1, pair.entry - 1),
            (pair.instruction + 1, pair.entry + 1),
        }
        <= agreed
    ]
