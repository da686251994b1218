from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgdiag.filesystem import Directory, File, Filesystem, join
from imgdiag.scanner.usage import Usage, UsageRow
from tests.made import made_filesystem, made_layer

FILES = {"a/x": 5, "a/b/y": 70, "a/b/z": 30, "c/w": 200, "top": 1_000}


def usage(filesystem: Filesystem) -> Usage:
    return Usage(filesystem)


def test_tables_add_up_with_the_largest_first() -> None:
    found = usage(made_filesystem(made_layer(FILES)))
    assert found.table("") == [
        UsageRow("top", 1_000), UsageRow("c", 200), UsageRow("a", 105),
    ]  # fmt: skip
    assert found.table("a") == [UsageRow("a/b", 100), UsageRow("a/x", 5)]
    assert found.table("a/x") == []
    assert found.table("nowhere") == []


def test_a_symlink_has_no_bytes_and_no_table_of_its_own() -> None:
    found = usage(made_filesystem(made_layer(FILES, symlinks={"l": "a"})))
    assert "l" not in {row.path for row in found.table("")}
    assert found.table("l") == []


def test_what_later_layers_hide_does_not_count() -> None:
    lower = made_layer(FILES)
    upper = made_layer({"a/x": 8}, deletes=("c",))
    found = usage(made_filesystem(lower, None, upper))
    assert found.table("") == [UsageRow("top", 1_000), UsageRow("a", 108)]
    assert [hidden.file.size for hidden in found.hidden_at()["a/x"]] == [5]
    assert set(found.hidden_at()) == {"a/x", "c/w"}


def test_hard_links_count_once_and_at_one_place() -> None:
    links = {"c/again": "a/b/y", "a/b/here": "a/b/y"}
    found = usage(made_filesystem(made_layer(FILES, links=links)))
    rows = {row.path: row.bytes for path in ("", "a", "a/b", "c") for row in found.table(path)}
    assert sum(row.bytes for row in found.table("")) == sum(FILES.values())
    assert sorted(rows[path] for path in ("a/b/y", "a/b/here", "c/again")) == [0, 0, 70]
    assert [row for row in found.largest_files(9) if row.bytes == 70] == [
        UsageRow(next(path for path in rows if rows[path] == 70 and path != "a/b"), 70)
    ]


def test_largest_files() -> None:
    found = usage(made_filesystem(made_layer(FILES)))
    assert found.largest_files(2) == [UsageRow("top", 1_000), UsageRow("c/w", 200)]
    assert len(found.largest_files(99)) == len(FILES)
    assert found.largest_files(0) == []


def test_files_in_overlapping_folders_come_once_and_with_all_names() -> None:
    found = usage(made_filesystem(made_layer(FILES, links={"a/b/again": "a/b/y"})))
    pairs = list(found.files_in(["a", "a/b", "c/w", "nowhere"]))
    assert sorted(path for path, _ in pairs) == ["a/b/again", "a/b/y", "a/b/z", "a/x", "c/w"]
    assert len({file for _, file in pairs}) == 4


def test_folders_are_found_by_name() -> None:
    found = usage(made_filesystem(made_layer({"a/x/f": 1, "b/x/f": 1, "x/f": 1})))
    assert {path for path, _ in found.named["x"]} == {"a/x", "b/x", "x"}


def test_an_empty_image() -> None:
    filesystem = made_filesystem()
    found = usage(filesystem)
    assert (found.bytes_below(filesystem.root), found.table("")) == (0, [])
    assert found.hidden_at() == {}


NAMES = st.sampled_from(["a", "b", "c", "d"])
PATHS = st.lists(NAMES, min_size=1, max_size=4).map("/".join)


@st.composite
def filesystems(draw: st.DrawFn) -> Filesystem:
    layers = []
    seen: list[str] = []
    for _ in range(draw(st.integers(1, 3))):
        files = draw(st.dictionaries(PATHS, st.integers(0, 99), max_size=8))
        # A path that is both a file and a folder is for the merge's own tests.
        files = {
            path: size
            for path, size in files.items()
            if not any(other.startswith(f"{path}/") for other in files)
        }
        links = {
            f"{draw(PATHS)}/link{draw(st.integers(0, 3))}": target
            for target in draw(st.lists(st.sampled_from(sorted(files)), max_size=3))
        } if files else {}  # fmt: skip
        deletes = tuple(draw(st.lists(st.sampled_from(seen), max_size=2))) if seen else ()
        layers.append(made_layer(files, links=links, deletes=deletes))
        seen += files
    return made_filesystem(*layers)


def brute_force(directory: Directory) -> int:
    inodes: set[File] = set()
    stack: list[Directory] = [directory]
    while stack:
        for child in stack.pop().children.values():
            if isinstance(child, Directory):
                stack.append(child)
            elif isinstance(child, File):
                inodes.add(child)
    return sum(file.size for file in inodes)


@given(filesystems())
def test_sizes_are_right_and_children_add_up(filesystem: Filesystem) -> None:
    found = Usage(filesystem)
    assert found.bytes_below(filesystem.root) == brute_force(filesystem.root)
    assert found.bytes_below(filesystem.root) == filesystem.visible_bytes
    for path, directory in filesystem.directories():
        rows = found.table(path)
        assert sum(row.bytes for row in rows) == found.bytes_below(directory)
        assert {row.path for row in rows} == {
            join(path, name)
            for name, node in directory.children.items()
            if isinstance(node, (File, Directory))
        }
        # An inode counts at its first name alone, so a folder has never more than it holds.
        assert found.bytes_below(directory) <= brute_force(directory)
    assert sum(row.bytes for row in found.largest_files(10_000)) == filesystem.visible_bytes


def is_gnu_du() -> bool:
    if not shutil.which("du"):
        return False
    result = subprocess.run(["du", "--version"], capture_output=True, text=True, check=False)
    return "GNU" in result.stdout


def du(folder: Path) -> dict[str, int]:
    """Return the bytes of each folder below `folder`, by its path from there."""
    done = subprocess.run(
        ["du", "--bytes", "--null", "."], cwd=folder, capture_output=True, check=True
    )
    lines = (line.decode().partition("\t") for line in done.stdout.split(b"\0")[:-1])
    return {path.removeprefix("./").removeprefix("."): int(count) for count, _, path in lines}


@pytest.mark.skipif(not is_gnu_du(), reason="needs GNU du")
def test_the_numbers_are_those_of_du(tmp_path: Path) -> None:
    # Older ones count the folders themselves, whose sizes are the host file system's own affair.
    counts_folders = du(tmp_path)[""] > 0
    files = {f"d{i % 3}/e{i % 5}/f{i}": i * 1_237 for i in range(40)} | FILES
    found = usage(made_filesystem(made_layer(files, links={"a/b/again": "a/b/y"})))
    for path, size in files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        with (tmp_path / path).open("wb") as file:
            file.truncate(size)
    (tmp_path / "a/b/again").hardlink_to(tmp_path / "a/b/y")
    theirs = du(tmp_path)
    for path in theirs if counts_folders else ():
        for folder, _, _ in os.walk(tmp_path / path):
            theirs[path] -= Path(folder).lstat().st_size
    ours = {path: found.bytes_below(directory) for path, directory in found.directories}
    assert ours == theirs
