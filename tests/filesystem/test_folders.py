from __future__ import annotations

from imgdiag.filesystem.folders import DEEPEST, Folder
from imgdiag.filesystem.origins import Origins
from imgdiag.rules.rule import ExampleLayer
from tests.made import distribution, facts_of, made_facts


def rows(*told: Folder) -> dict[str, tuple[int, int, dict[int, int]]]:
    return {
        each.path: (
            each.bytes,
            each.unattributed_bytes,
            {share.layer: share.bytes for share in each.made_by},
        )
        for each in told
    }


def test_small_folders_count_in_the_one_above() -> None:
    facts = facts_of({"srv/data/a": 999_999, "srv/models/b": 1_000_000, "etc/c": 3})
    assert rows(*facts.folders) == {
        "": (2_000_002, 2_000_002, {0: 3}),
        "srv": (1_999_999, 1_999_999, {0: 999_999}),
        "srv/models": (1_000_000, 1_000_000, {0: 1_000_000}),
    }


def test_what_packages_own_is_told_apart() -> None:
    facts = facts_of(
        {**distribution("torch", {"torch/a": 5_000_000}, site="opt/t"), "opt/t/torch/b": 7}
    )
    found = rows(*facts.folders)
    assert found["opt/t/torch"] == (5_000_007, 7, {0: 7})
    assert found["opt/t"] == (found[""][0], 7, {})


def test_layers_are_those_that_made_the_files() -> None:
    files = {"srv/a": 2_000_000, "srv/b": 1_000_000}
    facts = made_facts(
        ExampleLayer(created_by="COPY a", files=files),
        ExampleLayer(created_by="COPY b", files={"srv/c": 9_000_000}),
        ExampleLayer(created_by="RUN chown", files=files, uid=1000),
        ExampleLayer(created_by="RUN chmod", files={"srv/a": 2_000_000}, uid=1001),
    )
    assert rows(*facts.folders)["srv"] == (12_000_000, 12_000_000, {1: 9_000_000, 0: 3_000_000})
    assert [each.layer for each in facts.folders[1].made_by] == [1, 0]
    assert facts.origins.layers(dict(facts.filesystem.files())) == (1, 0)


def test_without_changes_of_owner_a_file_is_its_layers() -> None:
    facts = facts_of({"a": 1})
    assert Origins(()).layers(dict(facts.filesystem.files())) == (0,)


def test_hard_links_count_once_and_deep_folders_where_the_last_one_is_told() -> None:
    deep = "/".join("abcdefghijkl")
    facts = made_facts(
        ExampleLayer(created_by="x", files={f"{deep}/f": 4_000_000}, links={"z/g": f"{deep}/f"})
    )
    found = rows(*facts.folders)
    assert found[""] == (4_000_000, 4_000_000, {})
    last = "/".join("abcdefgh")
    assert last.count("/") + 1 == DEEPEST
    told = [each for each in found.items() if each[1][2]]
    counted = (4_000_000, 4_000_000, {0: 4_000_000})
    assert told in ([(last, counted)], [("z", counted)])


def test_a_hard_link_beside_other_files_counts_once() -> None:
    files = {"a/f": 4_000_000, "a/own": 2_000_000, "z/own": 3_000_000}
    facts = made_facts(ExampleLayer(created_by="x", files=files, links={"z/g": "a/f"}))
    found = rows(*facts.folders)
    assert found[""] == (9_000_000, 9_000_000, {})
    assert sum(made.get(0, 0) for _, _, made in found.values()) == 9_000_000


def test_folders_are_told_down_to_the_deepest() -> None:
    names = "abcdefghijkl"
    facts = made_facts(ExampleLayer(created_by="x", files={"/".join(names): 4_000_000}))
    told = ["/".join(names[:depth]) for depth in range(DEEPEST + 1)]
    found = rows(*facts.folders)
    assert list(found) == told
    assert found[told[-1]] == (4_000_000, 4_000_000, {0: 4_000_000})
    assert all(not made for _, _, made in list(found.values())[:-1])


def test_layers_that_made_empty_files_alone_are_not_told() -> None:
    facts = made_facts(
        ExampleLayer(created_by="x", files={"a/f": 2_000_000}),
        ExampleLayer(created_by="y", files={"a/empty": 0}),
    )
    assert rows(*facts.folders)["a"] == (2_000_000, 2_000_000, {0: 2_000_000})
