from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests import builder
from tests.cli.conftest import Run
from tests.made import distribution

PACKAGES = "lib/python3.11/site-packages"


@pytest.fixture
def venv(tmp_path: Path) -> Path:
    """Return a local environment: flask 3, numpy 1, and pytest."""
    folder = tmp_path / "project" / ".venv"
    _write(folder, {"pyvenv.cfg": "version = 3.11.2\n"})
    for files in (
        distribution("flask", {"flask.py": 100}, version="3.0", site=PACKAGES),
        distribution("numpy", {"numpy/a.so": 5_000}, version="1.2", site=PACKAGES),
        distribution("pytest", {"pytest.py": 300}, site=PACKAGES),
    ):
        _write(folder, files)
    return folder


@pytest.fixture
def image(tmp_path: Path) -> Path:
    """Return an image whose /app/.venv has flask 3, numpy 2 with tests, and torch; and another."""
    site = f"app/.venv/{PACKAGES}"
    files: dict[str, int | str] = {"app/.venv/pyvenv.cfg": "version = 3.11.9\n"}
    files |= distribution("flask", {"flask.py": 100}, version="3.0", site=site)
    files |= distribution(
        "numpy", {"numpy/a.so": 6_000, "numpy/tests/t.py": 40}, version="2.1", site=site
    )
    files |= distribution("torch", {"torch/t.so": 90_000}, site=site)
    files |= distribution("big", {"big.so": 900_000}, site="opt/other/lib/python3.12/site-packages")
    entries = [
        builder.file(path, what if isinstance(what, int) else what.encode())
        for path, what in files.items()
    ]
    return builder.write_archive(tmp_path / "image.tar", builder.docker(builder.image(entries)))


def _write(folder: Path, files: dict[str, int | str]) -> None:
    for path, what in files.items():
        where = folder / path
        where.parent.mkdir(parents=True, exist_ok=True)
        where.write_bytes(bytes(what) if isinstance(what, int) else what.encode())


def test_as_json(run: Run, image: Path, venv: Path) -> None:
    result = run("compare-venv", image, venv, "-f", "json")
    assert result.exit_code == 0
    report = json.loads(result.stdout)
    assert report["schema_version"] == 1
    assert report["local"]["path"] == str(venv)
    assert (report["image"]["path"], report["image"]["python_version"]) == ("/app/.venv", "3.11")
    pairs = {pair["name"]: pair for pair in report["packages"]}
    assert {name: pair["difference"] for name, pair in pairs.items()} == {
        "torch": "image",
        "numpy": "version",
        "pytest": "local",
        "flask": "same",
    }
    assert list(pairs)[:2] == ["torch", "numpy"]
    assert pairs["pytest"]["is_tool"]
    assert pairs["numpy"]["local"]["version"] == "1.2"
    own = 6_040 - 5_000
    metadata = pairs["numpy"]["image"]["bytes"] - pairs["numpy"]["local"]["bytes"] - own
    assert metadata == len("numpy/tests/t.py,,\n")
    kinds = {kind["kind"]: kind for kind in report["kinds"]}
    assert (kinds["tests"]["local_bytes"], kinds["tests"]["image_bytes"]) == (0, 40)
    assert (kinds["native libraries"]["local_bytes"], kinds["native libraries"]["image_bytes"]) == (
        5_000,
        96_000,
    )
    on_disk = sum(path.stat().st_size for path in venv.rglob("*") if path.is_file())
    assert report["local"]["bytes"] == on_disk == sum(k["local_bytes"] for k in kinds.values())


def test_as_text(run: Run, image: Path, venv: Path) -> None:
    result = run("compare-venv", image, venv)
    assert result.exit_code == 0
    text = result.stdout
    [where] = [n for n, line in enumerate(text.splitlines()) if line == "Only in the image: 1"]
    assert text.splitlines()[where + 2].split() == ["torch", "1.0", "90.1", "kB"]
    assert "Only here: 1" in text
    assert "Another version: 1" in text
    assert "The same" not in text
    assert "tests, 40 B: some packages import theirs" in text
    assert "The same: 1" in run("compare-venv", image, venv, "--details").stdout


def test_another_environment_of_the_image(run: Run, image: Path, venv: Path) -> None:
    result = run("compare-venv", image, venv, "--environment", "/opt/other", "-f", "json")
    # A folder without pyvenv.cfg is known by its packages.
    assert json.loads(result.stdout)["image"]["python_version"] == "3.12"
    result = run("compare-venv", image, venv, "--environment", "/nowhere")
    assert result.exit_code == 3
    assert "there is no Python environment '/nowhere'. It has /app/.venv, /opt/other" in (
        result.stderr
    )


def test_no_environment_here(run: Run, image: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    result = run("compare-venv", image, tmp_path / "empty")
    assert result.exit_code == 3
    assert "there is no Python environment in" in result.stderr
    assert run("compare-venv", image, tmp_path / "none").exit_code == 3


def test_markdown(run: Run, image: Path, venv: Path, tmp_path: Path) -> None:
    result = run("compare-venv", image, venv, "-f", "markdown", "--marker", "venv")
    assert result.exit_code == 0
    heading = result.stdout.split("\n\n")[1]
    assert result.stdout.startswith("<!-- imgdiag:venv -->\n\n## <code>")
    assert "</code> beside <code>/app/.venv</code> of <code>" in heading
    assert "| Python | 3.11 | 3.11 |\n" in result.stdout
    assert "<details><summary>Only in the image: 1</summary>" in result.stdout
    assert "| torch | – | – | 1.0 | 90.1 kB |" in result.stdout
    assert "| numpy | 1.2 | 5.1 kB | 2.1 | 6.2 kB |" in result.stdout
    assert "The same" not in result.stdout
    target = tmp_path / "venv.md"
    run("compare-venv", image, venv, "--details", "-o", target)
    assert "<summary>The same: 1</summary>" in target.read_text()
