"""`imgdiag verify-torch` on small images whose torch says what the test wants."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from .engine import Engine

TAG = "imgdiag-test-torch"
VENV = "/app/.venv"
MODULES = {
    "__init__.py": "from . import version, cuda\nfrom .version import __version__\n",
    "cuda.py": "def is_available():\n    return False\n",
}


def version(number: str, cuda: str | None) -> str:
    return f"__version__ = {number!r}\ncuda = {cuda!r}\nhip = None\n"


def make(
    engine: Engine, base: str, folder: Path, files: dict[str, str], *, after: str = ""
) -> None:
    """Build an image with a torch of `files` in a virtual environment."""
    site = folder / "site"
    (site / "torch").mkdir(parents=True)
    for name, content in files.items():
        (site / "torch" / name).write_text(content)
    info = site / "torch-2.4.1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Name: torch\nVersion: 2.4.1\n")
    names = [f"torch/{name},," for name in files]
    (info / "RECORD").write_text("\n".join([*names, "torch-2.4.1.dist-info/METADATA,,"]) + "\n")
    (folder / "Dockerfile").write_text(
        f"FROM {base}\nCOPY site /site\nRUN python3 -m venv --without-pip {VENV}"
        f" && cp -r /site/. {VENV}/lib/python3*/site-packages/ && rm -r /site\n{after}\n"
    )
    engine.docker("build", "--quiet", "--network=none", "--tag", TAG, str(folder))


@pytest.fixture(autouse=True)
def cleaned(engine: Engine) -> Iterator[None]:
    """Hold each test to leaving nothing, and remove its image."""
    yield
    assert not engine.docker("ps", "--all", "--quiet", "--filter", "label=imgdiag").split()
    if engine.has_image(TAG):
        engine.docker("rmi", TAG)


def verify(engine: Engine, image: str = TAG, *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "imgdiag", "verify-torch", image, *options],
        check=False,
        env=engine.env,
        capture_output=True,
        text=True,
    )


def checks(done: subprocess.CompletedProcess[str]) -> list[dict[str, Any]]:
    report = json.loads(done.stdout)
    assert report["schema_version"] == 1
    return list(report["checks"])


@pytest.mark.parametrize(
    ("number", "cuda"), [("2.4.1+cu121", "12.1"), ("2.4.1+cpu", None), ("2.4.1", "12.4")]
)
def test_they_agree(
    engine: Engine, base_image: str, tmp_path: Path, number: str, cuda: str | None
) -> None:
    """What the files say is what Python says."""
    make(engine, base_image, tmp_path, {**MODULES, "version.py": version(number, cuda)})
    done = verify(engine, TAG, "-f", "json")
    assert done.returncode == 0, done.stderr
    (check,) = checks(done)
    assert check["disagreements"] == []
    assert check["live"]["version"] == check["static"]["version"] == number
    assert check["live"]["cuda"] == cuda
    assert check["live"]["is_available"] is False
    assert "They agree." in verify(engine).stdout


def test_they_disagree(engine: Engine, base_image: str, tmp_path: Path) -> None:
    """A torch that says another thing at run time is told loudly."""
    changed = MODULES["__init__.py"] + "version.cuda = None\n__version__ = '9.9'\n"
    files = {**MODULES, "__init__.py": changed, "version.py": version("2.4.1+cu121", "12.1")}
    make(engine, base_image, tmp_path, files)
    done = verify(engine)
    assert done.returncode == 1, done.stderr
    assert "DISAGREEMENT: the version is 2.4.1+cu121 by the files, 9.9 when imported" in done.stdout
    assert "has no CUDA when imported" in done.stdout
    assert verify(engine, TAG, "-f", "json").returncode == 1


def test_a_torch_that_does_not_import(engine: Engine, base_image: str, tmp_path: Path) -> None:
    """Installed and broken is a disagreement, with the reason."""
    broken = "raise OSError('libcudart.so.12: cannot open shared object file')\n"
    files = {"__init__.py": broken, "version.py": version("2.4.1+cu121", "12.1")}
    make(engine, base_image, tmp_path, files)
    done = verify(engine)
    assert done.returncode == 1
    assert "does not import: OSError: libcudart.so.12" in " ".join(done.stdout.split())


def test_a_noisy_torch(engine: Engine, base_image: str, tmp_path: Path) -> None:
    """What torch prints on its own does not get in the way."""
    noisy = "print('hello'); print('{}')\n" + MODULES["__init__.py"]
    files = {**MODULES, "__init__.py": noisy, "version.py": version("2.4.1+cpu", None)}
    make(engine, base_image, tmp_path, files)
    assert verify(engine).returncode == 0


def test_no_torch(engine: Engine, base_image: str) -> None:
    """It says so, and that is no failure."""
    done = verify(engine, base_image)
    assert done.returncode == 0, done.stderr
    assert "There is no torch in the image." in done.stdout


def test_a_torch_that_the_files_do_not_show(
    engine: Engine, base_image: str, tmp_path: Path
) -> None:
    """A torch without metadata is none to the analysis; Python finds it."""
    hidden = f"RUN rm -r {VENV}/lib/python3*/site-packages/*.dist-info\nENV PATH={VENV}/bin:$PATH"
    files = {**MODULES, "version.py": version("2.4.1+cpu", None)}
    make(engine, base_image, tmp_path, files, after=hidden)
    done = verify(engine)
    assert done.returncode == 1
    assert "DISAGREEMENT: no torch is installed" in done.stdout


def test_an_image_that_cannot_run(engine: Engine, base_image: str, tmp_path: Path) -> None:
    """An environment whose interpreter is gone: it says what to do."""
    files = {**MODULES, "version.py": version("2.4.1+cpu", None)}
    make(engine, base_image, tmp_path, files, after=f"RUN rm -r {VENV}/bin")
    done = verify(engine)
    assert done.returncode == 3
    assert "no Python of the image could be run" in done.stderr
    assert "imgdiag analyze" in done.stderr
