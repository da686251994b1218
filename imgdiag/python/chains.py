"""Every chain of requirements that brings a distribution in."""

from __future__ import annotations

import heapq
from collections.abc import Mapping
from dataclasses import dataclass

from imgdiag.python.graph import Graph
from imgdiag.python.requires import Edge
from imgdiag.python.root import Root

_MOST_CHAINS = 1_000  # that are counted
_MOST_STEPS = 1_000_000  # of the search: there can be more chains than there are atoms


@dataclass(frozen=True, slots=True)
class Step:
    """From one distribution to the next: the requirements that hold, most often a single one."""

    edges: tuple[Edge, ...]

    @property
    def target(self) -> str:
        """Return the name of what is required."""
        return self.edges[0].target


@dataclass(frozen=True, slots=True)
class Chain:
    """A way from something that was asked for; `roots` are the reasons why that is there."""

    roots: tuple[Root, ...]
    steps: tuple[Step, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Return the distributions on the way, both ends included."""
        return (self.roots[0].name, *(step.target for step in self.steps))


@dataclass(frozen=True, slots=True, kw_only=True)
class Chains:
    """The shortest chains to a distribution, and how many `more` there are.

    `is_complete` tells that `more` is their number, and not only a lower bound of it.
    """

    shown: tuple[Chain, ...]
    more: int
    is_complete: bool


def find_chains(graph: Graph, name: str, limit: int) -> Chains:
    """Return the `limit` shortest chains to `name`, those of one length in the order of names.

    None goes through a distribution twice. An extra's requirement is part of a chain only where
    the step before it asks for that extra.
    """
    distances = _distances(graph, name)
    starts = dict.fromkeys(root.name for root in graph.roots)
    # Each entry: the least length that the whole can have, its names, the extras in force at its
    # end, and its steps. Names differ, so that nothing behind them is ever compared.
    heap: list[tuple[int, tuple[str, ...], frozenset[str], tuple[Step, ...]]] = [
        (distances[start], (start,), _with_own(graph, start, _extras_of(graph.reasons(start))), ())
        for start in starts
        if start in distances
    ]
    heapq.heapify(heap)
    found: list[Chain] = []
    count = steps_taken = 0
    while heap and count < _MOST_CHAINS + limit and steps_taken < _MOST_STEPS:
        _, names, extras, steps = heapq.heappop(heap)
        if names[-1] == name:
            count += 1
            if len(found) < limit:
                found.append(Chain(graph.reasons(names[0]), steps))
            continue
        for target, edges in _onward(graph, names[-1], extras).items():
            steps_taken += 1
            if target in distances and target not in names:
                steps_taken += len(names)
                asked = frozenset(extra for edge in edges for extra in edge.extras)
                heapq.heappush(
                    heap,
                    (
                        len(names) + distances[target],
                        (*names, target),
                        _with_own(graph, target, asked),
                        (*steps, Step(tuple(edges))),
                    ),
                )
    return Chains(shown=tuple(found), more=count - len(found), is_complete=not heap)


def roots_to(graph: Graph, name: str) -> tuple[str, ...]:
    """Return the names of the roots that lead to `name`, in the order of the graph's roots."""
    before = graph.predecessors()
    seen = {node for node in before if node[0] == name}
    stack = list(seen)
    while stack:
        more = [node for node in before[stack.pop()] if node not in seen]
        seen.update(more)
        stack += more
    leading = (root.name for root in graph.roots if not seen.isdisjoint(root.nodes))
    return tuple(dict.fromkeys(leading))


def _extras_of(roots: tuple[Root, ...]) -> frozenset[str]:
    return frozenset(extra for root in roots for extra in root.extras)


def _distances(graph: Graph, name: str) -> Mapping[str, int]:
    """Return how many steps at least lead from each distribution to `name`."""
    distances = {name: 0}
    queue = [name]
    for each in queue:
        for source in graph.required_by[each]:
            if source not in distances:
                distances[source] = distances[each] + 1
                queue.append(source)
    return distances


def _onward(graph: Graph, name: str, extras: frozenset[str]) -> dict[str, list[Edge]]:
    """Return the requirements of a distribution with some of its extras, by their targets."""
    edges: dict[str, list[Edge]] = {}
    for edge in graph.edges(name):
        if edge.target != name and (not edge.extra or edge.extra in extras):
            edges.setdefault(edge.target, []).append(edge)
    return edges


def _with_own(graph: Graph, name: str, extras: frozenset[str]) -> frozenset[str]:
    """Return `extras` and those of the same distribution that they, or it, ask for."""
    asked = [edge for edge in graph.edges(name) if edge.target == name]
    known = {"", *extras}
    while True:
        more = {
            extra
            for edge in asked
            if edge.extra in known
            for extra in edge.extras
            if extra not in known
        }
        if not more:
            return frozenset(known - {""})
        known |= more
