"""A layer's entries: names made clean, whiteouts set apart, wanted texts kept."""

from __future__ import annotations

import pickle
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imgdiag.errors import CorruptImage
from imgdiag.layers.reader import StreamReader
from imgdiag.layers.walk import (
    MAX_DEPTH,
    NOTHING,
    Capture,
    Digest,
    Entry,
    Kind,
    Layer,
    Whiteout,
    read_layer,
    split,
)
from tests.builder import Entry as Part
from tests.builder import (
    device,
    fifo,
    file,
    folder,
    gnu_sparse,
    hard_link,
    header,
    opaque,
    padded,
    pax,
    symlink,
    tar,
    walked,
    whiteout,
)


def entry(parent: str, name: str, kind: Kind = Kind.FILE, size: int = 0, target: str = "") -> Entry:
    mode = {Kind.DIRECTORY: 0o755, Kind.SYMLINK: 0o777}.get(kind, 0o644)
    return Entry(parent, name, kind, size, (mode, 0, 0), 0, target, None)


def test_a_folders_name_may_end_in_anything_but_a_slash() -> None:
    layer = walked(folder("a~"), folder("b/c~"), file("b/c~/d"))
    assert [(each.parent, each.name) for each in layer.entries] == [
        ("", "a~"), ("b", "c~"), ("b/c~", "d"),
    ]  # fmt: skip
    assert split("b/a~/") == ("b", "a~")


@pytest.mark.parametrize("path", ["a/..", "./", "/", "..", "a/../", "x/../.."])
def test_what_stands_for_the_root_has_no_name(path: str) -> None:
    layer = walked(header(path.encode(), kind=b"5"))
    assert [(each.parent, each.name) for each in layer.entries] == [("", "")]


@pytest.mark.parametrize(
    "part",
    [
        file("./", b"abc"),
        file("a/..", b"abc"),
        symlink("/", "a"),
        hard_link("./", "a"),
        device("/"),
    ],
)
def test_what_stands_for_the_root_and_is_no_folder_is_left_out(part: Part) -> None:
    layer = walked(folder("a"), part, file("b", 1))
    assert layer.entries == [entry("", "a", Kind.DIRECTORY), entry("", "b", size=1)]
    [warning] = layer.warnings
    assert warning.startswith("what stands for the root and is no folder is left out: ")


def test_entries_of_unknown_type_are_left_out() -> None:
    layer = walked(header(b"z", kind=b"Z", size=3), padded(b"abc"), file("b", 1))
    assert layer.entries == [entry("", "b", size=1)]
    assert layer.warnings == ("an entry of unknown type is left out: 'z', type b'Z'",)


def test_kinds_have_the_numbers_that_are_kept_of_them() -> None:
    assert [*map(int, Kind)] == [0, 1, 2, 3, 4]


def test_a_layer_as_a_whole() -> None:
    assert walked(
        folder("."),
        folder("app"),
        file("app/data", b"123"),
        symlink("app/link", "../data/./x"),
        hard_link("app/same", "./app/data"),
        device("dev/null"),
        fifo("queue"),
        whiteout("app/old"),
        opaque("app/cache"),
    ) == Layer(
        entries=[
            entry("", "", Kind.DIRECTORY),
            entry("", "app", Kind.DIRECTORY),
            entry("app", "data", size=3),
            entry("app", "link", Kind.SYMLINK, target="../data/./x"),
            entry("app", "same", Kind.HARD_LINK, target="app/data"),
            entry("dev", "null", Kind.SPECIAL),
            entry("", "queue", Kind.SPECIAL),
        ],
        whiteouts=[Whiteout("app", "old"), Whiteout("app/cache", None)],
    )


@pytest.mark.parametrize(
    ("path", "parts"),
    [
        ("a", ("", "a")),
        ("a/b/c", ("a/b", "c")),
        ("a/", ("", "a")),
        ("a//", ("", "a")),
        ("a/b///", ("a", "b")),
        ("./a", ("", "a")),
        ("/a", ("", "a")),
        ("//a", ("", "a")),
        ("a/./b", ("a", "b")),
        ("a//b", ("a", "b")),
        ("a/b/.", ("a", "b")),
        ("a./b", ("a.", "b")),
        ("a/b.", ("a", "b.")),
        (".a", ("", ".a")),
        ("...", ("", "...")),
        ("a/...", ("a", "...")),
        ("", ("", "")),
        (".", ("", "")),
        ("./", ("", "")),
        ("/", ("", "")),
        ("//", ("", "")),
        ("a/../b", ("", "b")),
        ("a/b/..", ("", "a")),
        ("a/../b/../c", ("", "c")),
    ],
)
def test_paths_are_made_clean(path: str, parts: tuple[str, str]) -> None:
    assert split(path, pytest.fail) == parts


@pytest.mark.parametrize(
    ("path", "parts"),
    [
        ("..", ("", "")),
        ("../../etc/passwd", ("etc", "passwd")),
        ("/../etc/passwd", ("etc", "passwd")),
        ("a/../../b", ("", "b")),
        ("a/../../../b/..", ("", "")),
    ],
)
def test_40_paths_that_leave_the_image_stay_inside(path: str, parts: tuple[str, str]) -> None:
    warnings: list[str] = []
    assert split(path, warnings.append) == parts
    assert warnings == [f"a path that leaves the image is kept inside: {path!r}"]


def test_40_hard_links_stay_inside_and_are_flagged() -> None:
    layer = walked(file("../up"), hard_link("link", "/../../up"))
    assert [(each.parent, each.name, each.target) for each in layer.entries] == [
        ("", "up", ""),
        ("", "link", "up"),
    ]
    assert layer.warnings == (
        "a path that leaves the image is kept inside: '../up'",
        "a path that leaves the image is kept inside: '/../../up'",
    )


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from(["a", "b.", ".c", ".", "..", "", "..."]), max_size=6))
def test_a_clean_path_stays_as_it_is(parts: list[str]) -> None:
    parent, name = split("/".join(parts))
    clean = f"{parent}/{name}" if parent else name
    assert split(clean, pytest.fail) == (parent, name)
    assert not {"", ".", ".."} & set(clean.split("/")) or not clean
    assert bool(name) or not parent


def test_a_path_deeper_than_any_file_system_takes() -> None:
    assert split("a/" * (MAX_DEPTH - 1) + "b")[1] == "b"
    with pytest.raises(CorruptImage) as caught:
        split("a/" * MAX_DEPTH + "b")
    assert str(caught.value) == "a path of 4,097 parts; at most 4,096"


@pytest.mark.parametrize(
    ("name", "hidden"),
    [
        ("dir/.wh.name", Whiteout("dir", "name")),
        (".wh.name", Whiteout("", "name")),
        ("./dir/.wh..hidden", Whiteout("dir", ".hidden")),
        ("dir/.wh..wh..opq", Whiteout("dir", None)),
        (".wh..wh..opq", Whiteout("", None)),
        ("dir/.wh..wh..opqX", Whiteout("dir", ".wh..opqX")),
        ("dir/.wh....", Whiteout("dir", "...")),
    ],
)
def test_47_what_a_whiteout_names(name: str, hidden: Whiteout) -> None:
    assert walked(file(name)) == Layer(entries=[], whiteouts=[hidden])


@pytest.mark.parametrize("name", ["dir/.wh.", "dir/.wh..", "dir/.wh..."])
def test_47_a_whiteout_that_names_nothing_is_ignored(name: str) -> None:
    assert walked(file(name)) == Layer(
        entries=[],
        whiteouts=[],
        warnings=(f"a whiteout that names nothing is ignored: {name!r}",),
    )


def test_47_names_that_only_look_like_whiteouts() -> None:
    layer = walked(file("dir/a.wh.b"), file("dir/.whx"), file(".wh.dir/file"))
    assert [(each.parent, each.name) for each in layer.entries] == [
        ("dir", "a.wh.b"),
        ("dir", ".whx"),
        (".wh.dir", "file"),
    ]
    assert layer.whiteouts == []


def test_57_devices_and_pipes_have_no_size() -> None:
    layer = walked(device("dev/null", size=1_000), fifo("queue"), file("next", b"12"))
    assert layer.entries == [
        entry("dev", "null", Kind.SPECIAL),
        entry("", "queue", Kind.SPECIAL),
        entry("", "next", size=2),
    ]


# Contents


def captured(*parts: bytes, max_bytes: int = 10) -> Layer:
    capture = Capture(lambda parent: lambda name: (parent, name) == ("app", "keep"), max_bytes)
    return read_layer(StreamReader(iter([tar(*parts)])), capture)


def test_only_wanted_files_are_kept() -> None:
    layer = captured(
        file("app/keep", b"yes").encoded(),
        file("app/other", b"no").encoded(),
        file("keep", b"no").encoded(),
        symlink("app/keep", "target").encoded(),
        file("app/keep", b"").encoded(),
    )
    assert [each.content for each in layer.entries] == [b"yes", None, None, None, b""]


def test_files_too_large_to_read_are_named() -> None:
    layer = captured(
        file("app/keep", 10).encoded(),
        file("app/keep", 11).encoded(),
        gnu_sparse("app/keep", b"1", real_size=5),
        file("app/other", b"x").encoded(),
    )
    assert [(each.size, each.content) for each in layer.entries] == [
        (10, bytes(10)),
        (11, None),
        (5, None),
        (1, None),
    ]
    assert layer.warnings == (
        "too large to read (11 bytes): 'app/keep'",
        "too large to read (5 bytes): 'app/keep'",
    )


def test_a_wanted_file_that_is_cut_short_is_an_error() -> None:
    data = tar(file("app/keep", b"0123456789"))[:515]
    with pytest.raises(CorruptImage, match="the tar is cut short after 'app/keep'"):
        read_layer(StreamReader(iter([data])), Capture(lambda parent: lambda name: True, 10))


def test_37_a_sparse_file_counts_with_its_real_size() -> None:
    sparse = (
        pax(GNU_sparse_major=1, GNU_sparse_minor=0, GNU_sparse_realsize=9_000)
        + header(b"hole", size=3)
        + padded(b"abc")
    )
    assert walked(sparse).entries == [entry("", "hole", size=9_000)]


def test_many_warnings_of_a_kind_are_counted() -> None:
    layer = walked(*(file(f"../{number}") for number in range(1_005)), end=b"")
    shown = [f"a path that leaves the image is kept inside: '../{number}'" for number in range(3)]
    assert layer.warnings == (
        *shown,
        "a path that leaves the image is kept inside: 1,002 more",
        "the tar has no end mark; it may be cut short at a file's end",
    )


def test_small_files_of_a_folder_are_read_whatever_their_names() -> None:
    capture = Capture(
        lambda parent: lambda name: name == "keep", 10, lambda parent: 3 if parent == "bin" else -1
    )
    data = tar(
        file("bin/a", b"#!x").encoded(),
        file("bin/b", b"#!xy").encoded(),
        file("bin/c", b"").encoded(),
        file("bin/keep", b"0123456789").encoded(),
        file("lib/a", b"#!x").encoded(),
        file("lib/b", b"").encoded(),
    )
    layer = read_layer(StreamReader(iter([data])), capture)
    assert [each.content for each in layer.entries] == [
        b"#!x", None, b"", b"0123456789", None, None,
    ]  # fmt: skip
    assert layer.warnings == ()


def test_what_is_made_of_a_text_is_kept_in_its_place() -> None:
    digest = Digest(
        lambda parent: lambda name: 5 if parent == "src" else -1,
        lambda parent, name, data: data.upper(),
    )
    data = tar(file("src/a", b"abc"), file("src/b", b"abcdef"), file("src/c"), file("lib/a", b"x"))
    layer = read_layer(StreamReader(iter([data])), replace(NOTHING, digest=digest))
    assert [each.content for each in layer.entries] == [b"ABC", None, b"", None]


@pytest.mark.parametrize(
    "layer",
    [
        Layer(entries=[], whiteouts=[], warnings=("odd",)),
        walked(folder("a"), file("a/b", 3, mtime=7), symlink("l", "a"), whiteout("a/c")),
    ],
)
def test_a_layer_comes_through_a_pickle_as_it_was(layer: Layer) -> None:
    found = pickle.loads(pickle.dumps(layer))
    assert found == layer
    assert [type(each) for each in found.entries] == [type(each) for each in layer.entries]
    assert [type(each.kind) for each in found.entries] == [Kind] * len(layer.entries)
