"""What requires what in an environment, before and after: `uv tree` twice, and the difference."""

from __future__ import annotations

from collections.abc import Collection, Container, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

from imgdiag.comparison.snapshot import Package
from imgdiag.python.requires import Edge, Node
from imgdiag.python.root import Root

K = TypeVar("K", bound=tuple[Any, ...])
V = TypeVar("V")

LONGEST = 20  # names of a chain that are kept; those farthest from the package go first


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphChange:
    """What was asked for and is not any more, what requires what and does not any more.

    A root is the same when its name and its extras are; a requirement when the same distribution
    or extra asks for the same distribution with the same extras, whatever versions it allows.
    Sorted by name.
    """

    roots_new: tuple[Root, ...] = ()
    roots_gone: tuple[Root, ...] = ()
    edges_new: tuple[Edge, ...] = ()
    edges_gone: tuple[Edge, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Tell whether the trees are the same."""
        return not (self.roots_new or self.roots_gone or self.edges_new or self.edges_gone)


class Tree:
    """The requirements of one environment's packages, and one shortest way to each."""

    def __init__(self, roots: Iterable[Root], packages: Iterable[Package]) -> None:
        self.roots = tuple(roots)
        # A broken upgrade has two packages of a name, and both tell all requirements of it.
        self.edges = tuple(dict.fromkeys(edge for package in packages for edge in package.requires))

    @cached_property
    def _before(self) -> dict[Node, Node | None]:
        """Each distribution and extra that is reached, the nearest first, and what leads there."""
        targets: dict[Node, list[Node]] = {}
        for edge in self.edges:
            targets.setdefault((edge.source, edge.extra), []).extend(edge.nodes)
        before: dict[Node, Node | None] = {}
        for root in self.roots:
            before.update(dict.fromkeys(root.nodes))
        queue = list(before)
        for node in queue:
            stack = [node]  # an extra and its distribution are one step
            while stack:
                here = stack.pop()
                own = [(here[0], "")] if here[1] else []
                for target in (*own, *targets.get(here, ())):
                    if target not in before:
                        is_own = target[0] == node[0]
                        before[target] = before[node] if is_own else node
                        (stack if is_own else queue).append(target)
        return before

    @cached_property
    def _nearest(self) -> dict[str, Node]:
        nearest: dict[str, Node] = {}
        for node in self._before:
            nearest.setdefault(node[0], node)
        return nearest

    def chain(self, name: str) -> tuple[str, ...]:
        """Return a shortest way from something that was asked for, both ends included.

        Of a long one the last `LONGEST` names, with an ellipsis before them; () where none leads
        there.
        """
        names: list[str] = []
        node = self._nearest.get(name)
        while node is not None:
            if len(names) == LONGEST:
                names.append("…")
                break
            names.append(node[0])
            node = self._before[node]
        return tuple(reversed(names))

    def bringers(
        self, came: Collection[str], changed: Collection[str], other: Tree
    ) -> Mapping[str, str]:
        """Return for each name that `came` the first one on its way that did so too.

        Where what requires that one is in `changed`, it is that: its new version brings it. Where
        it is an extra that nothing asks for in `other`, it is that, as in `uvicorn[standard]`.
        """
        of_node: dict[Node, str] = {}
        for node, before in self._before.items():  # what leads to a node stands before it
            if before is None:
                of_node[node] = node[0]
            elif before[0] in came:
                of_node[node] = of_node[before]
            elif before[0] in changed:
                of_node[node] = before[0]
            elif before[1] and before not in other._before:
                of_node[node] = f"{before[0]}[{before[1]}]"
            else:
                of_node[node] = node[0]
        return {
            name: of_node[self._nearest[name]] if name in self._nearest else name for name in came
        }


def compare_trees(base: Tree, head: Tree) -> GraphChange:
    """Return how two environments' requirements differ."""
    roots_before, roots_after = _asked(base.roots), _asked(head.roots)
    edges_before = {_key(each): each for each in base.edges}
    edges_after = {_key(each): each for each in head.edges}
    return GraphChange(
        roots_new=_missing(roots_after, _implied(roots_before)),
        roots_gone=_missing(roots_before, _implied(roots_after)),
        edges_new=_missing(edges_after, edges_before),
        edges_gone=_missing(edges_before, edges_after),
    )


def _asked(roots: Iterable[Root]) -> dict[tuple[str, tuple[str, ...]], Root]:
    return {(each.name, each.extras): each for each in roots}


def _implied(
    asked: Iterable[tuple[str, tuple[str, ...]]],
) -> frozenset[tuple[str, tuple[str, ...]]]:
    """Return what was asked for; who asks for an extra asks for its distribution too."""
    keys = frozenset(asked)
    return keys | {(name, ()) for name, _ in keys}


def _key(edge: Edge) -> tuple[str, str, str, tuple[str, ...]]:
    return edge.source, edge.target, edge.extra, edge.extras


def _missing(of: Mapping[K, V], other: Container[K]) -> tuple[V, ...]:
    return tuple(of[key] for key in sorted(of) if key not in other)
