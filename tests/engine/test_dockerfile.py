"""Each builder's own history, held against lines that were marked by hand."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from imgdiag.project.context import context_files, ignore_file, read_patterns
from tests.project.marked import (
    COMMON,
    EVERY,
    HEREDOCS,
    LINES,
    NOTHING_DONE,
    WORKDIRS,
    without,
)

from . import oracle
from .conftest import BASE_TAG
from .engine import Engine
from .report import Report, analyze

EVERY_TAG = "imgdiag-test-every"
TAG = "imgdiag-test-lines"


@pytest.fixture(autouse=True)
def nothing_left(engine: Engine) -> Iterator[None]:
    """Remove what was built in an engine that goes on running."""
    yield
    if not engine.private:
        engine.docker("rmi", "--force", EVERY_TAG, TAG)


def build(engine: Engine, tag: str, file: str, *options: str, classic: bool) -> None:
    """Build one of the files in lines/, without network."""
    done = subprocess.run(
        [engine.cli, "build", "--network=none", "--tag", tag, "--file", LINES / file, *options,
         LINES],
        env={**engine.env, "DOCKER_BUILDKIT": "0" if classic else "1"},
        capture_output=True,
        text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


def layers_of(report: Report) -> list[int | None]:
    """Return the line of each layer above the base image's."""
    base = report["dockerfile"]["base_layers"]
    lines = [layer["dockerfile"] for layer in report["layers"]]
    assert not any(lines[:base])
    return [each and each["line"] for each in lines[base:]]


def built(engine: Engine, tag: str, file: str, *options: str) -> Report:
    """Analyse an image with the file that made it; every line is certain."""
    report = analyze(engine, tag, "--dockerfile", str(LINES / file), *options)
    assert report["dockerfile"]["fits"], report["dockerfile"]
    assert "every instruction agrees" in report["dockerfile"]["note"]
    assert {
        each["dockerfile"]["confidence"] for each in report["layers"] if each["dockerfile"]
    } == {"exact"}
    return report


def base_in(engine: Engine, other: Engine) -> None:
    """Have the small base image in an engine."""
    if not engine.has_image(BASE_TAG):
        other.copy_image(BASE_TAG, engine)


@pytest.mark.parametrize("classic", [False, True], ids=["buildkit", "classic"])
def test_docker(engine: Engine, base_image: str, classic: bool) -> None:
    if base_image != BASE_TAG:
        pytest.skip(f"lines/ is built on {BASE_TAG}")
    left_out = NOTHING_DONE if classic else frozenset[int]()
    build(engine, EVERY_TAG, "every.Dockerfile", "--build-arg", "NAME=a b", classic=classic)
    assert layers_of(built(engine, EVERY_TAG, "every.Dockerfile")) == without(EVERY, left_out)
    build(engine, TAG, "every.Dockerfile", "--target", "common", classic=classic)
    assert layers_of(built(engine, TAG, "every.Dockerfile")) == COMMON
    build(engine, TAG, "child.Dockerfile", classic=classic)
    child = built(engine, TAG, "child.Dockerfile")
    assert layers_of(child) == [3]
    assert child["dockerfile"]["base_image"] == EVERY_TAG


def test_newer_docker(containerd_engine: Engine, engine: Engine, base_image: str) -> None:
    if base_image != BASE_TAG:
        pytest.skip(f"lines/ is built on {BASE_TAG}")
    base_in(containerd_engine, engine)
    build(containerd_engine, TAG, "heredocs.Dockerfile", classic=False)
    found = built(containerd_engine, TAG, "heredocs.Dockerfile")
    assert layers_of(found) == HEREDOCS
    quick = built(containerd_engine, TAG, "heredocs.Dockerfile", "--quick")
    assert layers_of(quick) == HEREDOCS
    mistaken = analyze(containerd_engine, TAG, "--dockerfile", str(LINES / "every.Dockerfile"))
    assert not mistaken["dockerfile"]["fits"]
    assert not any(layer["dockerfile"] for layer in mistaken["layers"])


def test_podman(podman_engine: Engine, engine: Engine, base_image: str) -> None:
    if base_image != BASE_TAG:
        pytest.skip(f"lines/ is built on {BASE_TAG}")
    base_in(podman_engine, engine)
    build(podman_engine, EVERY_TAG, "every.Dockerfile", "--build-arg", "NAME=a b", classic=True)
    found = built(podman_engine, EVERY_TAG, "every.Dockerfile")
    assert layers_of(found) == without(EVERY, WORKDIRS)
    build(podman_engine, TAG, "child.Dockerfile", classic=True)
    assert layers_of(built(podman_engine, TAG, "child.Dockerfile")) == [3]


PATTERNS = (
    "# a comment\n\n data \n*.log\n**/*.pyc\n**/node_modules\nsrc/**/tmp\n!src/keep/tmp/kept\n"
    "/rooted\n?.txt\n[x-z]q\nback\n!back/in\nback/in/out\nUPPER\n./dotted/../plain\n**suffix\n"
    "sp ace\nfolder/\n!**/important.log\n"
)
NAMES = (
    "data/a", "src/data/a", "a.log", "src/a.log", "deep/important.log", "a.pyc", "src/b/c.pyc",
    "node_modules/a", "web/node_modules/a/b", "src/tmp/a", "src/a/b/tmp/c", "src/keep/tmp/kept",
    "src/keep/tmp/gone", "rooted", "src/rooted", "1.txt", "22.txt", "src/1.txt", "xq", "aq",
    "back/a", "back/in/a", "back/in/out/a", "upper/a", "UPPER/a", "plain/a", "mysuffix/a",
    "src/suffix", "sp ace", "folder/a", "src/folder/a", "kept.py", ".git/config",
)  # fmt: skip


@pytest.mark.parametrize("kind", ["engine", "containerd_engine"])
def test_what_a_dockerignore_leaves_out(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """The walk of a build context takes the files that Docker takes."""
    engine: Engine = request.getfixturevalue(kind)
    context = tmp_path / "context"
    for number, name in enumerate(NAMES, 1):
        (context / name).parent.mkdir(parents=True, exist_ok=True)
        (context / name).write_bytes(b"x" * number)
    (context / ".dockerignore").write_text(PATTERNS)
    (tmp_path / "Dockerfile").write_text("FROM scratch\nCOPY . /\n")
    engine.docker("build", "--tag", TAG, "--file", str(tmp_path / "Dockerfile"), str(context))
    saved = tmp_path / "image.tar"
    engine.docker("save", "--output", str(saved), TAG)
    [layer] = oracle.saved_layers(saved)
    ours = {each.path: each.bytes for each in context_files(context, read_patterns(
        ignore_file(context, None)))}  # fmt: skip
    assert ours == layer.files
    assert 10 < len(ours) < len(NAMES)
