"""imgdiag's own image: built, run without any right, and judged by its own rules."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from .engine import Engine
from .report import analyze

ROOT = Path(__file__).parents[2]
TAG = "imgdiag-test-own"
ARCHIVE = ROOT / "fixtures" / "ml-service" / "after.oci.tar"


@pytest.fixture(scope="module")
def own_image(engine: Engine, base_image: str) -> Iterator[str]:
    """Build imgdiag's image on the tests' base, and return its tag."""
    bundle = os.environ.get("SSL_CERT_FILE")
    secret = ["--secret", f"id=ca,src={bundle}"] if bundle else []
    engine.docker(
        *("build", "--network=host", "--quiet", "--tag", TAG),
        *("--build-arg", f"BASE={base_image}", *secret),
        *("--file", str(ROOT / "docker" / "Dockerfile"), str(ROOT)),
    )
    yield TAG
    if not engine.private:
        engine.docker("rmi", TAG)


def test_it_analyses_what_is_mounted(engine: Engine, own_image: str) -> None:
    out = engine.docker(
        *("run", "--rm", "--network=none", "--read-only", "--cap-drop=ALL"),
        *("--volume", f"{ARCHIVE}:/work/image.tar:ro", own_image),
        *("analyze", "image.tar", "-f", "json"),
    )
    assert json.loads(out)["sizes"]["layer_bytes"] == 355_657_712


def test_it_has_nothing_to_mend_and_is_small(engine: Engine, own_image: str) -> None:
    report = analyze(engine, own_image)
    layers = report["layers"]
    own = sum(layer["layer_bytes"] for layer in layers[1:])
    assert own < 30_000_000
    assert sum(layer["wasted_bytes"] for layer in layers[1:]) == 0
    severities = {each["severity"] for each in report["findings"] if each["layers"] != [0]}
    assert severities <= {"note"}
