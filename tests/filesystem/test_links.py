"""Symbolic links followed: where paths lead in a merged image."""

from __future__ import annotations

import pytest

from imgdiag.filesystem import (
    File,
    Special,
    Symlink,
    find_directory,
    resolve,
)
from imgdiag.filesystem.links import MAX_DETOUR, MAX_SYMLINKS
from imgdiag.layers.walk import MAX_DEPTH
from tests.builder import (
    fifo,
    file,
    folder,
    merged,
    symlink,
)


def test_find_follows_links_in_folders_and_not_at_the_end() -> None:
    filesystem = merged(
        [file("real/file", 1), symlink("link", "real"), symlink("last", "real/file")]
    )
    assert filesystem.find("link/file") is filesystem.find("/real/./file")
    assert filesystem.find("") is filesystem.root
    assert isinstance(filesystem.find("last"), Symlink)
    assert filesystem.find("real/none") is None
    assert filesystem.find("real/file/below") is None
    assert filesystem.find("none/below") is None
    assert isinstance(merged([fifo("a")]).find("a"), Special)


@pytest.mark.parametrize(
    "target", ["../real", "/real", "./b/../../real", "../../../real", "/../real/."]
)
def test_find_goes_up_by_links_and_stays_inside(target: str) -> None:
    filesystem = merged([file("real/file", 1), symlink("a/link", target), folder("a/b")])
    assert filesystem.find("a/link/file") is filesystem.find("real/file")
    assert filesystem.find("a/link") is not filesystem.find("real")


@pytest.mark.parametrize(
    ("path", "leads_to"),
    [
        ("", ""),
        ("/", ""),
        ("real/file", "real/file"),
        ("//real/./file/", "real/file"),
        ("link/file", "real/file"),
        ("last", "real/file"),
        ("chain", "real/file"),
        ("deep/up/file", "real/file"),
        ("deep/absolute/file", "real/file"),
        ("real/../real/../../real", "real"),
        ("deep/../last", "real/file"),
        ("none", None),
        ("real/file/below", None),
        ("dangling", None),
        ("circle", None),
        ("circle/x", None),
    ],
)
def test_where_a_path_really_leads(path: str, leads_to: str | None) -> None:
    filesystem = merged(
        [
            file("real/file", 5),
            folder("deep"),
            symlink("link", "real"),
            symlink("last", "link/file"),
            symlink("chain", "/last"),
            symlink("deep/up", "../real"),
            symlink("deep/absolute", "/real"),
            symlink("dangling", "gone"),
            symlink("circle", "circle"),
        ]
    )
    found = resolve(filesystem.root, path)
    assert (found and found[0]) == leads_to
    if found and leads_to is not None:
        assert found[1] is filesystem.find(leads_to)


def test_what_is_looked_for_may_be_anything() -> None:
    filesystem = merged([file("a/f", 1), symlink("circle", "circle")])
    found = filesystem.find("//a/./x/../f")
    assert isinstance(found, File)
    deep = "a/" * (MAX_DEPTH + 1)
    for path in (deep, f"/{deep}f", "circle/x"):
        assert filesystem.find(path) is None
    assert isinstance(filesystem.find("circle"), Symlink)  # the last is not followed
    assert find_directory(filesystem.root, "a/f/..") is None


def test_as_many_links_are_followed_as_linux_follows() -> None:
    assert MAX_SYMLINKS == 40
    chain = [symlink(f"l{number}", f"l{number + 1}") for number in range(MAX_SYMLINKS)]
    root = merged([symlink("more", "l0"), *chain, folder(f"l{MAX_SYMLINKS}")]).root
    end = root.children[f"l{MAX_SYMLINKS}"]
    assert resolve(root, "l0") == (f"l{MAX_SYMLINKS}", end)
    assert find_directory(root, "l0") is end
    assert resolve(root, "more") is None
    assert find_directory(root, "more") is None


def test_links_lead_as_long_a_way_as_is_followed() -> None:
    assert MAX_DETOUR == 1_024
    way = ["."] * (MAX_DETOUR - 2)
    root = merged(
        [
            folder("end"),
            symlink("just", "half"),  # one part, and the others
            symlink("half", "/".join([*way, "end"])),
            symlink("more", "/".join([*way, ".", ".", "end"])),
        ]
    ).root
    end = root.children["end"]
    assert resolve(root, "just") == ("end", end)
    assert find_directory(root, "just") is end
    assert resolve(root, "more") is None
    assert find_directory(root, "more") is None
