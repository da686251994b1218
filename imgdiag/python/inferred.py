"""Extras that nobody names and that are there: `pip install jax[cuda12]` leaves no other trace.

Where a distribution has an extra whose requirements are all installed, in versions that it allows,
and nothing else explains why some of them are, that extra was most likely asked for. Only what was
asked for can have been asked for with an extra. Where nothing tells what was, that may be anything;
but then little of what the extra brings, or nothing, must be required by others too.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Set

from imgdiag.python.graph import Graph
from imgdiag.python.projects.declared import is_for_developers
from imgdiag.python.requires import Node, Requires
from imgdiag.python.root import Origin, Root

_WITH_EVERY_ENVIRONMENT = frozenset(("distribute", "pip", "setuptools", "wheel"))
_MOST_STEPS = 300_000  # of the search: two seconds; 250 distributions of PyPI's took 89,000


def infer_extras(requires: Requires, asked: Collection[Root]) -> list[Root]:
    """Return the extras that were most likely asked for, beside what is known to be.

    Those of what was asked for come first, then those of what nothing requires; of these the one
    that explains the most. Where those of two distributions explain the same, neither is told from
    the other, and none is returned. One that explains a single distribution counts only when
    `asked` shows that this was not asked for by its own name.
    """
    found: list[Root] = []
    steps = 0
    while steps < _MOST_STEPS:
        graph = Graph(requires, (*asked, *found))
        unexplained = frozenset(
            root.name
            for root in graph.roots
            if root.origin is Origin.UNREQUIRED and root.name not in _WITH_EVERY_ENVIRONMENT
        )
        ranks = _ranks(graph, asked) if unexplained else {}
        explained: dict[Node, frozenset[str]] = {}
        for node in _candidates(requires, graph, ranks):
            reached = _reached(requires, node)
            # What requires the distribution itself is a reason for it, and not the reverse.
            gained = (reached & unexplained) - _requirers(graph, node[0])
            steps += len(reached) + len(graph.requires)
            if _is_likely(gained, _brought(requires, node), ranks[node[0]], sure=bool(asked)):
                explained[node] = gained
            if steps >= _MOST_STEPS:
                break
        best = _best(explained, ranks, requires)
        if best is None:
            break
        found.append(Root(name=best[0], extras=(best[1],), origin=Origin.INFERRED))
    return found


_ASKED, _UNREQUIRED, _REQUIRED = range(3)


def _ranks(graph: Graph, asked: Collection[Root]) -> dict[str, int]:
    """Return how likely each distribution is to have been asked for; those that can be, at all."""
    ranks = {root.name: _UNREQUIRED for root in graph.roots}
    ranks |= {root.name: _ASKED for root in asked if root.name in ranks}
    if not asked:
        ranks |= {name: _REQUIRED for name in graph.requires if name not in ranks}
    return ranks


def _candidates(requires: Requires, graph: Graph, ranks: Mapping[str, int]) -> Iterator[Node]:
    """Yield the extras that are not in use, and installed as a whole."""
    for name in sorted(ranks):
        in_use = graph.extras(name)
        for extra in requires.extras(name):
            node = (name, extra)
            if (
                extra not in in_use
                and not is_for_developers(extra)
                and requires.edges(node)
                and requires.is_satisfied(node)
            ):
                yield node


def _is_likely(gained: Set[str], brought: Set[str], rank: int, *, sure: bool) -> bool:
    """Tell whether an extra that explains `gained`, of the `brought`, may have been asked for."""
    if rank == _ASKED:
        return len(gained) >= 1
    if rank == _UNREQUIRED:
        return len(gained) >= (1 if sure else 2) and 2 * len(gained) >= len(brought)
    return len(gained) >= 2 and brought <= gained


def _brought(requires: Requires, node: Node) -> frozenset[str]:
    """Return what an extra, and those of its own that it asks for, names beyond its distribution.

    As in `all = ["lib[fast]"]`.
    """
    name = node[0]
    seen = {(name, ""), node}
    stack = [node]
    found: set[str] = set()
    while stack:
        for edge in requires.edges(stack.pop()):
            if edge.target != name:
                found.add(edge.target)
            else:
                more = set(edge.nodes) - seen
                seen |= more
                stack += more
    return frozenset(found - {edge.target for edge in requires.edges((name, ""))})


def _reached(requires: Requires, start: Node) -> frozenset[str]:
    """Return the names that an extra leads to."""
    seen: set[Node] = {start}
    stack = [start]
    while stack:
        name, extra = node = stack.pop()
        targets = [each for edge in requires.edges(node) for each in edge.nodes]
        if extra and node != start:
            targets.append((name, ""))
        stack += (each for each in dict.fromkeys(targets) if each not in seen)
        seen.update(targets)
    return frozenset(name for name, _ in seen) - {start[0]}


def _requirers(graph: Graph, name: str) -> frozenset[str]:
    """Return the names of all that lead to a distribution."""
    seen = {name}
    stack = [name]
    while stack:
        more = graph.required_by[stack.pop()] - seen
        seen |= more
        stack += more
    return frozenset(seen)


def _best(
    explained: Mapping[Node, frozenset[str]], ranks: Mapping[str, int], requires: Requires
) -> Node | None:
    """Return the likeliest extra that no other distribution's rivals, the one to explain most.

    Of several of one distribution that come to the same, the one that names the least.
    """
    claims: dict[str, list[Node]] = defaultdict(list)
    for node, gained in explained.items():
        for name in gained:
            claims[name].append(node)

    def has_rival(node: Node) -> bool:
        return any(
            other[0] != node[0]
            and ranks[other[0]] <= ranks[node[0]]
            and len(explained[other]) >= len(explained[node])
            for name in explained[node]
            for other in claims[name]
        )

    return min(
        (node for node in explained if not has_rival(node)),
        key=lambda node: (
            ranks[node[0]],
            -len(explained[node]),
            len(requires.names_required(node)),
            node,
        ),
        default=None,
    )
