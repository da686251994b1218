"""Compare two tags that an engine built one after the other, as a pipeline does."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from . import oracle
from .engine import Engine
from .report import Report, inspect

BASE, HEAD = "imgdiag-test-compare:1", "imgdiag-test-compare:2"
SITE = "app/.venv/lib/python3.12/site-packages"
DOCKERFILE = """\
FROM scratch
COPY model /srv/model
COPY app /app
CMD ["/app/.venv/bin/python"]
"""


def package(context: Path, name: str, version: str, size: int) -> None:
    """Write an installed distribution of `size` bytes of code."""
    site = context / SITE
    info = site / f"{name}-{version}.dist-info"
    info.mkdir(parents=True)
    (site / f"{name}.py").write_bytes(b"#" * size)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    (info / "RECORD").write_text(f"{name}.py,,\n{info.name}/METADATA,,\n{info.name}/RECORD,,\n")


def build(engine: Engine, context: Path, tag: str, packages: dict[str, tuple[str, int]]) -> None:
    """Build an image of some packages, and of a model that never changes."""
    (context / SITE).mkdir(parents=True)
    (context / "app/.venv/pyvenv.cfg").write_text("version = 3.12.1\n")
    for name, (version, size) in packages.items():
        package(context, name, version, size)
    model = context / "model"
    model.write_bytes(b"m" * 500_000)
    os.utime(model, (1_700_000_000, 1_700_000_000))
    (context / "Dockerfile").write_text(DOCKERFILE)
    engine.docker("build", "--quiet", "--tag", tag, str(context))


@pytest.fixture(scope="module")
def images(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, int]]:
    """Build both tags, and return the bytes of their layers as their tar files have them."""
    sizes = {}
    for tag, packages in (
        (BASE, {"alpha": ("1.0", 100_000), "beta": ("1.0", 50_000), "gone": ("3.1", 30_000)}),
        (HEAD, {"alpha": ("2.0", 160_000), "beta": ("1.0", 50_000), "fresh": ("0.1", 700_000)}),
    ):
        folder = tmp_path_factory.mktemp("built")
        build(engine, folder / "context", tag, packages)
        saved = folder / "image.tar"
        engine.docker("save", "--output", str(saved), tag)
        sizes[tag] = sum(layer.bytes for layer in oracle.saved_layers(saved))
    yield sizes
    if not engine.private:
        engine.docker("rmi", BASE, HEAD)


def imgdiag(engine: Engine, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "imgdiag", *words],
        check=False,
        env=engine.env,
        capture_output=True,
        text=True,
    )


@pytest.fixture(scope="module")
def compared(engine: Engine, images: dict[str, int]) -> Report:
    done = imgdiag(engine, "compare", BASE, HEAD, "-f", "json")
    assert done.returncode == 0, done.stderr
    report: Report = json.loads(done.stdout)
    return report


def test_the_growth_is_that_of_the_tar_files(compared: Report, images: dict[str, int]) -> None:
    grown = images[HEAD] - images[BASE]
    assert compared["growth"]["bytes"] == grown > 0
    assert sum(cause["growth"] for cause in compared["causes"]) == grown


def test_each_package_is_told(compared: Report) -> None:
    [environment] = compared["environments"]
    changes = {
        each["name"]: (each["base_version"], each["head_version"])
        for each in environment["packages"]
    }
    assert changes == {"alpha": ("1.0", "2.0"), "fresh": (None, "0.1"), "gone": ("3.1", None)}


def test_what_did_not_change_is_shared(
    engine: Engine, compared: Report, images: dict[str, int]
) -> None:
    """The layer of the model is the same in the engine, and in the comparison."""
    before, after = (inspect(engine, tag)["RootFS"]["Layers"] for tag in (BASE, HEAD))
    assert before[0] == after[0]
    assert before[1] != after[1]
    kinds = [layer["kind"] for layer in compared["layers"]]
    assert kinds.count("shared") == 1


def test_a_saved_report_says_the_same(
    engine: Engine, compared: Report, images: dict[str, int], tmp_path: Path
) -> None:
    saved = tmp_path / "main.json"
    done = imgdiag(engine, "analyze", BASE, "-o", str(saved))
    assert done.returncode == 0, done.stderr
    done = imgdiag(engine, "compare", str(saved), HEAD, "-f", "json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == compared


def test_a_limit_on_growth_holds(engine: Engine, images: dict[str, int]) -> None:
    grown = images[HEAD] - images[BASE]
    assert imgdiag(engine, "compare", BASE, HEAD, "--max-growth", str(grown)).returncode == 0
    done = imgdiag(engine, "compare", BASE, HEAD, "--max-growth", str(grown - 1))
    assert done.returncode == 1
    assert "Budgets: FAILED" in done.stdout
    assert "fresh 0.1, new" in done.stdout
