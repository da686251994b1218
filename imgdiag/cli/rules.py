"""`imgdiag rules`: what imgdiag looks for, in images and in projects."""

from __future__ import annotations

import click

from imgdiag.cli import _options


@click.command()
@click.option("--markdown", is_flag=True, help="The whole page that docs/rules.md holds.")
def command(markdown: bool) -> None:
    """List the rules for images and the checks of projects; 'imgdiag explain NAME' tells more.

    \b
    Examples:
      imgdiag rules
      imgdiag explain deleted-later  # all about one of them
    """  # noqa: D301 - click's mark for a paragraph that is not wrapped
    from imgdiag.project.checks import all_checks
    from imgdiag.reports._page import Page
    from imgdiag.rules import all_rules
    from imgdiag.rules._documentation import by_topic, rules_page

    if markdown:
        click.echo(rules_page(all_rules()), nl=False)
        return
    parts = {
        str(topic): [(rule.name, rule.title) for rule in rules]
        for topic, rules in by_topic(all_rules()).items()
    }
    parts["Projects, by 'imgdiag check'"] = [(each.name, each.title) for each in all_checks()]
    widest = max(len(name) for rows in parts.values() for name, _ in rows)
    page = Page(_options.terminal_style())
    for heading, rows in parts.items():
        page.heading(heading)
        for name, title in rows:
            page.beside("", name, title.replace("`", ""), width=widest, bold=False, fg="")
    click.echo(page.text().lstrip("\n"), nl=False)
