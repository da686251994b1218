import os
from pathlib import Path

import pytest

from imgdiag.errors import ImgdiagError
from imgdiag.filesystem import Directory, File, Special, Symlink
from imgdiag.project.local import read_folder
from tests.made import made_filesystem


def test_a_folder_is_read_as_a_layer_is(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "one").write_bytes(bytes(10))
    os.link(tmp_path / "a" / "one", tmp_path / "a" / "two")
    (tmp_path / "pyvenv.cfg").write_text("version = 3.11\n")
    (tmp_path / "link").symlink_to("a/one")
    (tmp_path / "circle").symlink_to(".")
    os.mkfifo(tmp_path / "pipe")
    filesystem = made_filesystem(read_folder(tmp_path, "venv"))
    assert filesystem.visible_bytes == 10 + 15
    one, two = filesystem.find("venv/a/one"), filesystem.find("venv/a/two")
    assert isinstance(one, File)
    assert one is two
    assert (one.names, one.size, one.content) == (2, 10, None)
    configuration = filesystem.find("venv/pyvenv.cfg")
    assert isinstance(configuration, File)
    assert configuration.content == b"version = 3.11\n"
    assert isinstance(filesystem.find("venv/link"), Symlink)
    assert isinstance(filesystem.find("venv/pipe"), Special)
    assert isinstance(filesystem.find("venv/a"), Directory)


def test_a_name_that_is_not_text(tmp_path: Path) -> None:
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff")).write_bytes(b"x")
    filesystem = made_filesystem(read_folder(tmp_path))
    assert [path for path, _ in filesystem.files()] == ["\udcff"]


def test_no_folder(tmp_path: Path) -> None:
    with pytest.raises(ImgdiagError, match=r"cannot read the folder .*none.* \(No such file"):
        read_folder(tmp_path / "none")
    (tmp_path / "file").touch()
    with pytest.raises(ImgdiagError, match="Not a directory"):
        read_folder(tmp_path / "file")


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_what_may_not_be_read_is_said(tmp_path: Path) -> None:
    (tmp_path / "closed").mkdir(mode=0)
    assert "Permission denied" in read_folder(tmp_path).warnings[0]
