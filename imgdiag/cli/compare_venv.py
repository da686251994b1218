"""`imgdiag compare-venv`: a local environment beside the image's."""

from __future__ import annotations

from pathlib import Path

import click

from imgdiag.cli import _options, _reports


@click.command()
@_options.reference
@click.argument(
    "folder",
    metavar="[VENV]",
    type=click.Path(path_type=Path),
    default=Path(".venv"),
)
@click.option(
    "--environment",
    default="",
    metavar="PATH",
    help="Which of the image's environments, by its folder; else one of the same name, else the "
    "largest.",
)
@click.option("--details", is_flag=True, help="Show all packages, those that are the same too.")
@_reports.writes_reports(("json", "markdown", "text"))
@_options.reads_image
def command(
    reading: _options.Reading,
    reference: str,
    folder: Path,
    environment: str,
    details: bool,
    wanted: _reports.Wanted,
) -> None:
    """Compare the local environment VENV (.venv) with that of the image REF.

    Shows which packages are only here or only in the image, which have another version, how many
    bytes of what kind both hold, and what in the image is of little use to a running service.
    Nothing is run, here or there. REF is as for 'imgdiag analyze'.

    \b
    Examples:
      imgdiag compare-venv my-service  # .venv in this folder
      imgdiag compare-venv my-service api/.venv --environment /app/.venv
    """  # noqa: D301 - click's mark for a paragraph that is not wrapped
    from imgdiag.project.compare_venv import compare_venv
    from imgdiag.reports import _compare_venv

    with reading() as request:
        comparison = compare_venv(reference, folder, request, environment)
    wanted.write(lambda name, style: _compare_venv.render(name, comparison, style), details=details)
