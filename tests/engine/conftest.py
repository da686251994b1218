"""Fixtures: an engine, a base image made from packages, and a wasteful image on top of it.

Environment variables:

- `IMGDIAG_REQUIRE_ENGINE=1` turns "there is no engine" from a skip into a failure.
- `IMGDIAG_TEST_BASE` names an image to build on (say, python:3.11-slim), where the engine can
  pull it; otherwise debootstrap makes one.
"""

import hashlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import pytest

from .engine import Engine, NoEngine, running_engine

HERE = Path(__file__).parent
MAKE_BASE = HERE.parents[1] / "fixtures" / "ml-service" / "make-base.sh"
BASE_TAG = "imgdiag-test-base"
WASTEFUL_TAG = "imgdiag-test-wasteful"
REQUIRED = os.environ.get("IMGDIAG_REQUIRE_ENGINE") == "1"


@pytest.fixture(scope="session")
def engine() -> Iterator[Engine]:
    """Yield an engine: the one that is there, else a private one for this run."""
    try:
        with running_engine() as found:
            yield found
    except NoEngine as reason:
        give_up(str(reason))


@pytest.fixture(scope="session")
def base_image(engine: Engine) -> str:
    """Return a small image with Python in it, made here because a registry may be far."""
    if given := os.environ.get("IMGDIAG_TEST_BASE"):
        return given
    if not engine.has_image(BASE_TAG):
        engine.docker("import", "--message", "debootstrap", str(base_tar()), BASE_TAG)
    return BASE_TAG


@pytest.fixture(scope="session")
def wasteful_image(engine: Engine, base_image: str) -> Iterator[str]:
    """Build an image that holds each kind of waste once, and return its tag."""
    # Other settings of pip and apt stay out: inside the build they would point to nothing.
    bundle = os.environ.get("SSL_CERT_FILE")
    secret = ["--secret", f"id=ca,src={bundle}"] if bundle else []
    engine.docker(
        *("build", "--network=host", "--quiet", "--tag", WASTEFUL_TAG),
        *("--build-arg", f"BASE={base_image}", *secret),
        str(HERE / "wasteful"),
    )
    yield WASTEFUL_TAG
    if not engine.private:
        engine.docker("rmi", WASTEFUL_TAG)


def base_tar() -> Path:
    """Return the base image's root file system; it takes a minute to make, so it is kept."""
    key = hashlib.sha256(MAKE_BASE.read_bytes() + os.environ.get("SUITE", "").encode())
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    kept = Path(home) / "imgdiag-tests" / f"base-{key.hexdigest()[:16]}.tar"
    if not kept.exists():
        if shutil.which("debootstrap") is None or os.geteuid() != 0:
            give_up("a base image takes root and debootstrap, or IMGDIAG_TEST_BASE naming an image")
        kept.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run([MAKE_BASE, kept], check=True)
    return kept


def give_up(reason: str) -> NoReturn:
    """Skip the test, or fail it where the engine tests are required."""
    if REQUIRED:
        pytest.fail(f"IMGDIAG_REQUIRE_ENGINE is set, but {reason}", pytrace=False)
    pytest.skip(f"no engine tests: {reason}")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say loudly which engine tests did not run, because a quiet skip looks like a pass."""
    tests_by_reason: dict[str, list[str]] = {}
    for report in terminalreporter.getreports("skipped"):
        path, _, test = report.nodeid.partition("::")
        if HERE in (terminalreporter.config.rootpath / path).parents:
            why = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
            tests_by_reason.setdefault(str(why).removeprefix("Skipped: "), []).append(test)
    if not tests_by_reason:
        return
    number = sum(map(len, tests_by_reason.values()))
    terminalreporter.section(f"{number} ENGINE TESTS DID NOT RUN", "!", red=True, bold=True)
    for reason, tests in tests_by_reason.items():
        terminalreporter.line(reason)
        for test in tests:
            terminalreporter.line(f"    {test}")
    terminalreporter.line("Set IMGDIAG_REQUIRE_ENGINE=1 to make this a failure.")
