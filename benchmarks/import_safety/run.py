"""The experiment on a whole science stack; docs/import-safety.md holds the table that it writes.

    python -m benchmarks.import_safety.run SCRATCH [--environment VENV] [--update]

Takes about 20 GB in SCRATCH, most of an hour, and a package index; `--environment` takes a virtual
environment that is there instead of making one from requirements.txt. `--update` puts the table
into docs/import-safety.md.
"""

from __future__ import annotations

import argparse
import os
import re
import resource
import shutil
import subprocess
import sys
import time
from pathlib import Path

from imgdiag.finding import Safety
from imgdiag.python.imports import Verdict
from tests.engine import import_safety as experiment
from tests.engine.smoke import TESTS

HERE = Path(__file__).parent
PAGE = HERE.parents[1] / "docs" / "import-safety.md"
TABLE = re.compile(r"(<!-- table of: .*? -->\n).*?(<!-- end -->)", re.DOTALL)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("scratch", type=Path)
    parser.add_argument("--environment", type=Path)
    parser.add_argument("--update", action="store_true")
    options = parser.parse_args()
    scratch = options.scratch.absolute()
    scratch.mkdir(parents=True, exist_ok=True)
    environment = options.environment and options.environment.absolute()
    if environment is None:
        environment = scratch / "environment"
        if not environment.exists():
            experiment.install(environment, (HERE / "requirements.txt").read_text().split())
    image = scratch / "image"
    if not image.exists():
        say("wrapping")
        experiment.wrap(environment, image)
    rows, wrong = measure(environment, image, scratch)
    table = "| what | figure |\n| --- | ---: |\n"
    table += "".join(f"| {what} | {figure} |\n" for what, figure in rows)
    print(table)
    if options.update:
        page = PAGE.read_text(encoding="utf-8")
        PAGE.write_text(TABLE.sub(lambda match: match[1] + table + match[2], page), "utf-8")
    sys.exit(bool(wrong))


def measure(environment: Path, image: Path, scratch: Path) -> tuple[list[tuple[str, str]], int]:
    """Return the table's rows, and how many verdicts are wrong."""
    verdicts = experiment.examine(image)
    safe, review, keep = (verdicts.folders(each) for each in Verdict)
    imports = experiment.top_level_imports(environment)
    smoke = experiment.smoke_tests(environment, TESTS)
    programs = {**imports, **{f"smoke test {name}": text for name, text in smoke.items()}}

    say(f"{len(programs)} programs before")
    shutil.rmtree(scratch / "copy", ignore_errors=True)
    copied = experiment.copy(environment, scratch / "copy")
    before = experiment.run(copied, programs, scratch / "before")
    touched = {
        name: found
        for name, opened in before.opened_by.items()
        if (found := experiment.opened_in(safe.keys(), opened))
    }

    for name, error in before.errors.items():
        if error:
            say(f"failed before {name}: {error}")
    say("the mends")
    files = experiment.files(copied)
    experiment.mend(verdicts, copied)
    inexact = (files - experiment.files(copied)) ^ experiment.claimed(verdicts)
    for folder in safe:  # and those that the mends leave alone
        shutil.rmtree(copied / folder, ignore_errors=True)
    say("the same programs after")
    after = experiment.run(copied, programs, scratch / "after")
    broken = before.broken(after)
    for name, error in broken.items():
        say(f"BROKEN {name}: {error}")
    for name, paths in touched.items():
        ended = after.errors[name] or "works"
        say(f"{name} opened {len(paths)}, such as {min(paths)}; without them it {ended}")

    say("without each that is kept")
    needed: dict[str, bool] = {}
    shutil.rmtree(scratch / "kept", ignore_errors=True)
    kept = experiment.copy(environment, scratch / "kept")
    for number, (folder, proof) in enumerate(keep.items()):
        program = {folder: experiment.needing(proof)}
        there = experiment.run(kept, program, scratch / f"there-{number}")
        with experiment.without(kept, folder):
            gone = experiment.run(kept, program, scratch / f"gone-{number}")
        needed[folder] = bool(there.broken(gone))
        if not needed[folder]:
            say(f"NOT NEEDED {folder}: {program[folder]}: {there.errors} {gone.errors}")

    plain, checked = (timed(image, *each) for each in ((), ("--check-imports",)))
    needed_count = f"{sum(needed.values())} of {len(needed)}"
    size = verdicts.bytes
    claimed = sum(each.bytes for each in verdicts.findings if each.safety is Safety.SAFE)
    count = len(list(experiment.site_packages(environment).glob("*.dist-info")))
    failed = sum(bool(before.errors[f"smoke test {name}"]) for name in smoke)
    total = verdicts.facts.filesystem.layer_bytes
    rows = [
        ("distributions", f"{count:,}"),
        ("the image", megabytes(total)),
        ("folders in question", f"{len(verdicts.check.proofs):,}"),
        ("*safe*", f"{len(safe):,}, {megabytes(size(Verdict.SAFE))}"),
        ("*review*", f"{len(review):,}, {megabytes(size(Verdict.REVIEW))}"),
        ("*keep*", f"{len(keep):,}, {megabytes(size(Verdict.KEEP))}"),
        ("the lines of the safe mends remove", megabytes(claimed)),
        ("files that they remove and do not claim, or claim and leave", f"{len(inexact):,}"),
        ("top-level imports that worked before", f"{working(before, imports)} of {len(imports)}"),
        ("… and fail without the safe folders", f"**{len(set(broken) & set(imports))}**"),
        ("smoke tests that worked before", f"{len(smoke) - failed} of {len(smoke)}"),
        ("… and fail without the safe folders", f"**{len(set(broken) - set(imports))}**"),
        ("files opened in all these runs", f"{len(before.opened):,}"),
        (
            "… that are in a safe folder",
            f"{len(set().union(*touched.values())):,}, by {', '.join(touched) or 'nothing'}",
        ),
        ("*keep* folders without which an importer fails", needed_count),
        ("`imgdiag analyze`: processor time", f"{plain[0]:.1f} s, {plain[1]:,.0f} MB of memory"),
        ("… with `--check-imports`", f"{checked[0]:.1f} s, {checked[1]:,.0f} MB of memory"),
    ]  # fmt: skip
    return rows, len(broken) + len(inexact)


def working(run: experiment.Run, programs: dict[str, str]) -> int:
    return sum(not run.errors[name] for name in programs)


def timed(image: Path, *options: str) -> tuple[float, float]:
    """Return the least processor time of three runs, in seconds, and the most memory, in MB.

    Processor time, not the clock's: the experiment keeps a machine busy.
    """
    best, most = float("inf"), 0.0
    for _ in range(3):
        process = subprocess.Popen(
            [sys.executable, "-m", "imgdiag", "analyze", "-q", str(image), *options],
            stdout=subprocess.DEVNULL,
        )
        _, _, usage = os.wait4(process.pid, 0)
        best = min(best, usage.ru_utime + usage.ru_stime)
        most = max(most, usage.ru_maxrss * 1024 / 1e6)
    return best, most


def megabytes(size: int) -> str:
    return f"{size / 1e6:,.1f} MB"


def say(text: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    main()
