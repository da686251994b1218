from __future__ import annotations

from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imgdiag.facts.facts import Facts
from imgdiag.rules import all_rules
from imgdiag.rules.rule import Example, ExampleLayer
from imgdiag.scanner.tree import Area, Content, Tree, build_tree
from tests.made import SITE, distribution, facts_of, made_facts


def paths(tree: Tree) -> list[str]:
    """Return the path of each node, that of its folder and a star for what is small in one."""
    found = [""]
    for node in range(1, len(tree.names)):
        name = "*" if tree.is_small[node] else tree.names[node]
        found.append(f"{found[tree.parents[node]]}/{name}")
    return found


def contents(tree: Tree) -> dict[tuple[str, int], tuple[int, int, int, int]]:
    """Return what each layer has at each path: visible and wasted bytes, and files of both."""
    where = paths(tree)
    return {(where[each.node], each.layer): each[2:] for each in tree.contents}


def area(tree: Tree, path: str) -> Area:
    return tree.areas[paths(tree).index(path)]


FILES = {"a/x": 5, "a/b/y": 70, "a/b/z": 30, "c/w": 200, "top": 1_000, "c/empty": 0}


def test_every_file_is_a_node_while_there_is_room() -> None:
    tree = build_tree(facts_of(FILES))
    assert sorted(paths(tree)) == [
        "", "/a", "/a/b", "/a/b/y", "/a/b/z", "/a/x", "/c", "/c/w", "/top",
    ]  # fmt: skip
    assert contents(tree) == {
        ("/a/x", 0): (5, 0, 1, 0),
        ("/a/b/y", 0): (70, 0, 1, 0),
        ("/a/b/z", 0): (30, 0, 1, 0),
        ("/c/w", 0): (200, 0, 1, 0),
        ("/top", 0): (1_000, 0, 1, 0),
    }
    assert tree.least_bytes == 0
    assert not any(tree.is_small)


def test_what_is_small_is_put_together_folder_by_folder() -> None:
    # Two files and two folders may have nodes: what has more than the third largest of each.
    tree = build_tree(facts_of(FILES), most=4)
    assert tree.least_bytes == 105
    assert contents(tree) == {
        ("/top", 0): (1_000, 0, 1, 0),
        ("/c/w", 0): (200, 0, 1, 0),
        ("/*", 0): (105, 0, 3, 0),
    }
    tree = build_tree(facts_of({**FILES, "c/v": 201, "c/u": 2}), most=4)
    assert tree.least_bytes == 200
    assert contents(tree) == {
        ("/top", 0): (1_000, 0, 1, 0),
        ("/c/v", 0): (201, 0, 1, 0),
        ("/c/*", 0): (202, 0, 2, 0),
        ("/*", 0): (105, 0, 3, 0),
    }


def test_what_later_layers_hide_is_with_what_is_seen() -> None:
    tree = build_tree(
        made_facts(
            ExampleLayer(created_by="RUN a", files={"a/x": 50, "a/y": 7, "b/z": 9}),
            ExampleLayer(created_by="RUN b", files={"a/x": 60}, deletes=("b",)),
        )
    )
    assert contents(tree) == {
        ("/a/x", 0): (0, 50, 0, 1),
        ("/a/x", 1): (60, 0, 1, 0),
        ("/a/y", 0): (7, 0, 1, 0),
        ("/b/z", 0): (0, 9, 0, 1),
    }


def test_a_small_copy_of_a_large_file_is_at_its_path() -> None:
    tree = build_tree(
        made_facts(
            ExampleLayer(created_by="RUN a", files={"a/x": 900, "a/y": 3, "b": 2}),
            ExampleLayer(created_by="RUN b", files={"a/x": 4}),
            ExampleLayer(created_by="RUN c", files={"a/x": 5}),
        ),
        most=4,
    )
    assert tree.least_bytes == 4
    assert contents(tree) == {
        ("/a/x", 0): (0, 900, 0, 1),
        ("/a/x", 1): (0, 4, 0, 1),
        ("/a/x", 2): (5, 0, 1, 0),
        ("/a/*", 0): (3, 0, 1, 0),
        ("/*", 0): (2, 0, 1, 0),
    }


def test_where_a_folder_took_a_files_place_both_are_nodes() -> None:
    tree = build_tree(
        made_facts(
            ExampleLayer(created_by="RUN a", files={"a": 900}),
            ExampleLayer(created_by="RUN b", files={"a/x": 40}),
        )
    )
    assert sorted(paths(tree)) == ["", "/a", "/a", "/a/x"]
    assert contents(tree) == {("/a", 0): (0, 900, 0, 1), ("/a/x", 1): (40, 0, 1, 0)}


def test_a_file_with_several_names_counts_at_its_first() -> None:
    layer = ExampleLayer(created_by="RUN a", files={"a/x": 50}, links={"b/x": "a/x"})
    [(path, _)] = found = contents(build_tree(made_facts(layer)))
    assert found[path, 0] == (50, 0, 1, 0)
    assert path in ("/a/x", "/b/x")


def test_whose_part_of_the_image_a_node_is() -> None:
    files = distribution("torch", {"torch/a.so": 5_000, "torch/__init__.py": 10})
    tree = build_tree(
        facts_of(
            {
                **files,
                "app/.venv/pyvenv.cfg": "home = /usr/bin\n",
                f"{SITE}/other.so": 300,
                "app/main.py": 40,
                "usr/lib/libc.so": 700,
                "opt/tool/x": 20,
                "var/lib/dpkg/status": "Package: libc6\nStatus: install ok installed\n"
                "Version: 2.36\n\n",
                "var/lib/dpkg/info/libc6.list": "/usr/lib/libc.so\n/opt/tool/x\n",
            }
        )
    )
    assert area(tree, f"/{SITE}/torch/a.so") is Area.PACKAGE
    assert area(tree, f"/{SITE}/other.so") is Area.ENVIRONMENT
    assert area(tree, "/app/.venv") is Area.ENVIRONMENT
    assert area(tree, "/app/main.py") is Area.APP
    assert area(tree, "/var/lib/dpkg/status") is Area.SYSTEM
    assert area(tree, "/opt/tool") is Area.APP
    assert area(tree, "/opt/tool/x") is Area.SYSTEM
    owners = dict(zip(paths(tree), tree.owners, strict=True))
    assert owners[f"/{SITE}/torch/a.so"] == 0  # the first package
    assert owners["/usr/lib/libc.so"] == owners["/opt/tool/x"] == 1  # the first of the system's
    assert owners["/app/main.py"] is None
    assert tree.owner_files == (sum(size != 0 for size in files.values()), 2)


def test_what_is_small_has_the_area_of_most_of_its_bytes() -> None:
    files = distribution("torch", {"torch/a.so": 5_000, "torch/b": 300, "torch/c": 200})
    for others, expected in ((499, Area.PACKAGE), (500, Area.ENVIRONMENT)):
        files |= {f"{SITE}/torch/not-mine": others, "app/data/x": 600}
        tree = build_tree(facts_of(files), most=14)
        assert tree.least_bytes == 600
        assert area(tree, f"/{SITE}/torch/*") is expected


def test_an_image_without_files() -> None:
    tree = build_tree(made_facts())
    assert (tree.names, tree.parents, tree.contents) == (("",), (-1,), ())


@pytest.mark.parametrize(
    "example", [each for rule in all_rules() for each in rule.examples], ids=lambda each: each.what
)
def test_the_tree_of_each_example_adds_up(example: Example) -> None:
    facts = made_facts(*example.layers)
    for most in (2, 20, 1000):
        check(facts, build_tree(facts, most), most)


names = st.sampled_from("abc")
where = st.lists(names, min_size=1, max_size=4).map("/".join)
layers = st.lists(
    st.tuples(st.dictionaries(where, st.integers(0, 50), max_size=8), st.lists(where, max_size=2)),
    max_size=4,
)


@given(layers, st.integers(0, 12))
@settings(max_examples=300, deadline=None)
def test_nothing_is_lost_however_few_nodes_there_are(
    made: list[tuple[dict[str, int], list[str]]], most: int
) -> None:
    facts = made_facts(
        *(
            ExampleLayer(created_by="RUN x", files=without_folders(files), deletes=tuple(deletes))
            for files, deletes in made
        )
    )
    check(facts, build_tree(facts, most), most)


def without_folders(files: dict[str, int]) -> dict[str, int]:
    """Return those of `files` that none of the others lies in."""
    return {
        path: size
        for path, size in files.items()
        if not any(other.startswith(f"{path}/") for other in files)
    }


def check(facts: Facts, tree: Tree, most: int) -> None:
    """Hold a tree against every file of the image, one by one."""
    where = paths(tree)
    assert all(above < node for node, above in enumerate(tree.parents))
    assert sum(not small for small in tree.is_small[1:]) <= most
    assert all(each[:2] < other[:2] for each, other in pairwise(tree.contents))

    every: Counter[tuple[str, int]] = Counter()  # files by path and layer, in bytes
    seen: set[object] = set()
    for path, file in facts.filesystem.files():
        if file not in seen:
            seen.add(file)
            every[path, file.layer] += file.size
    for hidden in facts.filesystem.hidden:
        every[hidden.path, hidden.file.layer] += hidden.file.size

    folders = {where[node] for node in {0, *tree.parents[1:]}}
    files = {
        (where[each.node], each.layer) for each in tree.contents if not tree.is_small[each.node]
    }
    found: Counter[tuple[str, int]] = Counter()
    for content in tree.contents:
        assert content.visible_bytes + content.wasted_bytes > 0
        assert (content.visible_files > 0) == (content.visible_bytes > 0)
        assert (content.wasted_files > 0) == (content.wasted_bytes > 0)
        found[where[content.node], content.layer] += content.visible_bytes + content.wasted_bytes
    expected: Counter[tuple[str, int]] = Counter()
    for (path, layer), size in every.items():
        if not size:
            continue
        place = f"/{path}"
        if (place, layer) not in files:
            place = place.rpartition("/")[0]
            while place not in folders:
                place = place.rpartition("/")[0]
            place += "/*"
        expected[place, layer] += size
    assert found == expected
    assert sum(content.visible_bytes for content in tree.contents) == facts.filesystem.visible_bytes
    assert sum(content.wasted_bytes for content in tree.contents) == facts.filesystem.wasted_bytes


def test_content_is_told_by_name() -> None:
    assert Content(1, 2, 3, 4, 5, 6)._fields == (
        "node", "layer", "visible_bytes", "wasted_bytes", "visible_files", "wasted_files",
    )  # fmt: skip
