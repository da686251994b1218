"""The overlay merge, case by case."""

from __future__ import annotations

import pytest

from imgdiag.errors import CorruptImage
from imgdiag.filesystem import (
    Directory,
    File,
    Filesystem,
    LayerSizes,
    Symlink,
    merge,
)
from imgdiag.layers.walk import Entry as WalkedEntry
from imgdiag.layers.walk import Kind, Layer
from imgdiag.limits import Limits, TooLarge
from tests.builder import (
    Entry,
    device,
    fifo,
    file,
    folder,
    hard_link,
    header,
    merged,
    opaque,
    symlink,
    walked,
    whiteout,
)

Hidden = tuple[str, int, str, int, int]  # path, bytes, cause, made in, hidden in


def visible(filesystem: Filesystem) -> dict[str, int | str]:
    """Return all that is seen: a file's size, a link's target, what else it is."""
    found: dict[str, int | str] = {}
    for path, directory in filesystem.directories():
        for name, node in directory.children.items():
            where = f"{path}/{name}" if path else name
            if isinstance(node, File):
                found[where] = node.size
            elif isinstance(node, Symlink):
                found[where] = f"→ {node.target}"
            else:
                found[where] = "folder" if isinstance(node, Directory) else "special"
    return found


def hidden(filesystem: Filesystem) -> list[Hidden]:
    return [
        (each.path, each.file.size, each.cause.value, each.file.layer, each.hidden_in)
        for each in filesystem.hidden
    ]


def sizes(filesystem: Filesystem) -> tuple[int, int, int]:
    return filesystem.layer_bytes, filesystem.visible_bytes, filesystem.wasted_bytes


def test_one_layer() -> None:
    filesystem = merged(
        [folder("app"), file("app/a", 10), symlink("app/b", "a"), hard_link("app/c", "app/a"),
         device("dev"), fifo("pipe")]
    )  # fmt: skip
    assert visible(filesystem) == {
        "app": "folder",
        "app/a": 10,
        "app/b": "→ a",
        "app/c": 10,
        "dev": "special",
        "pipe": "special",
    }
    assert filesystem.layers == (
        LayerSizes(layer_bytes=10, visible_bytes=10, wasted_bytes=0, files=1),
    )
    assert (filesystem.symlink_bytes, filesystem.hidden, filesystem.warnings) == (1, (), ())


def test_17_no_layers_at_all() -> None:
    filesystem = merge([])
    assert (visible(filesystem), sizes(filesystem), filesystem.layers) == ({}, (0, 0, 0), ())


def test_16_a_layer_that_could_not_be_read_changes_nothing() -> None:
    filesystem = merge([walked(file("a", 1)), None, walked(file("b", 2))])
    assert visible(filesystem) == {"a": 1, "b": 2}
    assert [layer.layer_bytes for layer in filesystem.layers] == [1, 0, 2]


def test_missing_parents_are_made() -> None:
    filesystem = merged([file("a/b/c", 1)])
    assert visible(filesystem) == {"a": "folder", "a/b": "folder", "a/b/c": 1}


def test_a_folder_again_keeps_its_children_and_takes_the_new_mode() -> None:
    filesystem = merged([folder("a"), file("a/b", 1)], [folder("a", mode=0o700), folder(".")])
    assert visible(filesystem) == {"a": "folder", "a/b": 1}
    here = filesystem.find("a")
    assert isinstance(here, Directory)
    assert here.attributes == (0o700, 0, 0)


# Names are kept apart


def test_38_case_unicode_forms_and_broken_bytes_are_apart() -> None:
    names = ["a", "A", "e\u0301", "\u00e9", "\udce9", "a\nb"]
    assert visible(merged([file(name, 1) for name in names])) == dict.fromkeys(names, 1)


# Symbolic links


def test_42_a_circle_of_links_is_listed_and_never_followed() -> None:
    filesystem = merged([symlink("a", "b"), symlink("b", "a"), symlink("self", "self")])
    assert visible(filesystem) == {"a": "→ b", "b": "→ a", "self": "→ self"}
    with pytest.raises(CorruptImage) as caught:
        merged([symlink("a", "b"), symlink("b", "a"), file("a/file", 1)])
    assert str(caught.value) == "symbolic links in a circle: 'a'"


def replaced(layer: int, path: str, target: str = "") -> str:
    link = f" → {target!r}" if target else ""
    return f"entries below what is no folder make it one: {path!r}{link}, by layer {layer}"


FOLLOWED = "entries under a symbolic link of the same layer go where it leads"


@pytest.mark.parametrize(
    "target", ["real", "/real", "../../real", "/../real", "gone/there", "l", "link"]
)
def test_43_a_folder_takes_the_place_of_a_lower_layers_link(target: str) -> None:
    lower = [folder("real"), file("real/x", 10), symlink("l", "real"), symlink("link", target)]
    below = {"real": "folder", "real/x": 10, "l": "→ real", "link": "folder"}
    for upper, seen in (
        ([file("link/sub/y", 5)], {"link/sub": "folder", "link/sub/y": 5}),
        ([symlink("link/y", "x")], {"link/y": "→ x"}),
        ([folder("link/sub")], {"link/sub": "folder"}),
        ([file("link/y", 5), hard_link("link/z", "link/y")], {"link/y": 5, "link/z": 5}),
        ([whiteout("link/x")], {}),
        ([opaque("link"), file("link/y", 5)], {"link/y": 5}),
    ):  # fmt: skip
        filesystem = merged(lower, upper)
        assert visible(filesystem) == below | seen
        assert filesystem.hidden == ()
        assert filesystem.warnings == (replaced(1, "link", target),)


def test_43_what_stands_below_a_replaced_link_stays_there() -> None:
    lower = [file("real/x", 10), symlink("link", "real")]
    filesystem = merged(lower, [file("link/y", 5)], [file("link/z", 6), whiteout("link/y")])
    assert visible(filesystem) == {
        "real": "folder", "real/x": 10, "link": "folder", "link/z": 6,
    }  # fmt: skip
    assert hidden(filesystem) == [("link/y", 5, "deleted", 1, 2)]


def test_43_a_link_of_the_same_layer_is_followed() -> None:
    filesystem = merged(
        [folder("usr/bin"), file("usr/lib/old", 3)],
        [symlink("bin", "usr/bin"), symlink("abs", "/usr"), symlink("chain", "abs/./lib/../bin")],
        [symlink("bin", "usr/bin"), symlink("abs", "/usr"), symlink("chain", "abs/./lib/../bin"),
         file("bin/tool", 7), file("abs/lib/x", 1), file("abs/lib/old", 2), file("chain/y", 4)],
    )  # fmt: skip
    assert visible(filesystem) == {
        "usr": "folder",
        "usr/bin": "folder",
        "usr/bin/tool": 7,
        "usr/bin/y": 4,
        "usr/lib": "folder",
        "usr/lib/x": 1,
        "usr/lib/old": 2,
        "bin": "→ usr/bin",
        "abs": "→ /usr",
        "chain": "→ abs/./lib/../bin",
    }
    assert hidden(filesystem) == [("abs/lib/old", 3, "overwritten", 0, 2)]
    assert filesystem.warnings == (
        f"{FOLLOWED}: 'bin'",
        f"{FOLLOWED}: 'abs/lib'",
        f"{FOLLOWED}: 'chain'",
    )


def test_43_a_link_of_the_same_layer_goes_by_no_lower_link() -> None:
    filesystem = merged(
        [file("real/sub/s", 7), symlink("l", "real")], [symlink("link", "l/sub"), file("link/y", 5)]
    )
    assert visible(filesystem) == {
        "real": "folder", "real/sub": "folder", "real/sub/s": 7,
        "l": "folder", "l/sub": "folder", "l/sub/y": 5, "link": "→ l/sub",
    }  # fmt: skip
    assert filesystem.warnings == (replaced(1, "l", "real"), f"{FOLLOWED}: 'link'")


def test_43_what_takes_a_place_behind_a_link_is_told_by_its_real_path() -> None:
    filesystem = merged([file("b", 10)], [symlink("a/l", "../b"), file("a/l/x", 1)])
    assert hidden(filesystem) == [("b", 10, "replaced", 0, 1)]
    assert filesystem.warnings == (replaced(1, "b"), f"{FOLLOWED}: 'a/l'")


def test_43_a_whiteout_goes_by_a_link_that_its_own_layer_makes() -> None:
    filesystem = merged(
        [file("real/x", 10), symlink("d/l", "old")], [symlink("d/l", "/real"), whiteout("d/l/x")]
    )
    assert visible(filesystem) == {"real": "folder", "d": "folder", "d/l": "→ /real"}
    assert [each[1:] for each in hidden(filesystem)] == [(10, "deleted", 0, 1)]


def test_43_where_a_link_of_the_same_layer_leads_is_made() -> None:
    filesystem = merged([symlink("link", "gone/there"), file("link/y", 5)])
    assert visible(filesystem) == {
        "link": "→ gone/there", "gone": "folder", "gone/there": "folder", "gone/there/y": 5,
    }  # fmt: skip


def test_43_a_link_that_leads_out_stays_inside() -> None:
    filesystem = merged([symlink("up", "../../.."), file("up/file", 1)])
    assert visible(filesystem) == {"up": "→ ../../..", "file": 1}


def test_43_a_circle_of_links_in_one_layer_is_an_error() -> None:
    with pytest.raises(CorruptImage, match="symbolic links in a circle: 'a'"):
        merged([symlink("a", "b"), symlink("b", "a"), file("a/x", 1)])


def test_43_a_whiteout_under_a_link_that_the_layer_makes_anew_goes_where_that_leads() -> None:
    lower = [file("real/x", 10), file("other/x", 20), symlink("link", "other")]
    filesystem = merged(lower, [symlink("link", "real"), whiteout("link/x")])
    assert hidden(filesystem) == [("link/x", 10, "deleted", 0, 1)]
    assert isinstance(filesystem.find("link"), Symlink)
    assert filesystem.warnings == (f"{FOLLOWED}: 'link'",)


def test_a_folder_takes_the_place_of_a_file() -> None:
    lower = [file("file", 5), device("null")]
    for upper in ([file("file/a", 1), file("null/b", 2)], [whiteout("file/a"), opaque("null")]):
        filesystem = merged(lower, upper)
        assert isinstance(filesystem.find("file"), Directory)
        assert isinstance(filesystem.find("null"), Directory)
        assert hidden(filesystem) == [("file", 5, "replaced", 0, 1)]
        assert filesystem.warnings == (replaced(1, "file"), replaced(1, "null"))
    filesystem = merged([file("file", 5), file("file/a", 1)])
    assert visible(filesystem) == {"file": "folder", "file/a": 1}
    assert filesystem.warnings == (replaced(0, "file"),)


def test_44_a_real_folder_over_a_link_replaces_the_link() -> None:
    filesystem = merged(
        [file("real/old", 1), symlink("link", "real")], [folder("link"), file("link/new", 2)]
    )
    assert visible(filesystem) == {
        "real": "folder",
        "real/old": 1,
        "link": "folder",
        "link/new": 2,
    }
    assert filesystem.warnings == ()


@pytest.mark.parametrize("lower", [symlink("d", "real"), file("d", 7)])
def test_44_a_folder_with_whiteouts_over_what_is_none_is_meant(lower: Entry) -> None:
    filesystem = merged([file("real/x", 10), lower], [folder("d"), opaque("d"), whiteout("d/x")])
    assert visible(filesystem) == {"real": "folder", "real/x": 10, "d": "folder"}
    assert filesystem.warnings == ()


def test_44_a_link_replaced_between_its_entries() -> None:
    filesystem = merged(
        [folder("real")],
        [symlink("link", "real"), file("link/a", 1), folder("link"), file("link/b", 2)],
    )
    assert visible(filesystem) == {
        "link": "folder",
        "link/b": 2,
        "real": "folder",
        "real/a": 1,
    }


def test_64_symlink_targets_are_measured_in_bytes_over_all_layers() -> None:
    filesystem = merged([symlink("a", "four")], [symlink("a", "é"), symlink("b", "\udcff")])
    assert filesystem.symlink_bytes == 4 + 2 + 1


# Whiteouts


BASE = [folder("dir"), file("dir/a", 10), file("dir/sub/b", 20), file("other", 5)]


def test_45_an_opaque_folder_hides_its_lower_children() -> None:
    filesystem = merged(BASE, [folder("dir"), opaque("dir"), file("dir/new", 1)])
    assert visible(filesystem) == {"dir": "folder", "dir/new": 1, "other": 5}
    assert hidden(filesystem) == [
        ("dir/a", 10, "deleted", 0, 1),
        ("dir/sub/b", 20, "deleted", 0, 1),
    ]


def test_45_an_opaque_root_hides_nothing() -> None:
    filesystem = merged(BASE, [opaque(""), file("new", 1)])
    assert visible(filesystem) == visible(merged([*BASE, file("new", 1)]))
    assert sizes(filesystem) == (36, 36, 0)
    assert filesystem.warnings == ("an opaque mark on the root is ignored, as engines do",)


def test_46_an_opaque_mark_after_its_siblings_leaves_them() -> None:
    filesystem = merged(BASE, [file("dir/new", 1), file("dir/sub/c", 2), opaque("dir")])
    assert visible(filesystem) == {
        "dir": "folder",
        "dir/new": 1,
        "dir/sub": "folder",
        "dir/sub/c": 2,
        "other": 5,
    }


def test_46_a_whiteout_after_the_new_file_of_its_name_leaves_it() -> None:
    filesystem = merged(BASE, [file("other", 6), whiteout("other")])
    assert visible(filesystem)["other"] == 6
    assert hidden(filesystem) == [("other", 5, "deleted", 0, 1)]


@pytest.mark.parametrize("name", [".wh..wh..opqX", ".wh.", ".wh..", ".wh..."])
def test_47_odd_whiteouts_never_wipe_the_parent(name: str) -> None:
    filesystem = merged(BASE, [file(f"dir/{name}")])
    assert visible(filesystem) == visible(merged(BASE))


def test_48_whiteouts_in_the_base_layer_have_no_effect() -> None:
    filesystem = merged([*BASE, whiteout("other"), whiteout("gone"), opaque("dir"), opaque("")])
    assert visible(filesystem) == visible(merged(BASE))
    assert (filesystem.hidden, filesystem.warnings) == ((), ())


@pytest.mark.parametrize("gone", ["gone", "dir/gone", "dir/sub/gone"])
def test_48_whiteouts_of_what_is_not_there_vanish(gone: str) -> None:
    assert visible(merged(BASE, [whiteout(gone)])) == visible(merged(BASE))


@pytest.mark.parametrize("mark", [whiteout("gone/deep/x"), opaque("gone/deep")])
def test_48_the_folder_of_a_whiteout_is_made(mark: Entry) -> None:
    made = {"gone": "folder", "gone/deep": "folder"}
    assert visible(merged(BASE, [mark])) == visible(merged(BASE)) | made


def test_67_a_folder_deleted_wastes_every_byte_below_it() -> None:
    filesystem = merged(BASE, [whiteout("dir")])
    assert visible(filesystem) == {"other": 5}
    assert sizes(filesystem) == (35, 5, 30)
    assert hidden(filesystem) == [
        ("dir/a", 10, "deleted", 0, 1),
        ("dir/sub/b", 20, "deleted", 0, 1),
    ]


def test_50_a_folder_deleted_and_made_again_holds_only_what_is_new() -> None:
    filesystem = merged(BASE, [whiteout("dir")], [file("dir/a", 3)])
    assert visible(filesystem) == {"dir": "folder", "dir/a": 3, "other": 5}
    assert sizes(filesystem) == (38, 8, 30)


# Replaced


def test_49_a_file_over_a_folder_takes_the_children_away() -> None:
    filesystem = merged(BASE, [file("dir", 1)])
    assert visible(filesystem) == {"dir": 1, "other": 5}
    assert hidden(filesystem) == [
        ("dir/a", 10, "replaced", 0, 1),
        ("dir/sub/b", 20, "replaced", 0, 1),
    ]


@pytest.mark.parametrize(
    ("entry", "after"),
    [(folder("other"), "folder"), (symlink("other", "x"), "→ x"), (device("other"), "special")],
)
def test_49_anything_over_a_file_replaces_it(entry: Entry, after: str) -> None:
    filesystem = merged(BASE, [entry])
    assert visible(filesystem)["other"] == after
    assert hidden(filesystem) == [("other", 5, "replaced", 0, 1)]


def test_53_three_copies_by_touch_and_chmod_waste_two() -> None:
    copies = [file("big", 9, mtime=1), file("big", 9, mtime=1, mode=0o755), file("big", 9, mtime=2)]
    filesystem = merge([walked(copy) for copy in copies], frozenset({2}))
    assert sizes(filesystem) == (27, 9, 18)
    assert hidden(filesystem) == [
        ("big", 9, "metadata-only", 0, 1),
        ("big", 9, "metadata-only", 1, 2),
    ]


def test_53_another_time_is_a_rewrite_when_the_command_sets_no_times() -> None:
    assert hidden(merged([file("big", 9, mtime=1)], [file("big", 9, mtime=2)])) == [
        ("big", 9, "overwritten", 0, 1)
    ]


def test_54_a_file_deleted_later_is_charged_to_its_maker_and_names_its_deleter() -> None:
    filesystem = merged([file("a", 1)], [file("b", 10)], [file("c", 2)], [whiteout("b")])
    assert filesystem.layers == (
        LayerSizes(layer_bytes=1, visible_bytes=1, wasted_bytes=0, files=1),
        LayerSizes(layer_bytes=10, visible_bytes=0, wasted_bytes=10, files=1),
        LayerSizes(layer_bytes=2, visible_bytes=2, wasted_bytes=0, files=1),
        LayerSizes(layer_bytes=0, visible_bytes=0, wasted_bytes=0, files=0),
    )
    assert hidden(filesystem) == [("b", 10, "deleted", 1, 3)]


def test_55_the_same_path_twice_in_a_layer_counts_twice_and_the_last_wins() -> None:
    filesystem = merged([file("a", 10), file("a", 3)])
    assert visible(filesystem) == {"a": 3}
    assert filesystem.layers == (
        LayerSizes(layer_bytes=13, visible_bytes=3, wasted_bytes=10, files=2),
    )
    assert hidden(filesystem) == [("a", 10, "overwritten", 0, 0)]
    assert filesystem.warnings == ("the same path twice in one layer: 'a'",)


def test_68_a_small_file_grown_by_a_rewrite_wastes_its_first_bytes() -> None:
    filesystem = merged([file("log", 10)], [file("log", 9_000)])
    assert sizes(filesystem) == (9_010, 9_000, 10)
    assert hidden(filesystem) == [("log", 10, "overwritten", 0, 1)]


# Hard links


LINKED = [file("one", 10), hard_link("two", "one")]


@pytest.mark.parametrize("kept", ["one", "two"])
def test_51_hard_link_with_one_name_deleted(kept: str) -> None:
    gone = {"one": "two", "two": "one"}[kept]
    filesystem = merged(LINKED, [whiteout(gone)])
    assert visible(filesystem) == {kept: 10}
    assert (sizes(filesystem), filesystem.hidden) == ((10, 10, 0), ())


@pytest.mark.parametrize("kept", ["one", "two"])
def test_51_hard_link_with_one_name_overwritten(kept: str) -> None:
    gone = {"one": "two", "two": "one"}[kept]
    filesystem = merged(LINKED, [file(gone, 3)])
    assert visible(filesystem) == {kept: 10, gone: 3}
    assert (sizes(filesystem), filesystem.hidden) == ((13, 13, 0), ())


def test_51_hard_link_with_both_names_gone() -> None:
    filesystem = merged(LINKED, [whiteout("one")], [file("two", 3)])
    assert hidden(filesystem) == [("two", 10, "overwritten", 0, 2)]
    assert sizes(filesystem) == (13, 3, 10)


def test_52_a_hard_link_across_layers_is_one_more_name() -> None:
    filesystem = merged([file("one", 10)], [hard_link("two", "one")], [whiteout("one")])
    assert visible(filesystem) == {"two": 10}
    assert sizes(filesystem) == (10, 10, 0)


def test_52_a_hard_link_to_nothing_is_left_out() -> None:
    filesystem = merged([folder("dir"), hard_link("a", "gone"), hard_link("b", "dir")])
    assert visible(filesystem) == {"dir": "folder"}
    assert filesystem.warnings == (
        "a hard link to nothing is left out: 'a' → 'gone'",
        "a hard link to nothing is left out: 'b' → 'dir'",
    )


def test_52_hard_links_to_links_and_devices() -> None:
    filesystem = merged(
        [symlink("link", "xyz"), hard_link("same", "link"), device("dev"), hard_link("d2", "dev")]
    )
    assert visible(filesystem) == {
        "link": "→ xyz",
        "same": "→ xyz",
        "dev": "special",
        "d2": "special",
    }
    assert filesystem.symlink_bytes == 3


def test_a_hard_link_to_itself_changes_nothing() -> None:
    filesystem = merged([file("a", 10), hard_link("a", "a")], [hard_link("a", "a")])
    assert (visible(filesystem), sizes(filesystem)) == ({"a": 10}, (10, 10, 0))


def test_a_hard_link_over_the_folder_that_holds_its_target() -> None:
    filesystem = merged([file("dir/a", 10), file("dir/b", 1)], [hard_link("dir", "dir/a")])
    assert visible(filesystem) == {"dir": 10}
    assert hidden(filesystem) == [("dir/b", 1, "replaced", 0, 1)]


def test_56_a_size_on_a_link_is_not_counted() -> None:
    filesystem = merged([file("one", 10), hard_link("two", "one", size=10)])
    assert sizes(filesystem) == (10, 10, 0)
    odd = [header(b"link", kind=b"2", link=b"x", size=99), header(b"dir", kind=b"5", size=99)]
    assert sizes(merged(odd)) == (0, 0, 0)


def test_57_devices_count_nothing() -> None:
    assert sizes(merged([device("dev/null", size=5_000), fifo("queue")])) == (0, 0, 0)


def test_59_a_path_of_1_500_parts() -> None:
    deep = "/".join(["d"] * 1_500)
    filesystem = merged([file(f"{deep}/a", 7)], [file(f"{deep}/b", 1)], [whiteout("d")])
    assert visible(filesystem) == {}
    assert [path for path, *_ in hidden(filesystem)] == [f"{deep}/a", f"{deep}/b"]
    node = merged([file(f"{deep}/a", 7)]).find(f"{deep}/a")
    assert isinstance(node, File)
    assert node.size == 7


def test_what_was_read_of_a_file_stays_with_it() -> None:
    entry = WalkedEntry("", "a", Kind.FILE, 4, (0o644, 1, 2), 7, "", b"text")
    found = merge([Layer(entries=[entry], whiteouts=[])]).find("a")
    assert isinstance(found, File)
    assert (found.content, found.attributes, found.mtime, found.size) == (
        b"text", (0o644, 1, 2), 7, 4,
    )  # fmt: skip


def test_what_is_known_of_folders() -> None:
    root = merge(
        [Layer(entries=[], whiteouts=[]), walked(file("a/b"), folder("c", mode=0o700))]
    ).root
    made, given = root.children["a"], root.children["c"]
    assert isinstance(made, Directory)
    assert isinstance(given, Directory)
    assert (made.attributes, given.attributes) == ((0o755, 0, 0), (0o700, 0, 0))
    assert (made.layer, given.layer) == (1, 1)


def test_folders_that_no_entry_made_count_to_the_last() -> None:
    marked = walked(file("a"), whiteout("b"))
    assert merge([marked], limits=Limits(entries=2)).find("a")
    with pytest.raises(TooLarge):
        merge([marked], limits=Limits(entries=1))
    layer = walked(file("a/b/c"))
    assert merge([layer], limits=Limits(entries=3)).find("a/b/c")
    with pytest.raises(TooLarge):
        merge([layer], limits=Limits(entries=2))


def test_files_yields_each_name() -> None:
    filesystem = merged([folder("dir"), *LINKED, file("dir/three", 3)])
    assert [(path, each.size) for path, each in filesystem.files()] == [
        ("one", 10),
        ("two", 10),
        ("dir/three", 3),
    ]
    assert filesystem.find("one") is filesystem.find("two")
