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
from .sequences import Tree, layers, merged_tree, told, tree_in_tar, tree_on_disk, write_layout

# `docker create` puts these into the container, and its export names them.
ENGINES_OWN = (".dockerenv", "dev", "etc", "proc", "sys", "run", "tmp", "var")

TAG = "docker.io/library/imgdiag-agreement:1"

slow = settings(
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


def unpacked_by_umoci(made: Sequence[Sequence[Entry]]) -> Tree:
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


def shown_by(engine: Engine, made: Sequence[Sequence[Entry]]) -> Tree:
    with tempfile.TemporaryDirectory() as name:
        archive = write_archive(
            Path(name) / "image.tar",
            docker(image(*made, settings={"Cmd": ["/x"]}, tags=[TAG])),
        )
        engine.docker("load", "--quiet", "--input", str(archive))
    try:
        identity = engine.docker("create", TAG).strip()
        try:
            exported = subprocess.run(
                [engine.cli, "export", identity], env=engine.env, capture_output=True, check=True
            ).stdout
        finally:
            engine.docker("rm", identity)
    finally:
        engine.docker("rmi", "--force", TAG)
    return tree_in_tar(io.BytesIO(exported), ENGINES_OWN)


@pytest.mark.parametrize("kind", ["engine", "containerd_engine", "podman_engine"])
def test_as_engines_show_them(kind: str, request: pytest.FixtureRequest) -> None:
    engine: Engine = request.getfixturevalue(kind)

    @settings(slow, max_examples=20)
    @given(layers)
    def check(made: list[list[Entry]]) -> None:
        assert merged_tree(merged(*made)) == shown_by(engine, made), told(made)

    check()
