"""The tables of docs/performance.md: imgdiag beside its peers, on inputs made for it.

    python benchmarks/speed.py FOLDER [--rounds 5] [--peer-rounds 1] [--only NAME …] [--write]

FOLDER takes the inputs, 5 GB of disk. Peers are measured where they are on the PATH: dive, syft,
zstd; one that takes longer than --peer-limit is stopped. `--write` puts the tables into
docs/performance.md.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from inputs import all_inputs, write, write_real
from measure import Run, in_turns, machine, median, write_into

HERE = Path(__file__).parent
IMGDIAG = [sys.executable, "-m", "imgdiag"]


def peers(path: Path) -> dict[str, list[str]]:
    """Return the commands of the peers that are here: their analysis of a saved image."""
    known = {
        "dive": ["dive", f"docker-archive://{path}"],  # with CI=true it analyses, and exits
        "syft": ["syft", "scan", "-q", f"docker-archive:{path}", "-o", "json"],
    }
    return {name: command for name, command in known.items() if shutil.which(name)}


def drain(path: Path) -> dict[str, list[str]]:
    """Return the command that does no more than to decompress an input's layers, on one core."""
    return {"drain": [sys.executable, str(HERE / "drain.py"), str(path)]}


def row(name: str, runs: dict[str, list[Run]], others: Sequence[str]) -> str:
    """Return a table's row: imgdiag, and the others with the ratio of clock time to its."""
    ours = median(runs["imgdiag"])
    cells = [name, f"{ours.seconds:.2f} s", f"{ours.cpu:.2f} s", _memory(ours)]
    for other in others:
        if other in runs:
            its = median(runs[other])
            over = "over " * its.stopped
            times = its.seconds / ours.seconds
            ratio = f"{over}{times:.0f} ×" if times >= 10 else f"{over}{times:.2g} ×"
            cells.append(f"{over}{its.seconds:.2f} s, {its.cpu:.2f} s, {_memory(its)}: {ratio}")
        else:
            cells.append("–")
    return f"| {' | '.join(cells)} |"


def _memory(run: Run) -> str:
    return f"{run.memory / 1e6:.0f} MB"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--peer-rounds", type=int, default=1)
    parser.add_argument("--peer-limit", type=float, default=300, help="seconds (default: 300)")
    parser.add_argument("--peers-on", nargs="*", help="inputs that peers are measured on (all)")
    parser.add_argument("--only", nargs="*", default=())
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    os.environ["XDG_CACHE_HOME"] = str(options.folder / "cache")

    lines = [f"Measured on {machine()}; medians of {options.rounds} rounds (dive and syft: "]
    lines[0] += f"{options.peer_rounds}).\n"
    others = ["dive", "syft", "drain", "layers known"]
    lines.append(
        "| input | clock | processors | memory | dive | syft | decompression alone | layers known |"
    )
    lines.append("| --- | --- | --- | --- | --- | --- | --- | --- |")
    commands = {"imgdiag": [*IMGDIAG, "-h"]}
    lines.append(row("`imgdiag -h`", in_turns(commands, options.rounds), others))
    inputs: dict[str, Callable[[], Path]] = {"ml-service": lambda: write_real(options.folder)}
    inputs |= {each.name: partial(write, options.folder, each) for each in all_inputs()}
    for name, made in inputs.items():
        if options.only and name not in options.only:
            continue
        print(name, file=sys.stderr)
        path = made()
        analyze = [*IMGDIAG, "analyze", str(path), "-f", "json"]
        ours = {"imgdiag": [*analyze, "--no-cache"]}
        compressed = name.startswith(("gzip", "zstd"))
        if compressed:
            ours |= {"layers known": analyze} | drain(path)
        runs = in_turns(ours, options.rounds)
        wanted = options.peers_on is None or name in options.peers_on
        if wanted and not compressed and options.peer_rounds:
            for peer, command in peers(path).items():
                limit = options.peer_limit
                runs |= in_turns({peer: command}, options.peer_rounds, warm=False, most=limit)
        lines.append(row(name, runs, others))
    table = "\n".join(lines)
    print(table)
    if options.write:
        write_into("speed.py", table)


if __name__ == "__main__":
    main()
