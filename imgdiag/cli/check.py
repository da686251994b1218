"""`imgdiag check`: what in a Dockerfile makes an image big or unsafe."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from imgdiag.cli import _reports
from imgdiag.cli._configured import configured
from imgdiag.cli._project import ProjectCommand, reads_project
from imgdiag.errors import ImgdiagError
from imgdiag.finding import Severity

if TYPE_CHECKING:
    from imgdiag.configuration.value import Configuration
    from imgdiag.project.project import Project

FORMATS = ("github", "json", "junit", "markdown", "sarif", "text")
FOUND = 1
_LEVELS = [*(severity.value for severity in Severity), "never"]


@click.command(cls=ProjectCommand)
@reads_project
@click.option(
    "--fail-on",
    type=click.Choice(_LEVELS),
    default="never",
    show_default=True,
    help="Fail when there is a finding of this severity or a higher one.",
)
@configured  # before --format, which is eager too: the file may set it
@_reports.writes_reports(FORMATS)
def command(
    configuration: Configuration, project: Project, wanted: _reports.Wanted, fail_on: str
) -> None:
    """Say what in a project makes its image big or its build unsafe, before it is built.

    Reads the Dockerfile and what stands beside it: .dockerignore, the files that COPY takes,
    pyproject.toml. No engine is needed, and nothing is run. 'imgdiag explain CHECK' says why a
    check matters and when to ignore it; a waiver in imgdiag.toml or pyproject.toml accepts what it
    finds until a day.

    \b
    Examples:
      imgdiag check                         # the Dockerfile in this folder
      imgdiag check --project services/api  # the one in that folder
      imgdiag check --dockerfile docker/Dockerfile --target runtime
      imgdiag check --fail-on error         # a gate, before anything is built
      imgdiag check -f github               # at their lines, in GitHub Actions

    \b
    Exit codes:
      0  checked, and nothing that --fail-on names, but for what is waived
      1  a finding that --fail-on names
      2  wrong usage
      3  a file could not be read
    """  # noqa: D301 - click's mark for a paragraph that is not wrapped
    from imgdiag.project.checks import check_project
    from imgdiag.project.verdict import judge
    from imgdiag.reports import _check

    if project.dockerfile is None and project.settings is None and not project.locks:
        raise ImgdiagError(
            f"there is nothing to check in {str(project.folder)!r}: no Dockerfile, pyproject.toml "
            "or lock file",
            hint="--project names the folder, --dockerfile a Dockerfile elsewhere",
        )
    verdict = judge(
        check_project(project),
        fail_on=None if fail_on == "never" else Severity(fail_on),
        accepted=configuration.waivers,
        configuration=configuration.path,
    )
    wanted.write(lambda name, style: _check.render(name, project, verdict, style))
    sys.exit(0 if verdict.passed else FOUND)
