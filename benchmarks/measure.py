"""Whole processes, measured in turns: time on the clock, time on the processors, memory.

In turns, so that whatever else the machine does falls on all; hyperfine runs each command's rounds
in a row and does not know memory. The first round fills the page cache and does not count.
"""

from __future__ import annotations

import os
import platform
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

PAGE = Path(__file__).parents[1] / "docs" / "performance.md"


@dataclass(frozen=True, slots=True)
class Run:
    """One process from its start to its end: seconds on the clock, seconds of all processors
    together, and the largest resident size in bytes. `stopped` when it was not let come to its end.
    """

    seconds: float
    cpu: float
    memory: int
    stopped: bool = False


def measured(
    command: Sequence[str],
    good: Callable[[int], bool] = lambda code: code == 0,
    *,
    most: float | None = None,
) -> Run:
    """Run `command`, its output thrown away, for at most `most` seconds.

    Raises CalledProcessError when it fails.
    """
    if most is not None:
        command = ["timeout", str(most), *command]
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, env={**os.environ, "CI": "true"})
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    stopped = most is not None and process.returncode == _STOPPED
    if not (stopped or good(process.returncode)):
        raise subprocess.CalledProcessError(process.returncode, command)
    unit = 1 if sys.platform == "darwin" else 1024
    return Run(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * unit, stopped)


_STOPPED = 124  # as coreutils' timeout says it


def in_turns(
    commands: Mapping[str, Sequence[str]],
    rounds: int,
    *,
    warm: bool = True,
    most: float | None = None,
) -> dict[str, list[Run]]:
    """Run all `commands` `rounds` times, with `warm` after one round that does not count."""
    runs: dict[str, list[Run]] = {name: [] for name in commands}
    for number in range(0 if warm else 1, rounds + 1):
        for name, command in commands.items():
            run = measured(command, lambda code: code in (0, 1), most=most)  # 1: a budget failed
            print(f"round {number}: {name} {run.seconds:.2f} s", file=sys.stderr)
            if number:
                runs[name].append(run)
    return runs


def median(runs: Sequence[Run]) -> Run:
    """Return the median of each quantity, and the most memory."""
    return Run(
        statistics.median(run.seconds for run in runs),
        statistics.median(run.cpu for run in runs),
        max(run.memory for run in runs),
        any(run.stopped for run in runs),
    )


def machine() -> str:
    """Return what the numbers were measured on."""
    text = Path("/proc/cpuinfo").read_text() if Path("/proc/cpuinfo").exists() else ""
    model = re.search(r"model name\s*: (.*)", text)
    return (
        f"{os.cpu_count()} cores ({model[1] if model else platform.machine()}), "
        f"Python {platform.python_version()}, {platform.system()}"
    )


def write_into(name: str, table: str) -> None:
    """Put a table into docs/performance.md, in place of the one that the script `name` wrote."""
    page = PAGE.read_text()
    start, end = f"<!-- {name} -->\n", "<!-- end -->"
    before, _, rest = page.partition(start)
    PAGE.write_text(f"{before}{start}{table}\n{end}{rest.partition(end)[2]}")
