"""imgdiag's report on an image in an engine, and the engine's own word on it."""

import json
import subprocess
import sys
from typing import Any

from .engine import Engine

Report = dict[str, Any]


def analyze(engine: Engine, reference: str, *options: str) -> Report:
    """Run imgdiag as a user does, and return its JSON report."""
    done = subprocess.run(
        [sys.executable, "-m", "imgdiag", "analyze", reference, "-f", "json", *options],
        check=False,
        env=engine.env,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    report: Report = json.loads(done.stdout)
    return report


def inspect(engine: Engine, image: str) -> dict[str, Any]:
    """Return what the engine knows about the image."""
    (found,) = json.loads(engine.docker("image", "inspect", image))
    return dict(found)
