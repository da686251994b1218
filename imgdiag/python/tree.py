"""The rows of a tree of requirements, in the order in which they are printed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from imgdiag.python.dependencies import Dependencies
from imgdiag.python.requires import Edge

MOST_ROWS = 20_000
_DEEPEST_GUIDES = 40  # levels; what stands deeper is not moved further in


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """What to show: from `packages` on, or all; `depth` levels below, None for all.

    `invert` shows who requires it in place of what it requires. Without `dedupe` every subtree is
    shown each time. `sort` is bytes or name. What has no `min_size` bytes to go with it, nor leads
    to what has and is shown nowhere else, is only counted.
    """

    packages: tuple[str, ...] = ()
    depth: int | None = None
    invert: bool = False
    dedupe: bool = True
    sort: str = "bytes"
    min_size: int = 0


class Below(StrEnum):
    """What stands below a row."""

    SHOWN = "shown"  # all there is
    REPEATED = "repeated"  # it is shown elsewhere
    CYCLE = "cycle"  # it stands above: this is where a circle closes
    DEEPER = "deeper"  # it is too deep


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One distribution at one place. `guides` are the lines that lead to it, 4 columns a level.

    `edges` are the requirements that hold between it and the one above, none at the top. A row
    without a name stands for `smaller` ones.
    """

    name: str
    guides: str
    edges: tuple[Edge, ...] = ()
    below: Below = Below.SHOWN
    smaller: int = 0


@dataclass(frozen=True, slots=True)
class _Place:
    """A row to come: its name ("" for smaller ones), what it stands below, and its guides."""

    name: str
    above: str
    depth: int
    guides: str
    guides_below: str
    smaller: int = 0


def tree_rows(dependencies: Dependencies, view: View) -> Iterator[Row]:
    """Yield the rows, at most `MOST_ROWS`; iterative, as requirements may be deep."""
    tree = _Tree(dependencies, view)
    starts = tree.starts()
    at_top = frozenset(starts)
    expanded: set[str] = set()
    path: dict[str, None] = {}
    stack = tree.places(starts)
    for _ in range(MOST_ROWS):
        if not stack:
            return
        place = stack.pop()
        if place.smaller:
            yield Row(name="", guides=place.guides, smaller=place.smaller)
            continue
        while len(path) > place.depth:
            path.popitem()
        name = place.name
        children = tree.children(name)
        below = Below.SHOWN
        if name in path:
            below = Below.CYCLE
        # What stands at the top is shown with all that it has there.
        elif children and view.dedupe and (name in expanded or (place.depth and name in at_top)):
            below = Below.REPEATED
        elif children and view.depth is not None and place.depth >= view.depth:
            below = Below.DEEPER
        yield Row(name=name, guides=place.guides, edges=tree.edges(place.above, name), below=below)
        if below is Below.SHOWN:
            path[name] = None
            expanded.add(name)
            stack += tree.places(children, place)


class _Tree:
    """Whose children are whose, in the direction and the order that a view asks for."""

    def __init__(self, dependencies: Dependencies, view: View) -> None:
        self._view = view
        self._graph = dependencies.graph
        self._own = dependencies.own_bytes
        self._retained = dependencies.retained_bytes
        self._large = self._leading_to_large()

    def starts(self) -> list[str]:
        """Return what stands at the top."""
        if self._view.packages:
            return self._sorted(dict.fromkeys(self._view.packages))
        graph = self._graph
        if self._view.invert:
            return self._sorted(name for name in graph.requires if not graph.requires[name])
        return self._sorted(dict.fromkeys(root.name for root in graph.roots))

    def children(self, name: str) -> list[str]:
        """Return what stands below a distribution."""
        return self._sorted(self._next(name))

    def edges(self, above: str, name: str) -> tuple[Edge, ...]:
        """Return the requirements between a row and the one above it."""
        source, target = (name, above) if self._view.invert else (above, name)
        if not above:
            return ()
        return self._graph.edges_between(source, target)

    def places(self, names: list[str], above: _Place | None = None) -> list[_Place]:
        """Return the rows to come below another, the last first; small ones are counted."""
        large = [name for name in names if name in self._large]
        smaller = len(names) - len(large)
        places: list[_Place] = []
        for index, name in enumerate([*large, ""] if smaller else large):
            guides, below = "", ""
            if above is not None:
                is_last = index == len(large) - (not smaller)
                guides = above.guides_below + ("└── " if is_last else "├── ")
                below = above.guides_below
                if above.depth < _DEEPEST_GUIDES:
                    below += "    " if is_last else "│   "
            places.append(
                _Place(
                    name=name,
                    above=above.name if above else "",
                    depth=above.depth + 1 if above else 0,
                    guides=guides,
                    guides_below=below,
                    smaller=0 if name else smaller,
                )
            )
        return places[::-1]

    def _next(self, name: str) -> frozenset[str]:
        graph = self._graph
        return (graph.required_by if self._view.invert else graph.requires)[name]

    def _leading_to_large(self) -> frozenset[str]:
        """Return the names that are large, and all that lead to one which has no row at the top.

        Upwards, all that require one: they are what is asked for.
        """
        least = self._view.min_size
        large = {name for name, size in self._retained.items() if size >= least}
        large.update(self._view.packages)
        stack = list(large if self._view.invert else large.difference(self.starts()))
        while stack:
            more = self._graph.required_by[stack.pop()] - large
            large |= more
            stack += more
        return frozenset(large)

    def _sorted(self, names: Iterable[str]) -> list[str]:
        if self._view.sort == "name":
            return sorted(names)
        return sorted(names, key=lambda name: (-self._retained[name], -self._own[name], name))
