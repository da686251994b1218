"""Which layers two images share, and which layer of one stands for which of the other."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from imgdiag.comparison.pair import Pair
from imgdiag.comparison.snapshot import Layer

_CONTENT = re.compile(r"\b(file|dir|multi):[0-9a-f]{64}")  # the classic builder's name of a COPY


class LayerKind(StrEnum):
    """What became of a layer."""

    SHARED = "shared"  # the same content: stored and sent once for both
    CHANGED = "changed"  # the same instruction, with another content
    NEW = "new"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class LayerChange(Pair[Layer]):
    """A layer of one image and the one that stands for it in the other, None where none does."""

    @property
    def kind(self) -> LayerKind:
        """Return what became of it."""
        if self.base is None:
            return LayerKind.NEW
        if self.head is None:
            return LayerKind.GONE
        same = self.base.diff_id == self.head.diff_id
        return LayerKind.SHARED if same else LayerKind.CHANGED

    @property
    def growth(self) -> int:
        """Return by how many bytes of content it grew."""
        before = self.base.layer_bytes if self.base else 0
        return (self.head.layer_bytes if self.head else 0) - before


def compare_layers(base: Sequence[Layer], head: Sequence[Layer]) -> tuple[LayerChange, ...]:
    """Pair the layers of two images; in HEAD's order, what is gone where it stood.

    Layers of the same content are the same. Of the others, those pair that the same instruction
    made, then those of the same line of a Dockerfile, then two that stand alone between the same
    neighbours and are of the same kind (RUN, COPY …). Of several alike, the first pairs with the
    first.
    """
    pairs = _Pairs(base, head)
    pairs.by(lambda layer: layer.diff_id)
    pairs.by(lambda layer: instruction_key(layer) or None)
    pairs.by(lambda layer: (layer.place, _word(layer)) if layer.place else None)
    pairs.by_neighbours()
    return tuple(pairs.changes())


def instruction_key(layer: Layer) -> str:
    """Return a layer's instruction without what changes with the files that it copies."""
    return " ".join(_CONTENT.sub(r"\1:…", layer.instruction).split())


def _word(layer: Layer) -> str:
    return layer.instruction.partition(" ")[0]


class _Pairs:
    """The pairs so far: the index of each layer's partner."""

    def __init__(self, base: Sequence[Layer], head: Sequence[Layer]) -> None:
        self._base, self._head = base, head
        self._of_base: dict[int, int] = {}
        self._of_head: dict[int, int] = {}

    def by(self, key: Callable[[Layer], Hashable]) -> None:
        """Pair those that have no partner yet and the same key; None is no key."""
        waiting: dict[Hashable, list[int]] = defaultdict(list)
        for index, layer in enumerate(self._base):
            if index not in self._of_base:
                waiting[key(layer)].append(index)
        waiting.pop(None, None)
        for lists in waiting.values():
            lists.reverse()  # the first is taken first
        for index, layer in enumerate(self._head):
            if index not in self._of_head and waiting.get(key(layer)):
                self._pair(waiting[key(layer)].pop(), index)

    def by_neighbours(self) -> None:
        """Pair two that stand alone between the same neighbours, and whose word is the same."""
        places = {
            (before, -2 if after == len(self._head) else after): index
            for before, index, after in _alone(len(self._head), self._of_head)
        }
        for before, index, after in list(_alone(len(self._base), self._of_base)):
            partner = places.get((self._of_base.get(before, -1), self._of_base.get(after, -2)))
            if partner is not None and _word(self._base[index]) == _word(self._head[partner]):
                self._pair(index, partner)

    def _pair(self, base: int, head: int) -> None:
        self._of_base[base] = head
        self._of_head[head] = base

    def changes(self) -> Iterator[LayerChange]:
        gone_after: dict[int, list[int]] = defaultdict(list)
        last = -1
        for index in range(len(self._base)):
            if index in self._of_base:
                last = self._of_base[index]
            else:
                gone_after[last].append(index)
        for index in range(-1, len(self._head)):
            if index >= 0:
                before = self._of_head.get(index)
                yield LayerChange(None if before is None else self._base[before], self._head[index])
            for gone in gone_after[index]:
                yield LayerChange(self._base[gone], None)


def _alone(count: int, partners: dict[int, int]) -> Iterator[tuple[int, int, int]]:
    """Yield each layer that has no partner and whose neighbours have, with these; -1 and `count`
    stand for the ends.
    """
    for index in range(count):
        before, after = index - 1, index + 1
        if (
            index not in partners
            and (before < 0 or before in partners)
            and (after == count or after in partners)
        ):
            yield before, index, after
