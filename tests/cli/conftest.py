from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from imgdiag.cli import cli
from tests import builder

Run = Callable[..., Result]

KEPT = 2_000_000
DELETED = 1_500_000
SIZE = KEPT + DELETED


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """Return a saved image of 3,500,000 bytes, of which 1,500,000 are deleted by layer 1."""
    image = builder.image(
        [builder.folder("app"), builder.file("app/kept", KEPT), builder.file("app/junk", DELETED)],
        [builder.whiteout("app/junk")],
        created_by=("RUN /bin/sh -c make # buildkit", "RUN /bin/sh -c rm /app/junk # buildkit"),
    )
    return builder.write_archive(tmp_path / "image.tar", builder.docker(image))


@pytest.fixture
def partial(tmp_path: Path) -> Path:
    """Return an OCI archive without the blob of its second layer."""
    image = builder.image([builder.file("a", 10)], [builder.file("b", 20)])
    gone = builder.blob(builder.gzipped(image.layers[1])).path
    entries = builder.without(builder.oci(image), gone)
    return builder.write_archive(tmp_path / "partial.tar", entries)


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Run:
    """Return a function that runs the command line; no engine is within reach."""
    monkeypatch.setenv("DOCKER_HOST", "unix:///nonexistent/docker.sock")
    monkeypatch.delenv("NO_COLOR", raising=False)

    def invoke(*arguments: str | Path, stdin: bytes | None = None) -> Result:
        result = CliRunner().invoke(cli, [str(each) for each in arguments], input=stdin)
        # Anything but an exit on purpose would be a traceback on the user's terminal.
        assert result.exception is None or isinstance(result.exception, SystemExit)
        return result

    return invoke
