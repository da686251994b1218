from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgdiag.errors import ImgdiagError
from imgdiag.project.context import context_files, ignore_file, read_patterns

FILES = (
    "a.py", "Data/x", "data/x", "data/keep/y", "src/a.pyc", "src/deep/er/b.pyc", "src/data/z",
    "node_modules/m", "src/node_modules/m", "[x]", "dir.py/inside", "a b", "foo", "afoo", "x/foo",
)  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("context")
    for number, name in enumerate(FILES):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"x" * number)
    (folder / "link").symlink_to("data")
    return folder


def left_out(folder: Path, *patterns: str) -> set[str]:
    return set(FILES) - {each.path for each in context_files(folder, patterns)}


@pytest.mark.parametrize(
    ("patterns", "expected"),
    [
        ((), set()),
        (("data",), {"data/x", "data/keep/y"}),  # at the root, and case counts
        (("/data/",), {"data/x", "data/keep/y"}),
        (("**/data",), {"data/x", "data/keep/y", "src/data/z"}),
        (("**/node_modules",), {"node_modules/m", "src/node_modules/m"}),
        (("*.py",), {"a.py", "dir.py/inside"}),
        (("**/*.pyc",), {"src/a.pyc", "src/deep/er/b.pyc"}),
        (("src/*.pyc",), {"src/a.pyc"}),
        (("src/**",), {"src/a.pyc", "src/deep/er/b.pyc", "src/data/z", "src/node_modules/m"}),
        (("src/**/*.pyc",), {"src/a.pyc", "src/deep/er/b.pyc"}),
        (("?.py",), {"a.py"}),
        (("[a-c].py",), {"a.py"}),
        (("[^a].py",), set()),
        (("\\[x\\]",), {"[x]"}),
        (("**foo",), {"foo", "x/foo"}),
        (("**/foo",), {"foo", "x/foo"}),
        (("a b",), {"a b"}),
        (("data", "!data/keep"), {"data/x"}),
        (("data", "!data/keep", "data/keep/y"), {"data/x", "data/keep/y"}),
        (("*", "!src"), set(FILES) - {each for each in FILES if each.startswith("src/")}),
        (("*", "!src", "**/*.pyc"),
         set(FILES) - {"src/data/z", "src/node_modules/m"}),
        (("!data",), set()),
        (("./src/../data",), {"data/x", "data/keep/y"}),
        ((".", "/", "!"), set()),
        (("[",), set()),
        (("[[]x]",), {"[x]"}),
    ],
)  # fmt: skip
def test_patterns(folder: Path, patterns: tuple[str, ...], expected: set[str]) -> None:
    assert left_out(folder, *patterns) == expected


def test_sizes_and_links(folder: Path) -> None:
    found = {each.path: each.bytes for each in context_files(folder, ())}
    assert found == {name: number for number, name in enumerate(FILES)}


def test_a_folder_that_cannot_be_read(tmp_path: Path) -> None:
    assert list(context_files(tmp_path / "none", ())) == []
    os.mkfifo(tmp_path / "pipe")
    assert list(context_files(tmp_path, ())) == []


def test_the_file_of_the_patterns(tmp_path: Path) -> None:
    dockerfile = tmp_path / "docker" / "api.Dockerfile"
    dockerfile.parent.mkdir()
    assert ignore_file(tmp_path, dockerfile) is None
    (tmp_path / ".dockerignore").write_text("\ufeff# comment\n\n  data  \n !x\r\n")
    found = ignore_file(tmp_path, dockerfile)
    assert found == tmp_path / ".dockerignore"
    assert read_patterns(found) == ("data", "!x")
    own = dockerfile.with_name("api.Dockerfile.dockerignore")
    own.write_text("# nothing")
    assert ignore_file(tmp_path, dockerfile) == own
    assert read_patterns(own) == read_patterns(None) == ()
    with pytest.raises(ImgdiagError, match="cannot read"):
        read_patterns(tmp_path / "none")


@given(st.lists(st.text("ab/*?[]!\\-^&|.", max_size=8), max_size=4))
def test_no_pattern_breaks_it(patterns: list[str]) -> None:
    assert len(list(context_files(Path(__file__).parent, patterns))) >= 0
