"""`imgdiag verify`: the checklist of a lean image, for project and image."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from imgdiag.cli import _options, _reports
from imgdiag.cli._configured import configured
from imgdiag.cli._project import reads_project

if TYPE_CHECKING:
    from imgdiag.configuration.value import Configuration
    from imgdiag.facts.facts import Facts
    from imgdiag.project.project import Project
    from imgdiag.python.verification import Verification
    from imgdiag.sources import Request

FORMATS = ("json", "junit", "markdown", "text")
FAILED = 1


@click.command()
@click.argument(
    "reference", metavar="[REF]", required=False, shell_complete=_options.complete_reference
)
@reads_project
@click.option(
    "--run",
    "is_run",
    is_flag=True,
    help="Import torch in a throw-away container, and ask it: this runs code of the image.",
)
@click.option(
    "--max-size",
    type=_options.size_of,
    metavar="SIZE",
    help="The budget for the sum of the layers; else 5GB.",
)
@configured  # before --format, which is eager too: the file may set it
@_reports.writes_reports(FORMATS)
@_options.reads_image
def command(
    configuration: Configuration,
    reading: _options.Reading,
    project: Project,
    reference: str | None,
    is_run: bool,
    max_size: int | None,
    wanted: _reports.Wanted,
) -> None:
    """Go through the checklist of a lean image: the project's files, and the image REF.

    Is torch the project's own dependency, taken from PyTorch's CPU index, and locked so? Is the
    image installed without developers' packages, cleaned up before COPY, and within its size? Is
    torch in it the CPU build, are NVIDIA's packages gone, does uv work for the runtime user? Each
    item passed, failed, or is not checkable, and says why and where.

    Without REF only the project is looked at. REF is as for 'imgdiag analyze'; with --run it is an
    engine's image.

    \b
    Examples:
      imgdiag verify                             # the project alone
      imgdiag verify my-service --max-size 3GB   # and the image made of it
      imgdiag verify my-service --run            # and its Python, asked for torch
      imgdiag verify my-service -o checklist.md  # for a pull request

    \b
    Exit codes:
      0  no item failed
      1  an item failed
      2  wrong usage
      3  a file or the image could not be read
    """  # noqa: D301 - click's mark for a paragraph that is not wrapped
    from imgdiag.project.checklist import checklist, failures
    from imgdiag.reports import _checklist

    if is_run and reference is None:
        raise click.UsageError("--run needs an image; name it as REF")
    image, answers = None, None
    if reference is not None:
        with reading() as request:
            image = _read(reference, request)
            answers = _ask(reference, request) if is_run else None
    items = checklist(project, image, answers, max_size)
    wanted.write(
        lambda name, style: _checklist.render(name, items, project.folder, reference, style)
    )
    sys.exit(FAILED if failures(items) else 0)


def _read(reference: str, request: Request) -> Facts:
    from imgdiag import pipeline, sources

    image = sources.load_layers(reference, request)
    return pipeline.measure(image)


def _ask(reference: str, request: Request) -> Verification:
    from imgdiag.python.verification import verify_torch
    from imgdiag.scanner.live import Sandbox

    sandbox = Sandbox(user="", writable_tmp=True, platform=request.platform)
    return verify_torch(reference, request, sandbox)
