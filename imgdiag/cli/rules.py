"""`imgdiag rules`: what imgdiag looks for."""

from __future__ import annotations

import click


@click.command()
@click.option("--markdown", is_flag=True, help="The whole page that docs/rules.md holds.")
def command(markdown: bool) -> None:
    """List the rules; 'imgdiag explain RULE' says all about one."""
    from tabulate import tabulate

    from imgdiag.rules import all_rules
    from imgdiag.rules._documentation import rules_page

    if markdown:
        click.echo(rules_page(all_rules()), nl=False)
    else:
        rows = [(rule.name, rule.title.replace("`", "")) for rule in all_rules()]
        click.echo(tabulate(rows, tablefmt="plain"))
