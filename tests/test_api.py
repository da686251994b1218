"""The public names, and what docs/api.md shows of them."""

from __future__ import annotations

import contextlib
import inspect
import io
import json
import os
import re
import subprocess
import sys
import threading
from pathlib import Path

import pytest

import imgdiag
from tests.builder import docker, file, image, whiteout, write_archive

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "api.md"


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    made = image([file("a", 3_000_000)], [whiteout("a"), file("b", 10)])
    return write_archive(tmp_path / "image.tar", docker(made))


def test_the_public_names() -> None:
    assert sorted(imgdiag.__all__) == imgdiag.__all__
    assert {name for name in dir(imgdiag) if name in imgdiag.__all__} == set(imgdiag.__all__)
    for name in imgdiag.__all__:
        value = getattr(imgdiag, name)
        assert isinstance(value, str) or value.__doc__
        assert isinstance(value, str) or f"`{name}" in PAGE.read_text("utf-8")
    with pytest.raises(AttributeError, match="module 'imgdiag' has no attribute 'nothing'"):
        imgdiag.nothing  # noqa: B018


def test_the_signatures() -> None:
    assert list(inspect.signature(imgdiag.analyze).parameters) == [
        "reference", "platform", "route", "target", "dockerfile", "stage", "check_imports",
        "limits",
    ]  # fmt: skip
    assert list(inspect.signature(imgdiag.report).parameters) == ["analysis", "format", "details"]


def test_importing_it_imports_nothing_else() -> None:
    code = "import sys, imgdiag; print([m for m in sys.modules if m.startswith('imgdiag.')])"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert done.stdout == "[]\n"


def test_an_analysis(archive: Path) -> None:
    analysis = imgdiag.analyze(archive)
    assert isinstance(analysis, imgdiag.Analysis)
    assert (analysis.sizes.layer_bytes, analysis.sizes.wasted_bytes) == (3_000_010, 3_000_000)
    assert json.loads(imgdiag.report(analysis, "json"))["sizes"]["visible_bytes"] == 10
    assert "3.0 MB" in imgdiag.report(analysis, details=True)
    with pytest.raises(ValueError, match="'xml' is no format; there are "):
        imgdiag.report(analysis, "xml")


def test_options(archive: Path, tmp_path: Path) -> None:
    dockerfile = tmp_path / "Dockerfile"
    dockerfile.write_text("FROM scratch AS it\nCOPY layer-0 /\nCOPY layer-1 /\n")
    analysis = imgdiag.analyze(
        str(archive), platform="linux/amd64", target="gpu", dockerfile=dockerfile, stage="it"
    )
    assert analysis.purpose.target == "gpu"
    assert analysis.dockerfile is not None
    assert analysis.dockerfile.fits
    assert imgdiag.analyze(archive, check_imports=True).dockerfile is None
    with pytest.raises(ValueError, match="'amd64' is no platform; write it as linux/amd64"):
        imgdiag.analyze(archive, platform="amd64")
    with pytest.raises(imgdiag.NotFound):
        imgdiag.analyze(archive, platform="linux/arm64")
    with pytest.raises(imgdiag.TooLarge):
        imgdiag.analyze(archive, limits=imgdiag.Limits(layers=1))


def test_several_threads(archive: Path) -> None:
    found: list[int] = []

    def work() -> None:
        found.append(imgdiag.analyze(archive).sizes.layer_bytes)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [3_000_010] * 4


def test_what_the_page_shows(monkeypatch: pytest.MonkeyPatch) -> None:
    text = PAGE.read_text("utf-8")
    [code] = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    monkeypatch.chdir(ROOT)
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(code, {})
    fresh = re.sub(
        r"```text\n.*?```", lambda match: f"```text\n{printed.getvalue()}```", text, count=1,
        flags=re.DOTALL,
    )  # fmt: skip
    if os.environ.get("IMGDIAG_UPDATE_DOCS") == "1":
        PAGE.write_text(fresh, encoding="utf-8")
    assert PAGE.read_text("utf-8") == fresh
