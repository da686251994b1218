"""The step of the GitHub action that analyses: one report for each reader, and the verdict.

What the workflow asks for comes in INPUT_* variables. The exit code is 0 when there is a verdict,
whatever it is: the last step fails the job, when the comment is written.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NoReturn

_VERDICTS = {0: "passed", 1: "failed"}
_SUMMARY_BYTES = 1_000_000  # GitHub takes 1 MiB a step, and drops what has more
_ENGINE = "DOCKER_HOST,DOCKER_CONTEXT,DOCKER_CONFIG,CONTAINER_HOST"


def main() -> None:
    """Analyse the image, compare it with the baseline, and write outputs and summary."""
    folder = Path(os.environ["RUNNER_TEMP"]) / "imgdiag" / "reports"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    image, baseline = given("image"), given("baseline")
    if not image:
        wrong("The input image is empty")
    if given("max-growth") and not baseline:
        wrong("The input max-growth takes a baseline to grow from")

    code = run(["analyze", *analyze_options(folder), "--", image])
    markdown, report = folder / "analysis.md", folder / "report.json"
    if baseline and report.exists():
        compared = folder / "comparison.md"
        code = max(code, run(["compare", *compare_options(compared), "--", baseline, str(report)]))
        whole = folder / "report.md"
        parts = [path.read_text(encoding="utf-8") for path in (compared, markdown) if path.exists()]
        whole.write_text("\n".join(parts), encoding="utf-8")
        markdown = whole

    outputs = {"code": code, "verdict": _VERDICTS.get(code, "error")}
    if report.exists():
        sizes = json.loads(report.read_text(encoding="utf-8"))["sizes"]
        outputs |= {"size": sizes["layer_bytes"], "json": report}
    if markdown.exists():
        outputs["markdown"] = markdown
        if given("summary") == "true":
            summarize(markdown)
    if (folder / "report.sarif").exists():
        outputs["sarif"] = folder / "report.sarif"
    with Path(os.environ["GITHUB_OUTPUT"]).open("a", encoding="utf-8") as file:
        file.writelines(f"{name}={value}\n" for name, value in outputs.items())


def wrong(text: str) -> NoReturn:
    """Say what of the inputs is wrong, and fail the job."""
    print(f"::error title=imgdiag::{text}")
    sys.exit(2)


def given(name: str) -> str:
    """Return the input `name`, without blanks at its ends; empty when it was not given."""
    return os.environ.get(f"INPUT_{name.upper().replace('-', '_')}", "").strip()


def analyze_options(folder: Path) -> Iterator[str]:
    """Yield the options of `imgdiag analyze`: what the inputs say, and where reports go."""
    for name in ("dockerfile", "target", "config", "max-size", "fail-on"):
        if value := given(name):
            yield from (f"--{name}", value)
    yield from ("-o", f"markdown={folder / 'analysis.md'}", "-o", f"json={folder / 'report.json'}")
    if given("sarif") == "true":
        yield from ("-o", f"sarif={folder / 'report.sarif'}")


def compare_options(markdown: Path) -> Iterator[str]:
    """Yield the options of `imgdiag compare`."""
    for name in ("config", "max-growth"):
        if value := given(name):
            yield from (f"--{name}", value)
    yield from ("-o", f"markdown={markdown}")


def run(arguments: Sequence[str]) -> int:
    """Run imgdiag, as root where that was asked for and can be, and return its exit code."""
    program = str(Path(sys.executable).with_name("imgdiag"))
    # What is printed names files of the image: none of it is a command to the runner.
    token = secrets.token_hex(16)
    print(f"::stop-commands::{token}", flush=True)
    try:
        return subprocess.run([*_sudo(), program, *arguments], check=False).returncode
    finally:
        print(f"::{token}::", flush=True)


def _sudo() -> list[str]:
    if given("sudo") != "true" or shutil.which("sudo") is None:
        return []
    can = subprocess.run(["sudo", "-n", "true"], check=False, capture_output=True).returncode == 0
    return ["sudo", "-n", f"--preserve-env={_ENGINE}"] if can else []


def summarize(markdown: Path) -> None:
    """Add the report to the job's summary."""
    text = markdown.read_text(encoding="utf-8")
    if len(text.encode()) > _SUMMARY_BYTES:
        print(f"::notice title=imgdiag::The report is too long for the summary: {markdown}")
        return
    with Path(os.environ["GITHUB_STEP_SUMMARY"]).open("a", encoding="utf-8") as file:
        file.write(f"{text}\n")


if __name__ == "__main__":
    main()
