from __future__ import annotations

import pytest

from imgdiag.facts.allotment import Allotment, Owner
from imgdiag.scanner.usage import Usage
from tests.made import made_filesystem, made_layer


def allotment_of(
    files: dict[str, int | str],
    *,
    links: dict[str, str] | None = None,
    symlinks: dict[str, str] | None = None,
    directories: tuple[str, ...] = (),
) -> tuple[Allotment, Usage]:
    layer = made_layer(files, links=links, symlinks=symlinks, directories=directories)
    filesystem = made_filesystem(layer)
    usage = Usage(filesystem)
    return Allotment(filesystem, usage), usage


@pytest.mark.parametrize(
    ("base", "path", "found"),
    [
        ("a/b", "x", "a/b/x"),
        ("a/b", "./x", "a/b/x"),
        ("a/b", "../b/x", "a/b/x"),
        ("a/b", "../../top", "top"),
        ("a/b", "/top", "top"),
        ("a/b", "/a/b/x", "a/b/x"),
        ("", "top", "top"),
        ("", "a/b/x", "a/b/x"),
        ("", "//a//b//x", "a/b/x"),
        ("link", "x", "link/x"),
        ("link", "../top", "top"),  # as the paths are written, not as the links lead
    ],
)
def test_paths(base: str, path: str, found: str) -> None:
    allotment, _ = allotment_of({"a/b/x": 3, "top": 5}, symlinks={"link": "a/b"})
    owner = Owner()
    allotment.claim(owner, base, [path])
    assert owner.files.keys() == {found}
    assert owner.missing == []


def test_a_name_at_the_root_is_not_one_in_the_base() -> None:
    allotment, _ = allotment_of({"a/x": 3, "x": 5})
    owner = Owner()
    allotment.claim(owner, "a", ["x", "/x"])
    assert owner.files.keys() == {"a/x", "x"}


def test_what_is_named_and_not_there_is_missing_but_links_and_folders_are_there() -> None:
    allotment, _ = allotment_of({"a/x": 3}, symlinks={"a/link": "x"}, directories=("a/folder",))
    owner = Owner()
    allotment.claim(owner, "a", ["x", "link", "folder", "folder/", "gone", "nowhere/x", ".."])
    assert owner.missing == ["a/gone", "a/nowhere/x"]
    assert owner.bytes == 3


def test_an_inode_is_the_firsts_whatever_it_is_called() -> None:
    allotment, _ = allotment_of({"a/x": 100}, links={"b/y": "a/x", "b/z": "a/x"})
    first, second = Owner(), Owner()
    allotment.claim(first, "", ["b/y"])
    allotment.claim(second, "", ["a/x", "b/z"])
    allotment.claim(first, "", ["b/z"])
    assert first.files.keys() == {"b/y", "b/z"}
    assert (first.bytes, second.bytes, second.missing) == (100, 0, [])


def test_a_tree_takes_what_is_nobodys() -> None:
    allotment, _ = allotment_of({"a/x": 1, "a/b/y": 2, "a/b/c/z": 4, "ab": 8})
    first, second = Owner(), Owner()
    allotment.claim(first, "a/b", ["y"])
    allotment.claim_tree(second, "a")
    allotment.claim_tree(second, "nowhere")
    allotment.claim_tree(second, "nowhere/at/all")
    assert second.files.keys() == {"a/x", "a/b/c/z"}


def test_byte_code_is_its_sources() -> None:
    cache = "lib/__pycache__"
    allotment, usage = allotment_of(
        {
            "lib/one.py": 1,
            "lib/two.py": 1,
            "lib/mine.py": 1,
            f"{cache}/one.cpython-311.pyc": 10,
            f"{cache}/one.cpython-311.opt-1.pyc": 20,
            f"{cache}/one.cpython-311.opt-2.pyc": 40,
            f"{cache}/two.cpython-312.pyc": 80,
            f"{cache}/mine.cpython-312.pyc": 160,
            f"{cache}/gone.cpython-312.pyc": 320,
            "lib/one.pyc": 640,
            "lib/alone.pyc": 1_280,
        }
    )
    one, two = Owner(), Owner()
    allotment.claim(one, "lib", ["one.py"])
    allotment.claim(two, "lib", ["two.py"])
    allotment.claim_byte_code(usage)
    assert (one.bytes, two.bytes) == (1 + 10 + 20 + 40 + 640, 1 + 80)


def test_byte_code_outside_of_packages_has_an_owner_too() -> None:
    allotment, usage = allotment_of(
        {
            "usr/bin/tool.py": 1,
            "usr/bin/__pycache__/tool.cpython-311.pyc": 6,
            "__pycache__/a.pyc": 9,
        }
    )
    owner = Owner()
    allotment.claim(owner, "", ["/usr/bin/tool.py"])
    allotment.claim_byte_code(usage)
    assert owner.bytes == 7


@pytest.mark.parametrize(("others", "takes"), [({}, 10), ({"lib/mine.txt": 1}, 0)])
def test_byte_code_without_a_source_is_the_folders_only_owners(
    others: dict[str, int | str], takes: int
) -> None:
    allotment, usage = allotment_of(
        {"lib/a.txt": 1, "lib/b.so": 2, "lib/__pycache__/gone.cpython-311.pyc": 10, **others}
    )
    owner = Owner()
    allotment.claim(owner, "lib", ["a.txt", "b.so"])
    allotment.claim_byte_code(usage)
    assert owner.bytes == 3 + takes


def test_a_circle_of_links_and_a_path_too_deep_hold_nothing() -> None:
    allotment, _ = allotment_of({"a": 1}, symlinks={"loop": "loop"})
    owner = Owner()
    allotment.claim(owner, "", ["loop/a", "a/" * 5_000 + "x", "\0", ""])
    assert (owner.bytes, allotment.file("loop/a"), allotment.file("a/b")) == (0, None, None)
