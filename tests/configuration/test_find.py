from __future__ import annotations

import contextlib
from pathlib import Path

import pytest

from imgdiag.configuration.find import MAX_BYTES, Found, find_configuration, load_configuration
from imgdiag.errors import ImgdiagError


def write(path: Path, text: str = "") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def found_in(folder: Path) -> tuple[str, tuple[str, ...]] | None:
    with contextlib.chdir(folder):
        found = find_configuration(Path())
    return (found.file.path, found.root) if found else None


def test_nothing(tmp_path: Path) -> None:
    assert found_in(tmp_path) is None


def test_in_the_folder_itself(tmp_path: Path) -> None:
    write(tmp_path / "imgdiag.toml")
    assert found_in(tmp_path) == ("imgdiag.toml", ())


def test_in_pyproject(tmp_path: Path) -> None:
    write(tmp_path / "pyproject.toml", "[tool.imgdiag]\n")
    assert found_in(tmp_path) == ("pyproject.toml", ("tool", "imgdiag"))


def test_imgdiag_toml_comes_before_pyproject(tmp_path: Path) -> None:
    write(tmp_path / "pyproject.toml", "[tool.imgdiag]\n")
    write(tmp_path / "imgdiag.toml")
    assert found_in(tmp_path) == ("imgdiag.toml", ())


def test_the_nearest_up_to_the_root_of_the_repository(tmp_path: Path) -> None:
    outside = write(tmp_path / "imgdiag.toml")
    root = tmp_path / "repository"
    inside = root / "service" / "src"
    inside.mkdir(parents=True)
    write(root / ".git", "gitdir: elsewhere\n")  # as in a worktree
    write(root / "service" / "pyproject.toml", "[tool.ruff]\n")  # says nothing of us
    assert found_in(inside) is None
    at_root = write(root / "imgdiag.toml")
    assert found_in(inside) == (str(at_root), ())
    nearer = write(root / "service" / "imgdiag.toml")
    assert found_in(inside) == (str(nearer), ())
    assert found_in(tmp_path) == (outside.name, ())


def test_without_a_repository_only_the_folder_counts(tmp_path: Path) -> None:
    write(tmp_path / "imgdiag.toml")
    (tmp_path / "below").mkdir()
    assert found_in(tmp_path / "below") is None


def test_a_folder_of_that_name_is_no_configuration(tmp_path: Path) -> None:
    (tmp_path / "imgdiag.toml").mkdir()
    assert found_in(tmp_path) is None


@pytest.mark.parametrize("text", ["[tool", "\xff", "a = 1\na = 2\n"])
def test_no_toml(tmp_path: Path, text: str) -> None:
    (tmp_path / "imgdiag.toml").write_bytes(text.encode("latin-1"))
    with pytest.raises(ImgdiagError, match=r"^/.*/imgdiag.toml is not valid TOML \("):
        find_configuration(tmp_path)


def test_a_file_that_is_too_large(tmp_path: Path) -> None:
    path = write(tmp_path / "imgdiag.toml", "#" * (MAX_BYTES + 1))
    with pytest.raises(ImgdiagError, match="has more than 1,000,000 bytes"):
        load_configuration(path)


def test_a_file_that_is_named(tmp_path: Path) -> None:
    path = write(tmp_path / "ci.toml", "[analyze]\n")
    assert isinstance(load_configuration(path), Found)
    with pytest.raises(ImgdiagError, match="cannot read"):
        load_configuration(tmp_path / "none.toml")
    assert load_configuration(write(tmp_path / "pyproject.toml", "tool = 5\n")) is None
