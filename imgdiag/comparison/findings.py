"""Findings that are new, gone or changed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from enum import StrEnum

from imgdiag.comparison.layers import instruction_key
from imgdiag.comparison.pair import Pair
from imgdiag.comparison.snapshot import FoundIssue, Snapshot


class FindingKind(StrEnum):
    """What became of a finding."""

    NEW = "new"
    GONE = "gone"
    CHANGED = "changed"  # other bytes, or another safety


@dataclass(frozen=True, slots=True)
class FindingChange(Pair[FoundIssue]):
    """A finding that is not the same in two images, None where it is not found."""

    @property
    def kind(self) -> FindingKind:
        """Return what became of it."""
        if self.base is None:
            return FindingKind.NEW
        return FindingKind.GONE if self.head is None else FindingKind.CHANGED

    @property
    def growth(self) -> int:
        """Return by how many bytes it grew."""
        return (self.head.bytes if self.head else 0) - (self.base.bytes if self.base else 0)


def compare_findings(base: Snapshot, head: Snapshot) -> tuple[FindingChange, ...]:
    """Return the findings that differ, the largest change first.

    Two of a rule are the same when they speak of layers of the same instructions and have the same
    largest file, else of layers of the same instructions, else of the same file, else when they
    are the only ones of the rule that are left. Layers' numbers and a message's words do not
    count.
    """
    before, after = _said(base), _said(head)
    pairs: list[tuple[FoundIssue, FoundIssue]] = []
    for alike in _ALIKE:
        old, new = _grouped(before, alike), _grouped(after, alike)
        for key, group in old.items():
            partners = new.get(key, [])
            if alike is _ALIKE[-1] and not len(group) == len(partners) == 1:
                continue
            pairs += zip(group, partners, strict=False)
        done_before, done_after = ({id(pair[side]) for pair in pairs} for side in (0, 1))
        before = [each for each in before if id(each[0]) not in done_before]
        after = [each for each in after if id(each[0]) not in done_after]
    changes = [
        FindingChange(old, new)
        for old, new in pairs
        if (old.bytes, old.safety) != (new.bytes, new.safety)
    ]
    changes += [FindingChange(each, None) for each, _ in before]
    changes += [FindingChange(None, each) for each, _ in after]
    return tuple(
        sorted(
            changes,
            key=lambda each: (
                -abs(each.growth),
                each.shown.rule,
                each.shown.paths[:1],
                each.shown.message,
            ),
        )
    )


_Said = tuple[str, tuple[str, ...], tuple[str, ...]]  # a rule, instructions, the largest file


def _said(of: Snapshot) -> list[tuple[FoundIssue, _Said]]:
    keys = [instruction_key(layer) for layer in of.layers]
    return [
        (each, (each.rule, tuple(keys[layer] for layer in each.layers), each.paths[:1]))
        for each in of.findings
    ]


_ALIKE: tuple[Callable[[_Said], Hashable], ...] = (
    lambda said: said,
    lambda said: said[:2],
    lambda said: (said[0], said[2]),
    lambda said: said[0],
)


def _grouped(
    findings: list[tuple[FoundIssue, _Said]], key: Callable[[_Said], Hashable]
) -> dict[Hashable, list[FoundIssue]]:
    groups: dict[Hashable, list[FoundIssue]] = defaultdict(list)
    for finding, said in findings:
        groups[key(said)].append(finding)
    return groups
