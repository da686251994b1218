"""`imgdiag tree`: what requires what, and what goes away with it."""

from __future__ import annotations

import click

from imgdiag.cli import _options


@click.command()
@_options.reference
@click.option("--environment", metavar="PATH", help="Only this environment of the image.")
@click.option(
    "--package", "packages", metavar="NAME", multiple=True, help="Start here; may be repeated."
)
@click.option("--invert", is_flag=True, help="Show who requires it, in place of what it requires.")
@click.option(
    "--depth",
    type=click.IntRange(min=0),
    metavar="N",
    help="How many levels to show below the top.",
)
@click.option(
    "--min-size",
    type=_options.size_of,
    default="0",
    metavar="SIZE",
    help="Show packages with which at least that much goes, and what leads to them; count the "
    "others.",
)
@click.option(
    "--sort",
    type=click.Choice(("bytes", "name")),
    default="bytes",
    show_default=True,
    help="The order of those that stand below the same.",
)
@click.option("--no-dedupe", is_flag=True, help="Show every subtree wherever it stands.")
@_options.as_text_or_json
@_options.reads_image
def command(
    reading: _options.Reading,
    reference: str,
    environment: str | None,
    packages: tuple[str, ...],
    invert: bool,
    depth: int | None,
    min_size: int,
    sort: str,
    no_dedupe: bool,
    format_: str,
) -> None:
    """Show what was asked for in the Python environments of the image REF, and what that requires.

    Each package has two sizes: its own files', and what goes with it: that and what is there for
    its sake alone. What was asked for is what the project's files in the image say (pyproject.toml,
    a lock, requirements), else what the history installs or its installer marked, else what
    nothing requires; the tree says which. Markers count for the image's own Python and platform.

    REF is as for 'imgdiag analyze'.

    \b
    Examples:
      imgdiag tree my-service                  # what was asked for, and below it
      imgdiag tree my-service --min-size 50MB  # only what leads to that much
      imgdiag tree my-service --package torch --invert
      imgdiag tree my-service --environment /app/.venv --depth 1
    """  # noqa: D301 - click's mark for a paragraph that is not wrapped
    from imgdiag.python.dependencies import read_dependencies, with_packages
    from imgdiag.python.tree import View
    from imgdiag.reports import _tree

    with reading() as request:
        image = read_dependencies(reference, request, environment=environment)
    names: tuple[str, ...] = ()
    if packages:
        image, names = with_packages(image, packages)
    view = View(
        packages=names,
        depth=depth,
        invert=invert,
        dedupe=not no_dedupe,
        sort=sort,
        min_size=min_size,
    )
    if format_ == "json":
        click.echo(_tree.as_json(image, view), nl=False)
    else:
        style = _options.terminal_style()
        click.echo(_tree.text(image, view, style), nl=False)
