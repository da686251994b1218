from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgdiag.python import tree
from imgdiag.python.dependencies import Dependencies
from imgdiag.python.root import Root
from imgdiag.python.roots import Roots
from imgdiag.python.tree import Row, View, tree_rows
from tests.python.graphs import environment, graph_of


def dependencies(requirements: dict[str, list[str]]) -> Dependencies:
    graph = graph_of(requirements)
    sizes = {name: 1 << index for index, name in enumerate(sorted(requirements))}
    return Dependencies(
        environment=environment(),
        in_use=None,
        graph=graph,
        roots=Roots(),
        versions=dict.fromkeys(requirements, "1.0"),
        own_bytes=sizes,
        retained_bytes=graph.retained_bytes(sizes),
    )


def rows(requirements: dict[str, list[str]], view: View | None = None) -> list[Row]:
    return list(tree_rows(dependencies(requirements), view or View()))


def chain(length: int) -> dict[str, list[str]]:
    return {f"n{each}": [f"n{each + 1}"] if each + 1 < length else [] for each in range(length)}


def test_a_deep_chain_stays_on_the_page() -> None:
    found = rows(chain(3_000))
    assert len(found) == 3_000
    assert found[-1].name == "n2999"
    assert max(len(row.guides) for row in found) == 4 * 41


def test_there_is_an_end_to_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tree, "MOST_ROWS", 50)
    requirements = {
        f"n{each}": [f"n{other}" for other in range(each + 1, 30)] for each in range(30)
    }
    assert len(rows(requirements, View(dedupe=False))) == 50


NAMES = "abcdef"
GRAPHS = st.dictionaries(
    st.sampled_from(NAMES), st.sets(st.sampled_from(NAMES)).map(sorted), min_size=1
)


def depth(row: Row) -> int:
    return len(row.guides) // 4


def above(found: Sequence[Row], index: int) -> str:
    return next(
        (row.name for row in found[:index][::-1] if depth(row) == depth(found[index]) - 1), ""
    )


@given(GRAPHS, st.booleans(), st.booleans(), st.sampled_from(["bytes", "name"]))
def test_a_tree_shows_every_requirement(
    requirements: dict[str, list[str]], invert: bool, dedupe: bool, sort: str
) -> None:
    given = dependencies(requirements)
    found = list(tree_rows(given, View(invert=invert, dedupe=dedupe, sort=sort)))
    pairs = [(above(found, index), row.name) for index, row in enumerate(found) if depth(row)]
    edges = {
        (target, source) if invert else (source, target)
        for source, targets in given.graph.requires.items()
        for target in targets
    }
    assert all(row.edges for row in found if depth(row))
    assert set(pairs) <= edges
    if not invert:  # from what requires nothing, no way leads to what is only in circles
        assert set(pairs) == edges
        assert {row.name for row in found} == set(requirements)
    if dedupe:
        assert len(pairs) == len(set(pairs))


@given(GRAPHS, st.integers(0, 64))
def test_what_is_small_is_counted(requirements: dict[str, list[str]], least: int) -> None:
    given = dependencies(requirements)
    found = list(tree_rows(given, View(min_size=least, dedupe=False)))
    large = {name for name, size in given.retained_bytes.items() if size >= least}
    shown = {row.name for row in found if row.name}
    assert large <= shown
    top = [row for row in found if not row.guides]
    assert sum(row.smaller or 1 for row in top) == len(given.graph.roots)
    at_top = {root.name for root in given.graph.roots}
    for name in shown - large:
        # It is there for the sake of something large that it leads to, and nothing else shows.
        assert any(given.graph.chain(each, [Root(name=name)]) for each in large - at_top)
