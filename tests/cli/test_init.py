# ruff: noqa: ISC004 - messages that take two lines
from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from tests import builder
from tests.cli.conftest import SIZE, Run


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the working folder."""
    where = tmp_path / "work"
    where.mkdir()
    monkeypatch.chdir(where)
    return where


def larger(folder: Path, kept: int) -> Path:
    """Return an image whose one layer has `kept` bytes."""
    image = builder.image([builder.file("app/kept", kept)])
    return builder.write_archive(folder / f"{kept}.tar", builder.docker(image))


def test_what_it_writes_passes_today_and_fails_beyond_the_margin(run: Run, folder: Path) -> None:
    result = run("init", larger(folder, 2_000_000))
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == "imgdiag.toml: 3 budgets. 'imgdiag analyze REF' holds to them\n"
    assert run("analyze", larger(folder, 2_000_000)).exit_code == 0
    assert run("analyze", larger(folder, 2_100_000)).exit_code == 0
    result = run("analyze", larger(folder, 2_100_001))
    assert result.exit_code == 1
    assert "✗ image: the sum of the layers: 2.1 MB (2,100,001 bytes), over 2.1 MB" in result.stdout
    assert run("analyze", larger(folder, 2_100_001), "--no-config").exit_code == 0


def test_the_margin(run: Run, folder: Path) -> None:
    image = larger(folder, 2_000_000)
    assert run("init", image, "--margin", "50%").exit_code == 0
    values = tomllib.loads((folder / "imgdiag.toml").read_text())
    assert values["budgets"]["image"] == {"max": "3 MB"}
    assert run("init", image, "--margin", "0", "--force").exit_code == 0
    values = tomllib.loads((folder / "imgdiag.toml").read_text())
    assert values["budgets"]["image"] == {"max": "2 MB"}


@pytest.mark.parametrize("margin", ["much", "-1", "nan", "inf", "1001", ""])
def test_what_is_no_margin(run: Run, folder: Path, margin: str) -> None:
    result = run("init", larger(folder, 5), "--margin", margin)
    assert (result.exit_code, "is no percentage" in result.stderr) == (2, True)


def test_a_file_that_is_there_is_kept(run: Run, folder: Path, archive: Path) -> None:
    (folder / "imgdiag.toml").write_text("# mine\n")
    result = run("init", archive)
    assert (result.exit_code, result.stdout) == (3, "")
    assert result.stderr == ("imgdiag: imgdiag.toml is there already. --force overwrites it\n")
    assert (folder / "imgdiag.toml").read_text() == "# mine\n"
    assert run("init", archive, "--force").exit_code == 0
    assert tomllib.loads((folder / "imgdiag.toml").read_text())["budgets"]["image"]


def test_into_pyproject(run: Run, folder: Path, archive: Path) -> None:
    before = '# mine\n[project]\nname = "x"  # the name\n'
    (folder / "pyproject.toml").write_text(before)
    result = run("init", archive, "--pyproject")
    assert result.stdout.startswith("pyproject.toml: 3 budgets.")
    written = (folder / "pyproject.toml").read_text()
    assert written.startswith(f"{before}\n# What images are held to")
    assert tomllib.loads(written)["tool"]["imgdiag"]["budgets"]["image"] == {"max": "3.68 MB"}
    assert run("analyze", archive).exit_code == 0
    result = run("init", archive, "--pyproject")
    assert (result.exit_code, "[tool.imgdiag] already" in result.stderr) == (3, True)
    assert run("init", archive, "--pyproject", "--force").exit_code == 0
    assert (folder / "pyproject.toml").read_text() == written
    assert not (folder / "imgdiag.toml").exists()


def test_without_a_pyproject_it_says_so(run: Run, folder: Path, archive: Path) -> None:
    result = run("init", archive, "--pyproject")
    assert result.exit_code == 3
    assert "there is no pyproject.toml here" in result.stderr


def test_from_dive(run: Run, folder: Path, archive: Path) -> None:
    (folder / ".dive-ci").write_text(
        "rules:\n  lowestEfficiency: 0.95\n  highestWastedBytes: 20MB\n  lowest: 1\n"
    )
    result = run("init", archive, "--from-dive", ".dive-ci")
    assert result.exit_code == 0
    assert result.stdout.startswith("imgdiag.toml: 5 budgets.")
    assert result.stderr.splitlines() == [
        "imgdiag: not translated: .dive-ci:4: lowest: 1",
        "imgdiag: does not hold today: dive-efficiency: 42.9 % of the layers is never seen, the "
        "limit is 5 %: 1.5 MB (1,500,000 bytes), over by 1.3 MB",
        "imgdiag: does not hold today: dive-user-waste: 42.9 % of the layers is never seen, the "
        "limit is 0 %: 1.5 MB (1,500,000 bytes), over by 1.5 MB",
    ]
    text = (folder / "imgdiag.toml").read_text()
    assert "# Not translated: .dive-ci:4: lowest: 1\n" in text
    budgets = tomllib.loads(text)["budgets"]
    assert budgets["dive-efficiency"] == {"of": "waste", "max": "5%"}
    assert budgets["dive-wasted-bytes"] == {"of": "waste", "max": "20 MB"}
    assert "waste" not in budgets


def test_dive_s_rules_alone(run: Run, folder: Path) -> None:
    (folder / ".dive-ci").write_text("rules:\n  highestUserWastedPercent: 0.25\n")
    result = run("init", "--from-dive", ".dive-ci")
    assert (result.exit_code, result.stderr) == (0, "")
    budgets = tomllib.loads((folder / "imgdiag.toml").read_text())["budgets"]
    assert budgets == {
        "dive-efficiency": {"of": "waste", "max": "10%"},
        "dive-user-waste": {"of": "waste", "max": "25%"},
    }


def test_it_needs_an_image_or_dive_s_rules(run: Run, folder: Path) -> None:
    result = run("init")
    assert (result.exit_code, "Name an image as REF" in result.stderr) == (2, True)
    assert not (folder / "imgdiag.toml").exists()


def test_a_partial_image_says_nothing_of_size(run: Run, folder: Path, partial: Path) -> None:
    result = run("init", partial)
    assert result.exit_code == 3
    assert "could not be read" in result.stderr
    assert not (folder / "imgdiag.toml").exists()


def test_a_folder_that_may_not_be_written_to(
    run: Run, folder: Path, archive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "replace", refuse)
    result = run("init", archive)
    assert result.exit_code == 3
    assert result.stderr == (
        "imgdiag: cannot write 'imgdiag.toml' (Permission denied). Check that the folder exists, "
        "that you may write to it, and the space left\n"
    )
    assert list(folder.iterdir()) == []


def test_the_size_in_the_comments_is_the_image_s(run: Run, folder: Path, archive: Path) -> None:
    run("init", archive)
    assert f"({SIZE:,} bytes) today.\n[budgets.image]\n" in (folder / "imgdiag.toml").read_text()


def test_two_configurations_are_told(run: Run, folder: Path, archive: Path) -> None:
    told = "imgdiag: imgdiag.toml comes before [tool.imgdiag] of pyproject.toml\n"
    (folder / "pyproject.toml").write_text("[tool.ruff]\n")
    assert run("init", archive).stderr == ""
    assert run("init", archive, "--pyproject").stderr == told
    assert run("init", archive, "--force").stderr == told
    (folder / "pyproject.toml").write_text("[tool")
    assert run("init", archive, "--force").stderr == ""
