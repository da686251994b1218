"""`imgdiag skeleton`: an image's shape without its contents, for a bug report."""

from __future__ import annotations

from pathlib import Path

import click

from imgdiag.cli import _options
from imgdiag.units import format_bytes


@click.command()
@_options.reference
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    required=True,
    help="The archive to write.",
)
@_options.reads_image
def command(reading: _options.Reading, reference: str, output: Path) -> None:
    """Write the image REF with its files' contents replaced by zeros.

    The result is a small OCI archive that imgdiag analyses like the original: made to be
    attached to a bug report. REF is as for 'imgdiag analyze'.

    Kept as they are: names, sizes, owners, modes, times and links of all files; the history and
    the config with its environment variables; the texts that say what is installed (METADATA and
    RECORD of Python packages, package databases, torch/version.py, pyvenv.cfg, os-release),
    pyproject.toml, requirements files and lock files, and files of up to 1 kB in folders named bin,
    which are mostly scripts that pip made. Everything else becomes zeros. Names,
    variables and instructions may say more than you want to share: look before you send it.

    \b
    Examples:
      imgdiag skeleton my-service -o my-service.oci.tar
      imgdiag analyze my-service.oci.tar  # the same numbers
    """  # noqa: D301 - click's mark for a paragraph that is not wrapped
    from imgdiag.skeleton import write_skeleton

    with reading() as request:
        sizes = write_skeleton(reference, output, request)
    click.echo(
        f"{output}: {format_bytes(sizes.archive_bytes)}, "
        f"for {format_bytes(sizes.unpacked_bytes)} of layers",
        err=not output.is_file(),  # it may be what stands behind standard output
    )
