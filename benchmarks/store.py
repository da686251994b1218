"""A tag of the engine beside `docker save TAG > /dev/null`: whole processes, in turns, in one run.

    sudo python benchmarks/store.py TAG [--runs 3] [--docker /usr/bin/docker] [--write]

The engine is the one that DOCKER_HOST or the current context names. In turns, so that whatever
else the machine does falls on all; the files of the engine's store are in the page cache for all
after the first round, which does not count. `--write` puts the table into docs/performance.md.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
from collections.abc import Mapping, Sequence

from measure import Run, in_turns, machine, write_into

SAVE = "`docker save TAG > /dev/null`"
IMGDIAG = [sys.executable, "-m", "imgdiag"]


def row(name: str, runs: Mapping[str, Sequence[Run]]) -> str:
    """Return a command's row: medians, and by how much it is faster than `docker save`."""
    seconds = [run.seconds for run in runs[name]]
    ratios = [save.seconds / run.seconds for save, run in zip(runs[SAVE], runs[name], strict=True)]
    cells = [
        name,
        f"{statistics.median(seconds):.2f} s",
        f"{statistics.median(run.cpu for run in runs[name]):.2f} s",
        f"{max(run.memory for run in runs[name]) / 1e6:.0f} MB",
        "1"
        if name == SAVE
        else f"{statistics.median(ratios):.2g} ({min(ratios):.2g} to {max(ratios):.2g}) ×",
    ]
    return f"| {' | '.join(cells)} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("tag")
    parser.add_argument("--runs", type=int, default=3, help="rounds that count (default: 3)")
    parser.add_argument("--docker", default="docker", help="the docker program")
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()

    analyze = [*IMGDIAG, "analyze", options.tag, "-f", "json"]
    store = [*analyze, "--route", "store"]
    commands = {
        SAVE: [options.docker, "save", options.tag],
        "imgdiag, store route, `--no-cache`": [*store, "--no-cache"],
        "the same, layers known": store,
        "imgdiag, save route": [*analyze, "--route", "save"],
    }
    runs = in_turns(commands, options.runs)
    answer = subprocess.run(store, check=True, stdout=subprocess.PIPE)
    report = json.loads(answer.stdout)
    files = sum(layer["files"] for layer in report["layers"])
    size = f"{report['sizes']['layer_bytes'] / 1e9:.1f} GB in {files:,} files"
    lines = [
        f"Measured on {machine()}: an image of {size} and {len(report['layers'])} layers.",
        f"Rounds: {options.runs}, of which the medians; the engine's work is in the clock alone.",
        "",
        "| work | clock | processors | memory | times as fast, by round |",
        "| --- | --- | --- | --- | --- |",
        *(row(name, runs) for name in commands),
    ]
    table = "\n".join(lines)
    print(table)
    if options.write:
        write_into("store.py", table)


if __name__ == "__main__":
    main()
