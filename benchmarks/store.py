"""The store route beside `docker save TAG > /dev/null`: whole processes, in turns, in one run.

    sudo python benchmarks/store.py TAG [--runs 5] [--docker /usr/bin/docker]

The engine is the one that DOCKER_HOST or the current context names. In turns, so that whatever
else the machine does falls on both; the files of the engine's store are in the page cache for
both after the first round, which does not count.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys

from measure import in_turns

SAVE = "docker save"
IMGDIAG = [sys.executable, "-m", "imgdiag"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("tag")
    parser.add_argument("--runs", type=int, default=5, help="rounds that count (default: 5)")
    parser.add_argument("--docker", default="docker", help="the docker program")
    options = parser.parse_args()

    analyze = [*IMGDIAG, "analyze", options.tag, "--route", "store", "-f", "json"]
    save = [options.docker, "save", options.tag]
    commands = {SAVE: save, "imgdiag": [*analyze, "--no-cache"], "imgdiag, layers known": analyze}
    runs = in_turns(commands, options.runs)
    answer = subprocess.run(analyze, check=True, stdout=subprocess.PIPE)
    report = json.loads(answer.stdout)
    files = sum(layer["files"] for layer in report["layers"])
    print(
        f"{options.tag}: {report['sizes']['layer_bytes'] / 1e9:.2f} GB in {files:,} files of "
        f"{len(report['layers'])} layers; {options.runs} rounds\n"
    )
    print("| work | median | fastest | slowest | processors | memory |")
    print("| --- | --- | --- | --- | --- | --- |")
    for name, each in runs.items():
        seconds = [run.seconds for run in each]
        print(
            f"| {name} | {statistics.median(seconds):.2f} s | {min(seconds):.2f} s | "
            f"{max(seconds):.2f} s | {statistics.median(run.cpu for run in each):.2f} s | "
            f"{max(run.memory for run in each) / 1e6:.0f} MB |"
        )
    for name in list(runs)[1:]:
        pairs = zip(runs[SAVE], runs[name], strict=True)
        ratios = [save.seconds / store.seconds for save, store in pairs]
        print(
            f"\n{name}: {statistics.median(ratios):.0f} × as fast, "
            f"{min(ratios):.0f} to {max(ratios):.0f} × by round."
        )


if __name__ == "__main__":
    main()
