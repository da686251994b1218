"""`python -m fuzz [--seconds N] [TARGET…]`: fuzz each target for that long with atheris."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

CORPUS = Path(__file__).parent / "corpus"
_ARTIFACTS = Path(os.environ.get("FUZZ_ARTIFACTS", "fuzz-artifacts"))


def main() -> int:
    """Run the targets one after the other; the exit code says whether one of them failed."""
    names = sorted(each.name for each in CORPUS.iterdir())
    parser = argparse.ArgumentParser(prog="fuzz", description=__doc__)
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=", ".join(names))
    parser.add_argument("--seconds", type=int, default=60, help="for each target")
    options = parser.parse_args()
    _ARTIFACTS.mkdir(exist_ok=True)
    failed = [name for name in options.targets or names if not _fuzz(name, options.seconds)]
    for name in failed:
        print(f"{name}: a fault; the input lies in {_ARTIFACTS}")
    return 1 if failed else 0


def _fuzz(name: str, seconds: int) -> bool:
    """Fuzz one target in a process of its own. New inputs are kept only for this run."""
    with tempfile.TemporaryDirectory() as found:
        done = subprocess.run(
            [
                *(sys.executable, "-c", "from fuzz.__main__ import serve; serve()", name),
                *(found, str(CORPUS / name)),
                f"-max_total_time={seconds}",
                f"-artifact_prefix={_ARTIFACTS}/{name}-",
                *("-timeout=20", "-rss_limit_mb=2048", "-max_len=20000", "-print_final_stats=1"),
                f"-dict={CORPUS.parent / 'words.dict'}",
            ],
            check=False,
        )
    return done.returncode == 0


def serve() -> None:
    """Be the process that fuzzes: sys.argv has the target and libFuzzer's own arguments."""
    import atheris

    name = sys.argv.pop(1)
    with atheris.instrument_imports(include=["imgdiag", "packaging"]):
        from fuzz import targets

    atheris.Setup(sys.argv, lambda data: targets.run(name, data))
    atheris.Fuzz()


if __name__ == "__main__":
    sys.exit(main())
