"""Dominators: through which node every way to another leads.

Source: T. Lengauer and R. E. Tarjan, "A Fast Algorithm for Finding Dominators in a Flowgraph",
TOPLAS 1(1), 1979, the version with simple path compression: O(e log n) on any graph.
"""

from __future__ import annotations

from collections.abc import Sequence

UNREACHED = -1


def dominator_tree(successors: Sequence[Sequence[int]]) -> tuple[list[int], list[int]]:
    """Return the order in which a depth-first search from node 0 meets the nodes, and dominators.

    The second list has each node's immediate dominator: the last node, other than itself, that is
    on every path from the root to it. The root has itself, a node that is not reached UNREACHED.
    A node comes after its dominator in the order.
    """
    order, parent, number = _search(successors)
    predecessors: list[list[int]] = [[] for _ in order]
    for index, node in enumerate(order):
        for target in successors[node]:
            predecessors[number[target]].append(index)
    # From here on a node is its number: its place in the order.
    count = len(order)
    semi = list(range(count))  # the semidominator
    dominator = [0] * count
    ancestor = [UNREACHED] * count  # in the forest of nodes that were worked off
    best = list(range(count))  # of least semidominator on the compressed path to the ancestor
    bucket: list[list[int]] = [[] for _ in order]
    for node in range(count - 1, 0, -1):
        for each in predecessors[node]:
            semi[node] = min(semi[node], semi[_evaluate(each, ancestor, semi, best)])
        bucket[semi[node]].append(node)
        ancestor[node] = parent[node]
        for each in bucket[parent[node]]:
            least = _evaluate(each, ancestor, semi, best)
            dominator[each] = least if semi[least] < semi[each] else parent[node]
        bucket[parent[node]] = []
    for node in range(1, count):
        if dominator[node] != semi[node]:
            dominator[node] = dominator[dominator[node]]
    result = [UNREACHED] * len(successors)
    for index, node in enumerate(order):
        result[node] = order[dominator[index]]
    return order, result


def _search(successors: Sequence[Sequence[int]]) -> tuple[list[int], list[int], list[int]]:
    """Return the nodes in depth-first order, each one's parent, and each node's number."""
    order: list[int] = []
    parent: list[int] = []
    number = [UNREACHED] * len(successors)
    stack = [(0, 0)]
    while stack:
        node, above = stack.pop()
        if number[node] != UNREACHED:
            continue
        number[node] = len(order)
        order.append(node)
        parent.append(above)
        stack += [
            (target, number[node])
            for target in reversed(successors[node])
            if number[target] == UNREACHED
        ]
    return order, parent, number


def _evaluate(node: int, ancestor: list[int], semi: list[int], best: list[int]) -> int:
    """Return the node of least semidominator between `node` and its tree's root, compressing."""
    if ancestor[node] == UNREACHED:
        return node
    path = []
    while ancestor[ancestor[node]] != UNREACHED:
        path.append(node)
        node = ancestor[node]
    for each in reversed(path):
        above = ancestor[each]
        if semi[best[above]] < semi[best[each]]:
            best[each] = best[above]
        ancestor[each] = ancestor[above]
    return best[path[0] if path else node]
