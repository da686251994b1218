"""Who requires whom in one environment, who asked for it, and what goes away with what.

The graph's nodes are distributions and their extras: `lib[fast]` brings `lib` and what the extra
adds, so that what goes with one that asks for `lib[fast]` is told apart from what goes with `lib`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import cached_property

from imgdiag.python.dominators import dominator_tree
from imgdiag.python.requires import Edge, Node, Requires
from imgdiag.python.root import Root

_MOST_STEPS = 20_000_000  # of all searches for distributions with extras; some seconds
_LOWER_BOUND = "too many extras: what goes with a distribution that has one is a lower bound"


class Graph:
    """One environment's dependencies. Names are normalised; all are installed.

    `requires` and `required_by` have each distribution with the extras that anything asks for.
    `roots` come from `asked`; then, for what is not reached from these, what nothing requires and
    one of each idle circle.
    """

    def __init__(self, requires: Requires, asked: Iterable[Root] = ()) -> None:
        self._requires = requires
        asked = tuple(each for each in asked if each.name in requires.installed)
        self._successors: dict[Node, tuple[Node, ...]] = {}
        self._edges_by_target: dict[str, dict[str, list[Edge]]] = {}
        starts = [(name, "") for name in requires.installed]
        self._activate([*starts, *(node for root in asked for node in root.nodes)])
        self.requires: dict[str, frozenset[str]] = {}
        self.required_by: dict[str, frozenset[str]] = {}
        self._connect()
        self.roots = (*asked, *self._unasked(self.reach(asked)))

    @property
    def warnings(self) -> tuple[str, ...]:
        """Return what was odd about the metadata."""
        if self._is_searched_whole:
            return self._requires.warnings
        return (*self._requires.warnings, _LOWER_BOUND)

    @cached_property
    def unrequired(self) -> tuple[str, ...]:
        """The names that nothing requires, and one of each idle circle, whoever asked for them."""
        names = sorted(self.requires, key=lambda name: (bool(self.required_by[name]), name))
        found: list[str] = []
        seen: set[str] = set()
        for name in names:
            if name not in seen:
                found.append(name)
                stack = [name]
                while stack:
                    each = stack.pop()
                    if each not in seen:
                        seen.add(each)
                        stack += self.requires[each]
        return tuple(found)

    def extras(self, name: str) -> tuple[str, ...]:
        """Return the extras of a distribution that anything asks for, sorted."""
        return tuple(sorted(extra for extra in self._extras[name] if extra))

    def edges(self, name: str) -> Iterator[Edge]:
        """Yield the requirements that hold, those of the distribution itself before its extras'."""
        for extra in ("", *self.extras(name)):
            yield from self._requires.edges((name, extra))

    def edges_between(self, source: str, target: str) -> tuple[Edge, ...]:
        """Return the requirements of one distribution that name another."""
        if source not in self._edges_by_target:
            by_target: dict[str, list[Edge]] = defaultdict(list)
            for edge in self.edges(source):
                by_target[edge.target].append(edge)
            self._edges_by_target[source] = by_target
        return tuple(self._edges_by_target[source].get(target, ()))

    def reasons(self, name: str) -> tuple[Root, ...]:
        """Return why a distribution is there that no distribution gives; most have none."""
        return self._reasons.get(name, ())

    @cached_property
    def _reasons(self) -> dict[str, tuple[Root, ...]]:
        reasons: dict[str, tuple[Root, ...]] = {}
        for root in self.roots:
            reasons[root.name] = (*reasons.get(root.name, ()), root)
        return reasons

    def predecessors(self) -> dict[Node, list[Node]]:
        """Return what leads to each distribution and to each extra in use, in one step."""
        before: dict[Node, list[Node]] = {node: [] for node in self._successors}
        for node, targets in self._successors.items():
            for target in targets:
                before[target].append(node)
        return before

    # What is reached

    def reach(self, starts: Iterable[Root], without: Collection[str] = ()) -> frozenset[str]:
        """Return what `starts` ask for and all that this requires, never entering `without`."""
        reached: set[Node] = set()
        stack = [node for root in starts for node in root.nodes]
        while stack:
            node = stack.pop()
            if node not in reached and node[0] not in without:
                reached.add(node)
                stack += self._successors[node]
        return frozenset(name for name, _ in reached)

    def chain(self, name: str, starts: Iterable[Root] | None = None) -> tuple[str, ...]:
        """Return a shortest chain of requirements to `name`, both ends included.

        It begins at one of `starts`, the roots when not given, and is empty where none leads there.
        """
        before: dict[Node, Node | None] = {}
        queue: list[Node] = []
        for root in self.roots if starts is None else starts:
            for node in root.nodes:
                if node not in before:
                    before[node] = None
                    queue.append(node)
        found = None
        for node in queue:
            if node[0] == name:
                found = node
                break
            # An extra and its distribution are one step.
            stack = [node]
            while stack:
                for target in self._successors[stack.pop()]:
                    if target not in before:
                        is_own = target[0] == node[0]
                        before[target] = before[node] if is_own else node
                        (stack if is_own else queue).append(target)
        chain: list[str] = []
        while found is not None:
            chain.append(found[0])
            found = before[found]
        return tuple(reversed(chain))

    # What goes with what

    def retained(self, name: str) -> frozenset[str]:
        """Return what goes away with `name`: it and all that is reached through it alone."""
        if name in self._several:
            return frozenset(self.requires) - self.reach(self.roots, (name,))
        return frozenset(self._below((name, "")))

    def retained_bytes(self, sizes: Mapping[str, int]) -> dict[str, int]:
        """Return how many bytes go away with each distribution, when each has `sizes` of its own.

        Takes O(e log n) for all that have no extras in use, and a search for each that has; were
        these too many, theirs is what surely goes, and `warnings` says so.
        """
        order, dominators = self._dominators
        totals = [0] * len(order)
        for node, index in self._numbers.items():
            totals[index] = sizes[node[0]] if not node[1] else 0
        for index in reversed(order[1:]):
            totals[dominators[index]] += totals[index]
        result = {name: totals[self._numbers[name, ""]] for name in self.requires}
        if self._is_searched_whole:
            for name in self._several:
                result[name] = sum(sizes[each] for each in self.retained(name))
        return result

    def _below(self, node: Node) -> Iterator[str]:
        """Yield the names of the distributions that a node dominates."""
        nodes = list(self._numbers)
        stack = [self._numbers[node]]
        while stack:
            index = stack.pop()
            name, extra = nodes[index - 1]
            if not extra:
                yield name
            stack += self._dominated.get(index, ())

    @cached_property
    def _numbers(self) -> dict[Node, int]:
        """The nodes by number; 0 is whoever asks for the roots."""
        return {node: index for index, node in enumerate(self._successors, 1)}

    @cached_property
    def _dominators(self) -> tuple[list[int], list[int]]:
        numbers = self._numbers
        starts = dict.fromkeys(numbers[node] for root in self.roots for node in root.nodes)
        return dominator_tree(
            [
                list(starts),
                *([numbers[node] for node in targets] for targets in self._successors.values()),
            ]
        )

    @cached_property
    def _dominated(self) -> dict[int, list[int]]:
        result: dict[int, list[int]] = defaultdict(list)
        order, dominators = self._dominators
        for index in order[1:]:
            result[dominators[index]].append(index)
        return result

    # How it is built

    def _activate(self, starts: Iterable[Node]) -> None:
        """Follow `starts`: an extra counts from when something asks for it."""
        stack = list(starts)
        while stack:
            node = stack.pop()
            if node in self._successors:
                continue
            name, extra = node
            targets = [each for edge in self._requires.edges(node) for each in edge.nodes]
            # Whoever has the extra has the distribution; a distribution may ask for an extra of
            # its own, and naming itself adds nothing.
            targets = [(name, ""), *targets] if extra else targets
            self._successors[node] = tuple(dict.fromkeys(each for each in targets if each != node))
            stack += self._successors[node]

    def _connect(self) -> None:
        requires: dict[str, set[str]] = {name: set() for name in self._requires.installed}
        required_by: dict[str, set[str]] = {name: set() for name in self._requires.installed}
        for (name, _), targets in self._successors.items():
            for target, _ in targets:
                if target != name:
                    requires[name].add(target)
                    required_by[target].add(name)
        self.requires = {name: frozenset(names) for name, names in requires.items()}
        self.required_by = {name: frozenset(names) for name, names in required_by.items()}

    @cached_property
    def _extras(self) -> dict[str, list[str]]:
        """Each distribution's nodes in use: "" and its extras."""
        result: dict[str, list[str]] = {name: [] for name in self.requires}
        for name, extra in self._successors:
            result[name].append(extra)
        return result

    @cached_property
    def _several(self) -> frozenset[str]:
        """The distributions with extras that bring something: they stand for several nodes."""
        return frozenset(
            name for (name, extra), targets in self._successors.items() if extra and targets[1:]
        )

    @property
    def _is_searched_whole(self) -> bool:
        """Whether a search for each distribution with extras is not too much."""
        steps = sum(map(len, self._successors.values())) + len(self._successors)
        return len(self._several) * steps <= _MOST_STEPS

    def _unasked(self, reached: frozenset[str]) -> Iterator[Root]:
        """Yield a root for what nothing asks for, and for the first by name of each idle circle."""
        rest = self.requires.keys() - reached
        first = sorted(name for name in rest if not self.required_by[name])
        yield from (Root(name=name) for name in first)
        seen = set(self.reach(Root(name=name) for name in first))
        for name in sorted(rest):
            if name not in seen:
                yield Root(name=name)
                seen |= self.reach([Root(name=name)], seen)
