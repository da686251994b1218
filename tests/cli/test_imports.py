"""What a command does not use, it does not import: that is a third of a short run's time."""

from __future__ import annotations

import subprocess
import sys

import pytest

HELP = """
from click.testing import CliRunner
from imgdiag.cli import cli
assert "analyze" in CliRunner().invoke(cli, ["--help"]).output
"""


@pytest.mark.parametrize(
    ("code", "spared"),
    [
        ("import imgdiag", {"imgdiag.cli", "imgdiag.pipeline", "click"}),
        ("import imgdiag.pipeline", {"docker", "requests", "click", "imgdiag.reports"}),
        (
            HELP,
            {"docker", "packaging", "tabulate", "imgdiag.pipeline", "imgdiag.rules"}
            | {"imgdiag.sources", "imgdiag.cli.analyze", "imgdiag.cli._options"},
        ),
    ],
    ids=["the package", "an analysis", "the help"],
)
def test_what_is_not_imported(code: str, spared: set[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\nimport sys\nprint(*sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert spared & set(done.stdout.split()) == set()
