"""Files below a folder, and nothing else of this machine."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from imgdiag.errors import CorruptImage
from imgdiag.sources.beneath import Beneath


def descriptors() -> int:
    """Return how many files this process has open."""
    return len(list(Path("/proc/self/fd").iterdir()))


def test_files_of_one_folder_and_of_others(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    for name in ("top", "a/one", "a/two", "a/b/three"):
        (tmp_path / name).write_text(f"in {name}")
    opened = descriptors()
    with Beneath(tmp_path) as files:
        assert files.read("a/one", 0, 100) == b"in a/one"
        assert files.read("a/two", 3, 100) == b"a/two"
        assert files.read("./a/b/three", 3, 3) == b"a/b"
        assert files.read("top", 0, 100) == b"in top"
    assert descriptors() == opened


def test_what_cannot_be_read_leaves_the_rest_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "file").write_text("text")
    (tmp_path / "link").symlink_to("a")
    (tmp_path / "a" / "link").symlink_to("file")
    os.mkfifo(tmp_path / "a" / "fifo")
    opened = descriptors()
    with Beneath(tmp_path) as files:
        for name, message in (
            ("link/file", "Not a directory: 'link'"),
            ("a/link", "Too many levels of symbolic links: 'link'"),
            ("a/none", "No such file or directory: 'none'"),
            ("none/file", "No such file or directory: 'none'"),
            ("a/file/below", "Not a directory: 'file'"),
            ("a/fifo", "'a/fifo' is no file in the engine's store"),
            ("a", "'a' is no file in the engine's store"),
        ):
            with pytest.raises((OSError, CorruptImage), match=message):
                files.read(name, 0, 10)
            assert files.read("a/file", 0, 10) == b"text"
    assert descriptors() == opened
