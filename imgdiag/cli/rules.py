"""`imgdiag rules`: what imgdiag looks for."""

from __future__ import annotations

import click


@click.command()
@click.option("--markdown", is_flag=True, help="The whole page that docs/rules.md holds.")
def command(markdown: bool) -> None:
    """List the rules for images and the checks of projects; 'imgdiag explain NAME' tells more."""
    from imgdiag.project.checks import all_checks
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
    width = max(len(name) for rows in parts.values() for name, _ in rows)
    for number, (heading, rows) in enumerate(parts.items()):
        click.echo("\n" * bool(number) + heading)
        for name, title in rows:
            click.echo(f"  {name:<{width}}  {title.replace('`', '')}")
