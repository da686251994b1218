"""`imgdiag schema`: the JSON Schema of what a command prints with -f json."""

from __future__ import annotations

import json

import click


def _known(ctx: click.Context, param: click.Parameter, value: str) -> str:
    from imgdiag.schema import commands

    if value not in commands():
        raise click.BadParameter(f"{value!r} has no JSON; those that have: {', '.join(commands())}")
    return value


@click.command()
@click.argument("of", metavar="[COMMAND]", default="analyze", callback=_known)
def command(of: str) -> None:
    """Print the JSON Schema of what COMMAND (analyze) prints with '-f json'.

    It is of draft 2020-12. Within a schema_version keys may come; none goes, and none changes its
    type or its meaning.

    \b
    Examples:
      imgdiag schema > analyze.schema.json
      imgdiag schema check
    """  # noqa: D301 - click's mark for a paragraph that is not wrapped
    from imgdiag.schema import schema_of

    click.echo(json.dumps(schema_of(of), indent=2))
