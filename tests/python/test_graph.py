from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgdiag.python import graph as graph_module
from imgdiag.python.graph import Graph
from imgdiag.python.root import Origin, Root
from tests.python.graphs import graph_of, names, requires_of, root


def test_requirements_are_those_that_are_installed() -> None:
    found = graph_of({"app": ["Lib_One>=1,<2", "gone"], "lib-one": []})
    assert found.requires == {"app": {"lib-one"}, "lib-one": set()}
    assert found.required_by == {"app": set(), "lib-one": {"app"}}
    assert names(found.roots) == ["app"]
    assert found.roots[0].origin is Origin.UNREQUIRED


CUDA = {
    "torch": ["cuda-toolkit[cublas,CU_FFT]==13"],
    "cuda-toolkit": [
        "nvidia-cublas; extra == 'cublas'",
        "nvidia-cufft; extra == 'cu-fft'",
        "nvidia-curand; extra == 'curand'",
        "nvidia-base",
    ],
    "nvidia-cublas": [],
    "nvidia-cufft": [],
    "nvidia-curand": [],
    "nvidia-base": [],
}


def test_extras_are_followed() -> None:
    found = graph_of(CUDA)
    assert found.requires["cuda-toolkit"] == {"nvidia-cublas", "nvidia-cufft", "nvidia-base"}
    assert found.extras("cuda-toolkit") == ("cu-fft", "cublas")
    assert [edge.extra for edge in found.edges("cuda-toolkit")] == ["", "cu-fft", "cublas"]
    [edge] = found.edges_between("cuda-toolkit", "nvidia-cublas")
    assert edge.text == "nvidia-cublas; extra == 'cublas'"
    assert found.edges_between("torch", "nvidia-cublas") == ()
    assert names(found.roots) == ["nvidia-curand", "torch"]


def test_what_is_asked_for_may_name_an_extra() -> None:
    found = graph_of(CUDA, root("cuda-toolkit[curand]"), root("gone"))
    assert found.requires["cuda-toolkit"] == {
        "nvidia-cublas", "nvidia-cufft", "nvidia-curand", "nvidia-base",
    }  # fmt: skip
    assert names(found.roots) == ["cuda-toolkit[curand]", "torch"]


def test_an_extra_may_turn_on_another_of_its_own() -> None:
    found = graph_of(
        {
            "app": ["lib[all]"],
            "lib": ["lib[fast]; extra == 'all'", "speed; extra == 'fast'"],
            "speed": [],
        }
    )
    assert found.requires["lib"] == {"speed"}
    assert found.required_by["lib"] == {"app"}
    assert found.extras("lib") == ("all", "fast")


def test_one_that_requires_itself() -> None:
    found = graph_of({"lib": ["lib", "lib>=1", "other"], "other": []})
    assert found.requires == {"lib": {"other"}, "other": set()}
    assert names(found.roots) == ["lib"]
    assert found.retained("lib") == {"lib", "other"}


def test_a_circle_of_extras_ends() -> None:
    found = graph_of({"a": ["b[x]"], "b": ["a[y]; extra == 'x'"], "y": []})
    assert found.requires == {"a": {"b"}, "b": {"a"}, "y": set()}


def test_circles_have_one_root_each() -> None:
    found = graph_of({"a": ["b"], "b": ["a", "c"], "c": [], "z": []})
    assert names(found.roots) == ["z", "a"]
    assert found.retained("a") == {"a", "b", "c"}
    assert found.retained("b") == {"b", "c"}


def test_what_is_asked_for_comes_first_and_the_rest_has_roots_of_its_own() -> None:
    found = graph_of({"pip": [], "b": ["a"], "a": [], "x": ["y"], "y": ["x"]}, root("a"))
    assert names(found.roots) == ["a", "b", "pip", "x"]
    assert [each.origin for each in found.roots] == [Origin.PROJECT, *[Origin.UNREQUIRED] * 3]


def test_what_nothing_requires_whoever_asked_for_it() -> None:
    requirements = {
        "b": ["a"],
        "a": [],
        "x": ["y"],
        "y": ["x"],
        "lib": ["c; extra == 'e'"],
        "c": [],
    }
    found = graph_of(requirements, root("a"), root("lib[e]"))
    assert found.unrequired == ("b", "lib", "x")
    assert [each.name for each in found.roots if each.is_known] == ["a", "lib"]


def test_retained_is_what_goes_with_it() -> None:
    requirements = {
        "torch": ["cudnn", "cublas", "sympy"],
        "cudnn": ["cublas"],
        "cublas": [],
        "sympy": [],
        "other": ["sympy"],
    }
    found = graph_of(requirements)
    assert found.retained("torch") == {"torch", "cudnn", "cublas"}
    assert found.retained("cudnn") == {"cudnn"}
    assert found.retained("sympy") == {"sympy"}
    # What the project asks for itself stays.
    assert graph_of(requirements, root("cublas")).retained("torch") == {"torch", "cudnn"}


EXTRAS = {
    "plain": ["lib"],
    "wishful": ["lib[fast]"],
    "lib": ["base", "speed; extra == 'fast'"],
    "base": [],
    "speed": [],
}


def test_what_an_extra_brings_goes_with_who_asks_for_it() -> None:
    found = graph_of(EXTRAS)
    assert found.retained("wishful") == {"wishful", "speed"}
    assert found.retained("plain") == {"plain"}
    assert found.retained("lib") == {"lib", "base", "speed"}
    sizes = {"plain": 1, "wishful": 10, "lib": 100, "base": 1000, "speed": 10_000}
    assert found.retained_bytes(sizes) == {
        "plain": 1, "wishful": 10_010, "lib": 11_100, "base": 1000, "speed": 10_000,
    }  # fmt: skip


def test_where_a_search_for_each_extra_takes_too_long_the_bytes_are_a_lower_bound(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(graph_module, "_MOST_STEPS", 0)
    found = graph_of(EXTRAS)
    assert found.warnings[-1].endswith("is a lower bound")
    assert found.retained_bytes(dict.fromkeys(EXTRAS, 1)) == {
        "plain": 1,
        "wishful": 2,
        "lib": 2,
        "base": 1,
        "speed": 1,
    }


def test_one_that_is_not_asked_for_any_more_stays_when_it_is_required() -> None:
    found = graph_of({"pytest": ["pluggy"], "pluggy": [], "app": ["black"], "black": ["click"],
                      "click": []})  # fmt: skip
    assert found.reach(found.roots) == set(found.requires)
    kept = [each for each in found.roots if each.name not in ("pytest", "black")]
    assert found.reach(kept) == {"app", "black", "click"}


def test_a_chain_is_a_shortest_one_from_a_root() -> None:
    found = graph_of(
        {"app": ["long", "b"], "long": ["b2"], "b2": ["target"], "b": ["target"], "target": []}
    )
    assert found.chain("target") == ("app", "b", "target")
    assert found.chain("app") == ("app",)
    assert found.chain("app", [root("b")]) == ()


def test_a_chain_goes_through_extras_that_are_asked_for() -> None:
    found = graph_of(EXTRAS)
    assert found.chain("speed") == ("wishful", "lib", "speed")
    assert found.chain("speed", [root("plain")]) == ()
    assert found.chain("base", [root("lib[fast]")]) == ("lib", "base")


NAMES = "abcdefg"
# Each may require others, some with the extra x, and some only by its own extra x.
REQUIREMENTS = st.dictionaries(
    st.sampled_from(NAMES),
    st.lists(
        st.tuples(st.sampled_from(NAMES), st.booleans(), st.booleans()).map(
            lambda each: each[0] + "[x]" * each[1] + "; extra == 'x'" * each[2]
        ),
        max_size=4,
    ),
    min_size=1,
)
ASKED = st.lists(
    st.tuples(st.sampled_from(NAMES), st.booleans()).map(
        lambda each: root(each[0] + "[x]" * each[1])
    ),
    max_size=3,
)


def reached(requirements: dict[str, list[str]], found: Graph, without: str = "") -> set[str]:
    """Follow the requirements the plain way: all of them, again and again."""
    nodes = {node for each in found.roots for node in each.nodes if each.name != without}
    while True:
        more = {(name, "") for name, _ in nodes}
        for name, extra in nodes:
            for text in requirements[name]:
                target, _, marker = text.partition("; ")
                other, _, wanted = target.rstrip("]").partition("[")
                if bool(marker) == bool(extra) and other in requirements and other != without:
                    more |= {(other, wanted), (other, "")}
        if more <= nodes:
            return {name for name, _ in nodes}
        nodes |= more


@given(REQUIREMENTS, ASKED)
def test_all_is_reached_from_the_roots(
    requirements: dict[str, list[str]], asked: list[Root]
) -> None:
    found = Graph(requires_of(requirements), asked)
    assert found.reach(found.roots) == set(requirements) == reached(requirements, found)
    for name in requirements:
        first, *_, last = (*found.chain(name), name)
        assert first in {each.name for each in found.roots}
        assert last == name


@given(REQUIREMENTS, ASKED)
def test_retained_sets_and_bytes_are_those_of_a_search_without_it(
    requirements: dict[str, list[str]], asked: list[Root]
) -> None:
    found = Graph(requires_of(requirements), asked)
    sizes = {name: 1 << index for index, name in enumerate(sorted(requirements))}
    retained = found.retained_bytes(sizes)
    for name in requirements:
        gone = set(requirements) - reached(requirements, found, without=name)
        assert found.retained(name) == gone
        assert retained[name] == sum(sizes[each] for each in gone)


@given(REQUIREMENTS, ASKED, st.sampled_from(NAMES))
def test_a_chain_is_there_exactly_when_it_is_needed(
    requirements: dict[str, list[str]], asked: list[Root], name: str
) -> None:
    found = Graph(requires_of(requirements), asked)
    if name in requirements:
        for dropped in requirements:
            rest = [each for each in found.roots if each.name != dropped]
            chain = found.chain(name, rest)
            assert bool(chain) is (name in found.reach(rest))
            for source, target in itertools.pairwise(chain):
                assert target in found.requires[source]
