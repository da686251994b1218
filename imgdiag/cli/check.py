"""`imgdiag check`: a project's files, before anything is built."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from imgdiag.cli import _options
from imgdiag.errors import ImgdiagError
from imgdiag.finding import Severity
from imgdiag.project.checks import check_project
from imgdiag.project.choice import NAMES, find_dockerfile
from imgdiag.project.dockerfile import read_dockerfile
from imgdiag.project.project import Project
from imgdiag.reports import Style, _check

FOUND = 1
_LEVELS = [*(severity.value for severity in Severity), "never"]


@click.command()
@click.option(
    "--project",
    "folder",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=Path(),
    help="The folder that the image is built from; else the working folder.",
)
@click.option(
    "--dockerfile",
    "path",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The Dockerfile, where it is not in that folder.",
)
@click.option("--target", metavar="STAGE", help="The stage that is built; else the last one.")
@click.option(
    "--fail-on",
    type=click.Choice(_LEVELS),
    default="never",
    show_default=True,
    help="Fail when there is a finding of this severity or a higher one.",
)
@_options.as_text_or_json
def command(
    folder: Path, path: Path | None, target: str | None, fail_on: str, format_: str
) -> None:
    """Say what in a project makes its image big or its build unsafe, before it is built.

    Reads the Dockerfile and what stands beside it: .dockerignore, the files that COPY takes,
    pyproject.toml. No engine is needed, and nothing is run. 'imgdiag explain CHECK' says why a
    check matters and when to ignore it.

    \b
    Exit codes:
      0  checked, and nothing that --fail-on names
      1  a finding that --fail-on names
      2  wrong usage
      3  a file could not be read
    """  # noqa: D301 - click's mark for a paragraph that is not wrapped
    found = path or find_dockerfile(folder)
    if found is None:
        raise ImgdiagError(
            f"there is no {' or '.join(NAMES)} in {str(folder)!r}",
            hint="Name it with --dockerfile",
        )
    project = Project(folder=folder, dockerfile=read_dockerfile(found), target=target)
    findings = check_project(project)
    levels = list(Severity)
    failing = [
        each
        for each in findings
        if fail_on != "never" and levels.index(each.severity) <= levels.index(Severity(fail_on))
    ]
    if format_ == "json":
        click.echo(_check.as_json(project, findings, passed=not failing), nl=False)
    else:
        style = Style(color=_options.wants_color(), width=_options.page_width())
        click.echo(_check.text(project, findings, style), nl=False)
    sys.exit(FOUND if failing else 0)
