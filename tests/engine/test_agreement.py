"""Random layers: what imgdiag says that a container sees, held to what others make of them."""

from __future__ import annotations

import io
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from tests.builder import Entry, docker, image, merged, write_archive

from .conftest import give_up
from .engine import Engine
from .odd_layers import CASES, PROGRAMS, Odd
from .sequences import Tree, layers, merged_tree, told, tree_in_tar, tree_on_disk, write_layout

# `docker create` puts these into the container, and its export names them.
ENGINES_OWN = (".dockerenv", "dev", "etc", "proc", "sys", "run", "tmp", "var")

TAG = "docker.io/library/imgdiag-agreement:1"

slow = settings(
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


def unpacked_by_umoci(made: Sequence[Sequence[Entry | bytes]]) -> Tree:
    program = shutil.which("umoci")
    if program is None:
        give_up("umoci is not installed (Debian: umoci)")
    with tempfile.TemporaryDirectory() as name:
        layout = write_layout(Path(name) / "layout", image(*made))
        bundle = Path(name) / "bundle"
        subprocess.run(
            [program, "unpack", "--image", f"{layout}:it", str(bundle)],
            check=True,
            capture_output=True,
        )
        return tree_on_disk(bundle / "rootfs")


@settings(slow, max_examples=150)
@given(layers)
def test_as_umoci_unpacks_them(made: list[list[Entry]]) -> None:
    assert merged_tree(merged(*made)) == unpacked_by_umoci(made), told(made)


def shown_by(engine: Engine, made: Sequence[Sequence[Entry | bytes]]) -> tuple[Tree, int]:
    """Return what a container of the image holds, and the size that the engine gives."""
    with tempfile.TemporaryDirectory() as name:
        archive = write_archive(
            Path(name) / "image.tar",
            docker(image(*made, settings={"Cmd": ["/x"]}, tags=[TAG])),
        )
        engine.docker("load", "--quiet", "--input", str(archive))
    try:
        size = int(engine.docker("image", "inspect", "--format", "{{.Size}}", TAG))
        identity = engine.docker("create", TAG).strip()
        try:
            exported = subprocess.run(
                [engine.cli, "export", identity], env=engine.env, capture_output=True, check=True
            ).stdout
        finally:
            engine.docker("rm", identity)
    finally:
        engine.docker("rmi", "--force", TAG)
    return tree_in_tar(io.BytesIO(exported), ENGINES_OWN), size


@pytest.mark.parametrize("kind", ["engine", "containerd_engine", "podman_engine"])
def test_as_engines_show_them(kind: str, request: pytest.FixtureRequest) -> None:
    engine: Engine = request.getfixturevalue(kind)

    @settings(slow, max_examples=20)
    @given(layers)
    def check(made: list[list[Entry]]) -> None:
        filesystem = merged(*made)
        tree, size = shown_by(engine, made)
        assert merged_tree(filesystem) == tree, told(made)
        if kind == "engine":  # the one that counts files' contents, as docs/numbers.md says
            assert size == filesystem.layer_bytes + filesystem.symlink_bytes, told(made)

    check()


def answer(program: str, case: Odd, request: pytest.FixtureRequest) -> str:
    """Return what a program makes of an odd case, in one word."""
    fixtures = {"overlay2": "engine", "containerd": "containerd_engine", "podman": "podman_engine"}
    try:
        if program == "umoci":
            tree = unpacked_by_umoci(case.layers)
        else:
            tree, _ = shown_by(request.getfixturevalue(fixtures[program]), case.layers)
    except (RuntimeError, subprocess.CalledProcessError):
        return "refuses"
    return "same" if tree == merged_tree(merged(*case.layers)) else "other"


@pytest.mark.parametrize("number", range(len(CASES)))
@pytest.mark.parametrize("column", range(len(PROGRAMS)), ids=PROGRAMS)
def test_odd_layers(column: int, number: int, request: pytest.FixtureRequest) -> None:
    case = CASES[number]
    assert answer(PROGRAMS[column], case, request) == case.theirs[column], case.what
