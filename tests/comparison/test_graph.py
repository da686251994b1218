from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from imgdiag.comparison.graph import LONGEST, Tree, compare_trees
from imgdiag.comparison.snapshot import Package
from imgdiag.python.requires import Edge
from imgdiag.python.root import Root


def package(name: str, *targets: str, extra: str = "") -> Package:
    """Return a package; a target may ask for an extra, as in `lib[fast]`."""
    edges = []
    for text in targets:
        target, _, extras = text.rstrip("]").partition("[")
        edges.append(
            Edge(
                source=name, extra=extra, target=target, extras=(extras,) * bool(extras), text=text
            )
        )
    return Package(
        name=name, version="1", environment="", bytes=0, requires=tuple(edges), layers=()
    )


def tree(roots: Sequence[str], *packages: Package) -> Tree:
    return Tree([Root(name=name) for name in roots], packages)


def test_a_shortest_chain_in_which_extras_are_asked_for() -> None:
    found = tree(
        ["a", "d"],
        package("a", "b"),
        package("b"),
        package("b", "c", extra="fast"),
        package("d", "e"),
        package("e", "b[fast]"),
    )
    assert found.chain("c") == ("d", "e", "b", "c")  # a asks for b without its extra
    assert found.chain("b") == ("a", "b")
    assert found.chain("a") == ("a",)
    assert found.chain("nothing") == ()


def test_the_start_of_a_long_chain_is_left_out() -> None:
    names = [f"p{index:03}" for index in range(100)]
    packages = [package(name, after) for name, after in pairwise(names)]
    chain = tree(names[:1], *packages).chain(names[-1])
    assert chain == ("…", *names[-LONGEST:])


def test_circles_end() -> None:
    found = tree(["a"], package("a", "b"), package("b", "a", "c"), package("c", "b"))
    assert found.chain("c") == ("a", "b", "c")


def test_who_brings_what() -> None:
    found = tree(
        ["app"],
        package("app", "torch", "old"),
        package("torch", "cudnn"),
        package("cudnn", "cublas"),
        package("old", "fresh"),
        package("plain"),
    )
    came = {"torch", "cudnn", "cublas", "fresh", "unreached"}
    assert found.bringers(came, {"app"}, found) == {
        "torch": "app",  # its new version asks for torch
        "cudnn": "app",
        "cublas": "app",
        "fresh": "fresh",  # old is as it was
        "unreached": "unreached",
    }
    assert found.bringers(came, (), found)["cublas"] == "torch"


def test_an_extra_that_is_new_brings_what_it_requires() -> None:
    uvicorn = package("uvicorn", "h11"), package("uvicorn", "uvloop", "wsproto", extra="standard")
    others = package("wsproto", "six"), package("uvloop"), package("h11"), package("six")
    plain = tree(["uvicorn"], uvicorn[0], *others)
    extra = Tree([Root(name="uvicorn", extras=("standard",))], [*uvicorn, *others])
    came = {"uvloop", "wsproto", "six"}
    assert extra.bringers(came, (), plain) == dict.fromkeys(came, "uvicorn[standard]")
    assert extra.bringers(came, (), extra) == {
        "uvloop": "uvloop",
        "wsproto": "wsproto",
        "six": "wsproto",
    }


def test_what_is_asked_for_and_required() -> None:
    before = tree(["a", "b"], package("a", "x"), package("b", "y", "z"))
    after = tree(["a", "c"], package("a", "x[fast]"), package("b", "y"))
    found = compare_trees(before, after)
    assert [each.name for each in found.roots_new] == ["c"]
    assert [each.name for each in found.roots_gone] == ["b"]
    assert [(each.source, each.text) for each in found.edges_new] == [("a", "x[fast]")]
    assert [(each.source, each.text) for each in found.edges_gone] == [("a", "x"), ("b", "z")]
    assert compare_trees(before, before).is_empty
    assert not found.is_empty


def test_who_asks_for_an_extra_asks_for_its_distribution_too() -> None:
    plain = Tree([Root(name="uvicorn")], ())
    extra = Tree([Root(name="uvicorn", extras=("standard",))], ())
    found = compare_trees(plain, extra)
    assert [each.extras for each in found.roots_new] == [("standard",)]
    assert found.roots_gone == ()
    assert compare_trees(extra, plain).roots_new == ()


def test_other_versions_are_no_other_requirement() -> None:
    old, new = package("a", "x"), package("a", "x")
    [edge] = new.requires
    assert compare_trees(Tree((), [old]), Tree((), [new])).is_empty
    assert edge.text == "x"
