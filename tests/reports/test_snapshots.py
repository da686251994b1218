"""Whole reports, held against those in snapshots/.

After a change that is meant, write them anew and look at the difference:

    IMGDIAG_UPDATE_SNAPSHOTS=1 python -m pytest tests/reports/test_snapshots.py && git diff
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from imgdiag.analysis import Analysis
from imgdiag.finding import Safety
from imgdiag.gate.gate import Budgets, judge
from imgdiag.reports import Style, formats, render
from tests.reports import images

SNAPSHOTS = Path(__file__).parent / "snapshots"
UPDATE = os.environ.get("IMGDIAG_UPDATE_SNAPSHOTS") == "1"
ENDINGS = {
    "text": "txt",
    "markdown": "md",
    "json": "json",
    "sarif": "sarif",
    "github": "github",
}
BUDGETS = Budgets(max_size=4_000_000_000, max_waste_percent=60, fail_on=Safety.SAFE)


@pytest.mark.parametrize(
    ("name", "image", "format_", "style", "budgets"),
    [
        ("service", images.service, "text", Style(), BUDGETS),
        ("service-details", images.service, "text", Style(details=True, width=120), Budgets()),
        ("service-narrow", images.service, "text", Style(width=60), BUDGETS),
        ("service-color", images.service, "text", Style(color=True), BUDGETS),
        ("service", images.service, "markdown", Style(marker="size"), BUDGETS),
        ("service", images.service, "json", Style(), BUDGETS),
        ("dockerfile", images.service_with_dockerfile, "text", Style(details=True), BUDGETS),
        ("dockerfile", images.service_with_dockerfile, "markdown", Style(), BUDGETS),
        ("dockerfile", images.service_with_dockerfile, "json", Style(), BUDGETS),
        ("dockerfile", images.service_with_dockerfile, "sarif", Style(), BUDGETS),
        ("dockerfile", images.service_with_dockerfile, "github", Style(), BUDGETS),
        ("partial", images.partial, "text", Style(), Budgets(max_download=10**9)),
        ("partial", images.partial, "markdown", Style(), Budgets(max_download=10**9)),
        ("partial", images.partial, "json", Style(), Budgets(max_download=10**9)),
        ("no-python", images.no_python, "text", Style(), Budgets()),
        ("no-python", images.no_python, "markdown", Style(), Budgets()),
        ("empty", images.empty, "text", Style(details=True), Budgets()),
        ("empty", images.empty, "markdown", Style(), Budgets()),
        ("empty", images.empty, "json", Style(), Budgets()),
    ],
)
def test_the_whole_report(
    name: str, image: Callable[[], Analysis], format_: str, style: Style, budgets: Budgets
) -> None:
    analysis = image()
    text = render(format_, analysis, judge(analysis, budgets), style)
    path = SNAPSHOTS / f"{name}.{ENDINGS[format_]}"
    if UPDATE:
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


def test_every_format_has_a_snapshot() -> None:
    # That of JUnit names every rule: it is held to a shorter list in test_junit.py. The page is
    # tested part by part in test_html.py, and in a browser.
    assert set(formats()) == {*ENDINGS, "junit", "html"}
