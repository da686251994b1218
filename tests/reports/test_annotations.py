"""Annotations of GitHub Actions: a name cannot end one, or begin another command."""

from __future__ import annotations

from dataclasses import replace

import pytest

from imgdiag.finding import Fix, Severity
from imgdiag.gate.gate import Budgets, judge
from imgdiag.reports import Style, render
from imgdiag.reports._annotations import annotation, annotation_lines
from imgdiag.reports._located import Located, Place
from tests.reports import images

FINDING = Located(
    rule="pip-cache",
    severity=Severity.WARNING,
    message="100 % of it",
    fix=Fix("Mount a cache", "Dockerfile", "RUN a \\\n b"),
    place=Place(path="a,b:c/Dockerfile", line=3, end_line=5, what=""),
)


def test_a_finding_at_its_lines() -> None:
    [line] = annotation_lines([FINDING])
    assert line == (
        "::warning file=a%2Cb%3Ac/Dockerfile,line=3,endLine=5,title=imgdiag%3A pip-cache::"
        "100 %25 of it.%0AMount a cache. Dockerfile:%0ARUN a \\%0A b"
    )


def test_a_place_that_is_not_known_is_not_named() -> None:
    [line] = annotation_lines([replace(FINDING, is_known=False)])
    assert line.startswith("::warning title=imgdiag%3A pip-cache::100 %25")


@pytest.mark.parametrize(
    ("severity", "command"),
    [(Severity.ERROR, "error"), (Severity.WARNING, "warning"), (Severity.NOTE, "notice")],
)
def test_commands(severity: Severity, command: str) -> None:
    [line] = annotation_lines([replace(FINDING, severity=severity)])
    assert line.startswith(f"::{command} file=")


@pytest.mark.parametrize("name", ["a\n::error::b", "a\r\n::error::b", "a\u2028::error::b"])
def test_a_name_begins_no_command(name: str) -> None:
    line = annotation("notice", name, name)
    assert line.splitlines() == [line]
    assert line.startswith("::notice title=")


def test_a_long_one_is_cut() -> None:
    line = annotation("notice", "a" * 300, "🐳" * 20_000)
    assert line == f"::notice title={'a' * 254}…::{'🐳' * 9_999}…"


def test_every_line_of_a_hostile_image_is_ours() -> None:
    analysis = images.hostile()
    text = render("github", analysis, judge(analysis, Budgets(max_layer=1)), Style())
    for line in text.splitlines():
        assert line.startswith(("::error ", "::warning ", "::notice "))


def test_budgets_that_failed_come_first_and_the_size_last() -> None:
    analysis = images.no_python()
    gate = judge(analysis, Budgets(max_size=1_000, max_layer=10**9))
    assert render("github", analysis, gate, Style()) == (
        "::error title=imgdiag%3A max-size::the sum of the layers: 14.0 MB (14,000,000 bytes), "
        "over 1.0 kB (1,000 bytes) by 14.0 MB%0AThe most: 14.0 MB layer 0 (COPY server /)\n"
        "::notice title=imgdiag::registry.example/app:1.0: 14.0 MB, good, under 3 GB\n"
    )
