"""`imgdiag why`: who brings a Python package in, and what goes away with it."""

from __future__ import annotations

from pathlib import Path

import click

from imgdiag.cli import _options
from imgdiag.text import printable


@click.command()
@click.argument("package", metavar="PACKAGE")
@_options.reference
@click.option("--environment", metavar="PATH", help="Only this environment of the image.")
@click.option(
    "--chains",
    type=click.IntRange(min=1, max=1000),
    default=10,
    show_default=True,
    help="How many chains to show, the shortest first.",
)
@_options.as_text_or_json
@_options.reads_image
def command(
    reading: _options.Reading,
    package: str,
    reference: str,
    environment: str | None,
    chains: int,
    format_: str,
) -> None:
    """Say why the Python package PACKAGE is in the image REF.

    Shows every chain of requirements that brings it in, from what was asked for, with each
    requirement as the package's metadata states it; what goes away with it; and what would keep it
    when one thing were no longer asked for. REF is as for 'imgdiag analyze'.

    \b
    Examples:
      imgdiag why nvidia-cudnn-cu12 my-service
      imgdiag why numpy image.tar --chains 3
    """  # noqa: D301 - click's mark for a paragraph that is not wrapped
    from imgdiag.python.dependencies import read_dependencies, with_packages
    from imgdiag.python.why import explain
    from imgdiag.reports import _why

    if _looks_swapped(package, reference):
        raise click.UsageError(
            f"{printable(package)!r} is a file, and the package comes first: "
            f"imgdiag why {printable(reference)} {printable(package)}"
        )
    with reading() as request:
        image = read_dependencies(reference, request, environment=environment)
    image, (name,) = with_packages(image, [package])
    answers = [explain(each, name, chains) for each in image.environments]
    if format_ == "json":
        click.echo(_why.as_json(image, answers), nl=False)
    else:
        style = _options.terminal_style()
        click.echo(_why.text(image, answers, style), nl=False)


def _looks_swapped(package: str, reference: str) -> bool:
    """Tell whether an image's file was given first, and a bare name where the image belongs."""
    bare = reference != "-" and not {":", "/"} & set(reference)
    try:
        is_file = bool({".", "/"} & set(package)) and Path(package).is_file()
        return bare and is_file and not Path(reference).exists()
    except OSError:  # a name longer than any file's
        return False
