"""`imgdiag rules`: what imgdiag looks for, in images and in projects."""

from __future__ import annotations

import click


@click.command()
@click.option("--markdown", is_flag=True, help="The whole page that docs/rules.md holds.")
def command(markdown: bool) -> None:
    """List the rules for images and the checks of projects; 'imgdiag explain NAME' tells more."""
    from tabulate import tabulate

    from imgdiag.project.checks import all_checks
    from imgdiag.rules import all_rules
    from imgdiag.rules._documentation import rules_page

    if markdown:
        click.echo(rules_page(all_rules()), nl=False)
        return
    rules = [(rule.name, rule.title.replace("`", "")) for rule in all_rules()]
    checks = [(check.name, check.title.replace("`", "")) for check in all_checks()]
    rows = [("analyze", ""), *rules, ("", ""), ("check", ""), *checks]
    click.echo(tabulate(rows, tablefmt="plain"))
