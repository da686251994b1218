"""How long the HTML report takes, and how large it is, by the number of an image's files.

    python benchmarks/html_report.py 100000 400000

Files lie in a thousand folders of one layer; a second layer stores a third of them again.
"""

from __future__ import annotations

import random
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from imgdiag.gate.gate import Gate
from imgdiag.reports import Style, render
from imgdiag.rules.rule import ExampleLayer
from tests.made import analysed


def main() -> None:
    random.seed(1)
    print("files in layers  seconds  bytes of the page")
    for count in map(int, sys.argv[1:] or ["100000"]):
        files: dict[str, int | str] = {
            f"opt/app/{number % 1_000}/{number}.py": random.randrange(1, 80_000)
            for number in range(count)
        }
        again = {path: files[path] for path in list(files)[::3]}
        analysis = analysed(
            ExampleLayer(created_by="COPY . /opt/app", files=files),
            ExampleLayer(created_by="RUN chown -R app /opt/app", files=again, uid=1000),
        )
        start = time.perf_counter()
        text = render("html", analysis, Gate(()), Style())
        seconds = time.perf_counter() - start
        print(f"{count + len(again):>15,}  {seconds:>7.2f}  {len(text):>17,}")


if __name__ == "__main__":
    main()
