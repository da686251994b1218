"""`imgdiag history`: the instructions and what each of them added."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from imgdiag.cli import _options

if TYPE_CHECKING:
    from imgdiag.project.choice import Choice


@click.command()
@_options.reference
@click.option("--no-trunc", is_flag=True, help="Show the builder's whole text, nothing cut.")
@_options.as_text_or_json
@_options.reads_dockerfile
@_options.reads_image
def command(
    reading: _options.Reading,
    dockerfile: Choice | None,
    reference: str,
    no_trunc: bool,
    format_: str,
) -> None:
    """Show the instructions that made the image REF, oldest first, and what each of them added.

    Like 'docker history', but for every kind of REF that 'imgdiag analyze' takes, and with the
    bytes of each layer that later layers hide. An instruction that made no layer has no sizes.

    \b
    Examples:
      imgdiag history my-service
      imgdiag history my-service --dockerfile Dockerfile  # with its lines
      imgdiag history image.tar --no-trunc                # nothing cut
      imgdiag history image.tar -f json
    """  # noqa: D301 - click's mark for a paragraph that is not wrapped
    from imgdiag.layers.history import read_history
    from imgdiag.reports import _history

    with reading() as request:
        history = read_history(reference, request, dockerfile)
    if format_ == "json":
        click.echo(_history.as_json(history), nl=False)
    else:
        style = _options.terminal_style()
        click.echo(_history.text(history, style, whole=no_trunc), nl=False)
