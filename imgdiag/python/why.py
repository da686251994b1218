"""Why a distribution is there: who brings it in, what goes with it, and what keeps it."""

from __future__ import annotations

from dataclasses import dataclass

from imgdiag.python.chains import Chains, find_chains, roots_to
from imgdiag.python.dependencies import Dependencies

_MOST_ROOTS = 50  # that are tried out one by one


@dataclass(frozen=True, slots=True, kw_only=True)
class Without:
    """What happens when one thing is no longer asked for.

    `kept_by` is a shortest chain that keeps the distribution, both ends included; where it is
    empty, the distribution goes, and `bytes` in all with it.
    """

    root: str
    kept_by: tuple[str, ...]
    bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Why:
    """All about one distribution of one environment.

    `goes_with_it` are the others that are there for its sake alone, the largest first. `without`
    has one entry for each of the roots that lead to it, and `more_roots` counts those left out.
    """

    dependencies: Dependencies
    name: str
    chains: Chains
    goes_with_it: tuple[str, ...]
    without: tuple[Without, ...]
    more_roots: int


def explain(dependencies: Dependencies, name: str, limit: int) -> Why:
    """Say why `name`, which must be installed, is there, with at most `limit` chains."""
    graph = dependencies.graph
    own = dependencies.own_bytes
    with_it = graph.retained(name) - {name}
    leading = roots_to(graph, name)
    without: list[Without] = []
    for each in leading[:_MOST_ROOTS]:
        rest = [root for root in graph.roots if root.name != each]
        kept_by = graph.chain(name, rest)
        gone = graph.requires.keys() - graph.reach(rest) if not kept_by else ()
        without.append(Without(root=each, kept_by=kept_by, bytes=sum(own[name] for name in gone)))
    return Why(
        dependencies=dependencies,
        name=name,
        chains=find_chains(graph, name, limit),
        goes_with_it=tuple(sorted(with_it, key=lambda name: (-own[name], name))),
        without=tuple(without),
        more_roots=len(leading) - len(without),
    )
