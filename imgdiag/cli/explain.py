"""`imgdiag explain`: all about one rule or check."""

from __future__ import annotations

import difflib
import textwrap
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from imgdiag.project.check import Check
    from imgdiag.rules.rule import Rule


@click.command()
@click.argument("rule")
def command(rule: str) -> None:
    """Say why RULE, or a check of 'imgdiag check', matters, how to mend it, when to ignore it."""
    from imgdiag.project.checks import all_checks
    from imgdiag.rules import all_rules

    rules: dict[str, Rule | Check] = {each.name: each for each in all_rules()}
    rules.update({each.name: each for each in all_checks()})
    if rule not in rules:
        near = difflib.get_close_matches(rule, rules, 1)
        hint = f"; did you mean {near[0]!r}?" if near else "; see 'imgdiag rules'"
        raise click.BadParameter(f"there is no rule {rule!r}{hint}")
    chosen = rules[rule]
    click.echo(f"{chosen.name}: {_plain(chosen.title)}")
    for heading, text in (
        ("", chosen.why),
        ("Mend: ", chosen.fix),
        ("Ignore it when: ", chosen.ignore_when),
    ):
        click.echo("\n" + textwrap.fill(heading + _plain(text), 90, break_on_hyphens=False))


def _plain(markdown: str) -> str:
    return markdown.replace("`", "'")
