from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from imgdiag.python.dominators import UNREACHED, dominator_tree

GRAPHS = st.integers(1, 9).flatmap(
    lambda count: st.lists(
        st.lists(st.integers(0, count - 1), max_size=4), min_size=count, max_size=count
    )
)


def reached(successors: list[list[int]], without: int | None = None) -> set[int]:
    seen: set[int] = set()
    stack = [0]
    while stack:
        node = stack.pop()
        if node != without and node not in seen:
            seen.add(node)
            stack += successors[node]
    return seen


@given(GRAPHS)
def test_a_dominator_is_what_cannot_be_gone_around(successors: list[list[int]]) -> None:
    order, dominators = dominator_tree(successors)
    everything = reached(successors)
    assert order[0] == 0
    assert (set(order), len(order)) == (everything, len(everything))
    for node in range(len(successors)):
        if node not in everything:
            assert dominators[node] == UNREACHED
            continue
        found = {node}
        while node:
            node = dominators[node]
            found.add(node)
        last = max(found, key=order.index)
        assert found == {
            each for each in everything if last not in reached(successors, without=each)
        }


@given(GRAPHS)
def test_a_node_comes_after_its_dominator(successors: list[list[int]]) -> None:
    order, dominators = dominator_tree(successors)
    for place, node in enumerate(order[1:], 1):
        assert order.index(dominators[node]) < place


def test_a_long_chain_and_a_wide_fan() -> None:
    count = 50_000
    chain = [[index + 1] for index in range(count - 1)] + [[]]
    assert dominator_tree(chain)[1] == [0, *range(count - 1)]
    fan = [list(range(1, count)), *([count] for _ in range(count - 1)), []]
    assert dominator_tree(fan)[1] == [0] * (count + 1)
