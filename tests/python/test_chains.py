from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgdiag.python import chains as chains_module
from imgdiag.python.chains import find_chains, roots_to
from imgdiag.python.graph import Graph
from imgdiag.python.root import Origin
from tests.python.graphs import graph_of, root


def shown(found: Graph, name: str, limit: int = 100) -> list[str]:
    return [" ".join(chain.names) for chain in find_chains(found, name, limit).shown]


def test_all_chains_the_shortest_first() -> None:
    found = graph_of(
        {
            "app": ["web", "torch"],
            "web": ["lib"],
            "torch": ["cudnn", "lib"],
            "cudnn": ["lib"],
            "lib": [],
            "other": [],
        },
        root("torch"),
    )
    assert shown(found, "lib") == [
        "torch lib", "app torch lib", "app web lib", "torch cudnn lib", "app torch cudnn lib",
    ]  # fmt: skip
    assert shown(found, "torch") == ["torch", "app torch"]
    assert shown(found, "other") == ["other"]
    assert roots_to(found, "lib") == ("torch", "app")


def test_a_limit_counts_what_is_left_out() -> None:
    requirements = {"top": [f"m{each}" for each in range(9)], "lib": []}
    requirements |= {f"m{each}": ["lib"] for each in range(9)}
    found = find_chains(graph_of(requirements), "lib", 2)
    assert [chain.names for chain in found.shown] == [("top", "m0", "lib"), ("top", "m1", "lib")]
    assert (found.more, found.is_complete) == (7, True)


def test_more_chains_than_can_be_counted() -> None:
    requirements: dict[str, list[str]] = {"lib": []}
    for level in range(12):
        below = [f"{side}{level - 1}" for side in "abc"] if level else ["lib"]
        requirements |= {f"{side}{level}": below for side in "abc"}
    found = find_chains(graph_of(requirements), "lib", 3)
    assert (len(found.shown), found.more, found.is_complete) == (3, 1000, False)


def test_a_search_that_would_never_end_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chains_module, "_MOST_STEPS", 10)
    requirements = {f"n{each}": [f"n{each + 1}"] for each in range(100)}
    requirements["n100"] = []
    found = find_chains(graph_of(requirements), "n100", 3)
    assert (found.shown, found.more, found.is_complete) == ((), 0, False)


EXTRAS = {
    "plain": ["lib"],
    "wishful": ["lib[all]"],
    "lib": ["base", "lib[fast]; extra == 'all'", "speed>=2; extra == 'fast'"],
    "base": [],
    "speed": [],
}


def test_an_extras_requirement_is_for_who_asks_for_the_extra() -> None:
    found = graph_of(EXTRAS)
    assert shown(found, "speed") == ["wishful lib speed"]
    assert shown(found, "base") == ["plain lib base", "wishful lib base"]
    assert roots_to(found, "speed") == ("wishful",)
    assert shown(graph_of(EXTRAS, root("lib[fast]")), "speed") == ["lib speed", "wishful lib speed"]


def test_a_step_says_which_requirements_hold() -> None:
    found = graph_of(
        {
            "app": ["lib>=1", "lib[fast]<3; os_name == 'posix'", "lib; os_name == 'nt'"],
            "lib": [],
        }
    )
    [chain] = find_chains(found, "lib", 5).shown
    [step] = chain.steps
    assert [edge.text for edge in step.edges] == ["lib>=1", "lib[fast]<3; os_name == 'posix'"]


def test_all_reasons_for_a_root_are_told() -> None:
    inferred = root("app[x]", origin=Origin.INFERRED)
    found = graph_of({"app": ["lib; extra == 'x'"], "lib": []}, root("app"), inferred)
    [chain] = find_chains(found, "lib", 5).shown
    assert chain.roots == (root("app"), inferred)


def test_circles_are_not_walked_round() -> None:
    found = graph_of({"a": ["b"], "b": ["c", "a"], "c": ["b", "a", "d"], "d": []})
    assert shown(found, "d") == ["a b c d"]
    assert shown(found, "a") == ["a"]


NAMES = "abcdef"
GRAPHS = st.dictionaries(
    st.sampled_from(NAMES), st.sets(st.sampled_from(NAMES)).map(sorted), min_size=1
)


@given(GRAPHS, st.sampled_from(NAMES), st.sets(st.sampled_from(NAMES)))
def test_chains_are_all_simple_paths(
    requirements: dict[str, list[str]], name: str, asked: set[str]
) -> None:
    if name not in requirements:
        return
    found = graph_of(requirements, *map(root, sorted(asked)))
    expected = []
    paths: list[tuple[str, ...]] = [(each.name,) for each in found.roots]
    while paths:
        path = paths.pop()
        if path[-1] == name:
            expected.append(path)
            continue
        paths += [
            (*path, each)
            for each in requirements[path[-1]]
            if each in requirements and each not in path
        ]
    result = find_chains(found, name, 10_000)
    assert [chain.names for chain in result.shown] == sorted(
        expected, key=lambda path: (len(path), path)
    )
    assert (result.more, result.is_complete) == (0, True)
    assert set(roots_to(found, name)) == {path[0] for path in expected} | {
        each.name for each in found.roots if name in found.reach([each])
    }
