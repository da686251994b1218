"""The tree and the answer to 'why', as they are drawn."""

from __future__ import annotations

import re

import pytest

from imgdiag.python.dependencies import ImageDependencies, dependencies_of
from imgdiag.python.tree import View
from imgdiag.python.why import explain
from imgdiag.reports import Style, _tree, _why
from tests.cli.python_images import service
from tests.made import distribution, facts_of


def image() -> ImageDependencies:
    long = distribution(
        "a-very-long-name-of-a-distribution-that-nobody-would-choose",
        {"long.py": 9},
        requires=["numpy>=1.0,<2.0,!=1.5 ; " + " or ".join(["os_name == 'posix'"] * 9)],
    )
    facts = facts_of({**service(), **long})
    return ImageDependencies(
        reference="app:1",
        source="docker-archive",
        route="file",
        config=facts.config,
        environments=tuple(dependencies_of(facts)),
        warnings=("something odd",),
    )


def drawn(style: Style) -> list[str]:
    found = image()
    [environment] = found.environments
    answers = [explain(environment, "numpy", 10)]
    return [_tree.text(found, View(), style), _why.text(found, answers, style)]


@pytest.mark.parametrize("width", [60, 72, 100, 120])
def test_no_line_is_wider_than_the_page(width: int) -> None:
    for text in drawn(Style(width=width)):
        assert max(map(len, text.splitlines())) <= width
        assert text.endswith("something odd\n")


def test_colour_changes_nothing_else() -> None:
    for plain, colored in zip(drawn(Style()), drawn(Style(color=True)), strict=True):
        assert "\x1b[1m" in colored
        assert re.sub(r"\x1b\[\d+m", "", colored) == plain


def test_a_requirement_is_told_in_full() -> None:
    text = " ".join(drawn(Style(width=60))[1].split())
    assert " or ".join(["os_name == 'posix'"] * 9) in text
