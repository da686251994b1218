"""Fixtures: engines of three kinds, a browser, a base image made from packages, a wasteful image
on top of it.

Environment variables:

- `IMGDIAG_REQUIRE_ENGINE=1` turns "there is no engine" from a skip into a failure.
- `IMGDIAG_TEST_BASE` names an image to build on (say, python:3.11-slim), where the engine can
  pull it; otherwise debootstrap makes one.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

import pytest

from . import chromium, docker_containerd, docker_overlay2, podman
from .engine import Engine, NoEngine
from .kept import kept_tar

HERE = Path(__file__).parent
MAKE_BASE = HERE.parents[1] / "fixtures" / "ml-service" / "make-base.sh"
BASE_TAG = "imgdiag-test-base"
WASTEFUL_TAG = "imgdiag-test-wasteful"
REQUIRED = os.environ.get("IMGDIAG_REQUIRE_ENGINE") == "1"


@contextmanager
def or_give_up() -> Iterator[None]:
    """Skip the test when there is no engine, or fail it where the engine tests are required."""
    try:
        yield
    except NoEngine as reason:
        give_up(str(reason))


@pytest.fixture(scope="session")
def engine() -> Iterator[Engine]:
    """Yield the engine that is there, else a private Docker on overlay2. Images are built here."""
    with or_give_up(), docker_overlay2.running() as found:
        yield found


@pytest.fixture(scope="session")
def containerd_engine() -> Iterator[Engine]:
    """Yield a private Docker with the containerd image store."""
    with or_give_up(), docker_containerd.running() as started:
        yield started


@pytest.fixture(scope="session")
def podman_engine() -> Iterator[Engine]:
    """Yield a private podman."""
    with or_give_up(), podman.running() as started:
        yield started


@pytest.fixture(scope="session", params=["engine", "containerd_engine", "podman_engine"])
def any_engine(request: pytest.FixtureRequest) -> Engine:
    """Return each engine in turn."""
    one: Engine = request.getfixturevalue(request.param)
    return one


@pytest.fixture(scope="session")
def base_image(engine: Engine) -> str:
    """Return a small image with Python in it, made here because a registry may be far."""
    if given := os.environ.get("IMGDIAG_TEST_BASE"):
        return given
    if not engine.has_image(BASE_TAG):
        with or_give_up():
            tar = kept_tar("base", MAKE_BASE)
        engine.docker("import", "--message", "debootstrap", str(tar), BASE_TAG)
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


@pytest.fixture(scope="session")
def wasteful_in_any(any_engine: Engine, engine: Engine, wasteful_image: str) -> str:
    """Return the tag of the same image in `any_engine`, copied there from where it was built."""
    if any_engine is not engine:
        engine.copy_image(wasteful_image, any_engine)
    return wasteful_image


@pytest.fixture(scope="session")
def browser() -> Iterator[chromium.Browser]:
    """Yield a Chromium."""
    with or_give_up(), chromium.running() as found:
        yield found


@pytest.fixture
def page(browser: chromium.Browser) -> Iterator[chromium.Page]:
    """Yield an empty tab that has the size of a small laptop's, and nothing moves in it."""
    tab = chromium.Page(browser)
    tab.size(1280, 900)
    tab.prefer(prefers_reduced_motion="reduce", prefers_color_scheme="light")
    yield tab
    tab.close()


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
