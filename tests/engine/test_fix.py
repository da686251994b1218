"""`imgdiag fix` on a real project: the image built after it has the size that was predicted."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from imgdiag.cli import cli

from .engine import Engine
from .proof import build, chosen, look, of_rule, prepared, proof, remove

PROJECT = Path(__file__).parent / "fix"
TAGS = ("imgdiag-test-fix-before", "imgdiag-test-fix-after")
# What the patch mends, by the rules that find it in the image.
MENDED = of_rule("apt-lists", "pip-cache", "dev-dependencies", "metadata-only-copy")
MODEL_BYTES = 5_000_000


@pytest.fixture(scope="module")
def base(engine: Engine, base_image: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the base image, with the certificates that an installation may need here."""
    return prepared(engine, base_image, tmp_path_factory.mktemp("base"))


def test_the_patch_gives_the_predicted_size(engine: Engine, base: str, tmp_path: Path) -> None:
    folder = tmp_path / "project"
    shutil.copytree(PROJECT, folder)
    (folder / "models").mkdir()
    (folder / "models" / "model.bin").write_bytes(bytes(MODEL_BYTES))
    try:
        build(engine, TAGS[0], folder, (folder / "Dockerfile").read_text(), base)
        before = look(engine, TAGS[0])
        done = CliRunner().invoke(cli, ["fix", "--project", str(folder), "--write"])
        assert done.exit_code == 0, done.output
        build(engine, TAGS[1], folder, (folder / "Dockerfile").read_text(), base)
        after = look(engine, TAGS[1])
    finally:
        if not engine.private:
            remove(engine, *TAGS)
    findings = chosen(before, MENDED)
    assert {each.rule for each in findings} == {
        "apt-lists", "pip-cache", "dev-dependencies", "metadata-only-copy",
    }  # fmt: skip
    assert {each.rule for each in chosen(after, MENDED)} == set()
    result = proof(before, findings, after)
    # The environment's own files that name what is installed in it come out anew.
    unexpected = [path for path in result.differences if not path.startswith("app/.venv/")]
    assert unexpected == []
    assert abs(result.error) <= result.before * 0.0001
