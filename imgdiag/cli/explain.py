"""`imgdiag explain`: why a rule or check matters, and how to mend it."""

from __future__ import annotations

import difflib
import textwrap
from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from imgdiag.cli import _options

if TYPE_CHECKING:
    from imgdiag.project.check import Check
    from imgdiag.rules.rule import Rule

_WIDTH = 90  # prose: longer lines are hard to read


@click.command()
@click.argument("rule", metavar="RULE", shell_complete=_options.complete_rule)
def command(rule: str) -> None:
    """Say why RULE, or a check of 'imgdiag check', matters, how to mend it, when to ignore it.

    \b
    Examples:
      imgdiag explain deleted-later
      imgdiag explain chown-after-copy
      imgdiag rules  # the names of all of them
    """  # noqa: D301 - click's mark for a paragraph that is not wrapped
    from imgdiag.project.checks import all_checks
    from imgdiag.rules import all_rules

    rules: dict[str, Rule | Check] = {each.name: each for each in all_rules()}
    rules.update({each.name: each for each in all_checks()})
    if rule not in rules:
        near = difflib.get_close_matches(rule, rules, 1)
        hint = f"; did you mean {near[0]!r}?" if near else "; see 'imgdiag rules'"
        raise click.BadParameter(f"there is no rule {rule!r}{hint}")
    chosen = rules[rule]
    click.echo(_filled(f"{chosen.name}: {chosen.title}"))
    for heading, text in (
        ("", chosen.why),
        ("Mend: ", chosen.fix),
        ("Ignore it when: ", chosen.ignore_when),
    ):
        click.echo("\n" + _filled(heading + text))
    click.echo("\nFor example:")
    for line in _examples(chosen):
        click.echo(_filled(f"- {line}", "  "))


def _examples(rule: Rule | Check) -> Iterator[str]:
    from imgdiag.rules._documentation import example_line
    from imgdiag.rules.rule import Example

    for example in rule.examples:
        if isinstance(example, Example):
            yield example_line(example)
        else:
            found = f"finds {', '.join(example.finds)}" if example.finds else "fine"
            yield f"{example.what}: {found}."


def _filled(markdown: str, indent: str = "") -> str:
    return textwrap.fill(
        _plain(markdown),
        min(_options.page_width(), _WIDTH),
        break_on_hyphens=False,
        subsequent_indent=indent,
        break_long_words=False,
    )


def _plain(markdown: str) -> str:
    return markdown.replace("`", "'")
