from __future__ import annotations

import pytest

from imgdiag.errors import NotFound
from imgdiag.filesystem import Filesystem
from imgdiag.scanner.du import Row, View, group_written, measure
from tests import builder


@pytest.fixture
def filesystem() -> Filesystem:
    return builder.merged(
        [
            builder.file("usr/lib/big", 500),
            builder.file("usr/lib/small", 20),
            builder.file("usr/bin/app", 100),
            builder.hard_link("usr/bin/again", "usr/bin/app"),
            builder.symlink("bin", "usr/bin"),
            builder.file("etc/conf", 3),
        ]
    )


def adds_up(row: Row) -> None:
    if row.rows:
        assert row.bytes == row.others_bytes + sum(child.bytes for child in row.rows)
    for child in row.rows:
        adds_up(child)


def test_the_root(filesystem: Filesystem) -> None:
    row = measure(filesystem, View())
    assert (row.path, row.bytes, row.is_folder) == ("", 623, True)
    assert [(child.path, child.bytes) for child in row.rows] == [("usr", 620), ("etc", 3)]
    assert row.rows[0].rows == ()
    adds_up(row)


def test_depth_and_top(filesystem: Filesystem) -> None:
    row = measure(filesystem, View(depth=3, top=1))
    [usr] = row.rows
    [lib] = usr.rows
    [big] = lib.rows
    assert (big.path, big.bytes, big.is_folder) == ("usr/lib/big", 500, False)
    assert (lib.others, lib.others_bytes) == (1, 20)
    assert (usr.others, usr.others_bytes) == (1, 100)
    adds_up(row)


def test_depth_0(filesystem: Filesystem) -> None:
    assert measure(filesystem, View(depth=0)) == Row(path="", is_folder=True, bytes=623)


@pytest.mark.parametrize("path", ["/usr/bin", "usr/bin/", "/bin", "/usr/../bin", "//usr/./bin"])
def test_a_folder_by_any_of_its_names(filesystem: Filesystem, path: str) -> None:
    row = measure(filesystem, View(path=path))
    assert (row.path, row.bytes) == ("usr/bin", 100)
    assert len(row.rows) == 2


def test_a_file(filesystem: Filesystem) -> None:
    assert measure(filesystem, View(path="/etc/conf")) == Row(
        path="etc/conf", is_folder=False, bytes=3
    )


@pytest.mark.parametrize("path", ["/nothing", "/etc/conf/x", "/etc/nothing"])
def test_no_such_path(filesystem: Filesystem, path: str) -> None:
    with pytest.raises(NotFound, match="no file or folder"):
        measure(filesystem, View(path=path))


def test_folders_have_bytes_of_their_own_in_blocks(filesystem: Filesystem) -> None:
    row = measure(filesystem, View(depth=2), own={"": 10, "usr": 1000, "usr/lib": 7})
    assert row.bytes == 623 + 1017
    assert (row.others, row.others_bytes) == (0, 10)
    assert row.rows[0].bytes == 620 + 1007
    adds_up(row)


def test_what_is_new(filesystem: Filesystem) -> None:
    row = measure(filesystem, View(depth=2), written={"usr/lib/small": 20, "etc/conf": 3})
    assert row.written_bytes == 23
    assert [child.written_bytes for child in row.rows] == [20, 3]


def test_written_files_by_kind() -> None:
    groups = group_written(
        {
            "app/__pycache__/a.cpython-311.pyc": 10,
            "app/old.pyo": 1,
            "var/log/app": 30,
            "app/run.log.1": 5,
            "root/.cache/huggingface/model": 4000,
            "home/app/.cache/x/__pycache__/b.pyc": 2,
            "data/result": 7,
            "app/catalog": 1,
        }
    )
    assert [(group.kind, group.bytes, group.files) for group in groups] == [
        ("caches", 4000, 1),
        ("logs", 35, 2),
        ("byte-code", 13, 3),
        ("other", 8, 2),
    ]
    assert groups[1].paths == (("var/log/app", 30), ("app/run.log.1", 5))
