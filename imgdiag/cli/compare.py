"""`imgdiag compare`: what changed between two images, and why one is larger."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from imgdiag.cli import _options
from imgdiag.cli._configured import configured
from imgdiag.cli._reports import Wanted, writes_reports
from imgdiag.cli.analyze import BUDGET_FAILED
from imgdiag.facts.purpose import Target
from imgdiag.reports import _difference

if TYPE_CHECKING:
    from imgdiag.configuration.value import Configuration
    from imgdiag.gate.budgets import Limit
    from imgdiag.project.choice import Choice


def limit(value: str) -> Limit:
    """Return the growth that `value` allows, such as 200MB or 5%; an option type for click."""
    from imgdiag.gate.budgets import Limit

    try:
        return Limit.parse(value)
    except ValueError as error:
        per_cent = "" if "%" in str(error) else ", or in per cent as 5%"
        raise click.BadParameter(f"{error}{per_cent}") from error


@click.command(cls=_options.PurposeCommand)
@click.argument("base", metavar="BASE", shell_complete=_options.complete_reference)
@click.argument("head", metavar="HEAD", shell_complete=_options.complete_reference)
@configured  # before --format, which is eager too: the file may set it
@writes_reports(_difference.formats())
@click.option(
    "--top",
    type=click.IntRange(min=1),
    default=10,
    show_default=True,
    metavar="N",
    help="The most rows of a table. JSON has all of them.",
)
@click.option(
    "--max-growth",
    "limits",
    type=limit,
    multiple=True,
    metavar="SIZE|PERCENT",
    help="Fail when the layers' files grew by more than that, as in 200MB or 5%. May be "
    "repeated: then the image has to be within each.",
)
@click.option(
    "--gpu/--cpu",
    default=None,
    help="What both images are meant to run on, where they do not say so themselves.",
)
@click.option(
    "--check-imports",
    is_flag=True,
    help="Prove which folders of tests nothing imports, as in 'imgdiag analyze'.",
)
@click.option("--allow-partial", is_flag=True, help="Pass even when a layer could not be read.")
@_options.reads_dockerfile
@_options.reads_image
def command(
    configuration: Configuration,
    reading: _options.Reading,
    dockerfile: Choice | None,
    base: str,
    head: str,
    wanted: Wanted,
    top: int,
    limits: tuple[Limit, ...],
    gpu: bool | None,
    check_imports: bool,
    allow_partial: bool,
) -> None:
    """Say what changed from the image BASE to the image HEAD, and why one is larger.

    BASE and HEAD are as for 'imgdiag analyze', or reports that it saved with -o json=PATH: what a
    file is, its content tells. So a pipeline can keep the small report of its main branch in place
    of the image. One of them may be '-', and both may be pipes.

    The causes come first, those with the most bytes at the top. Each byte of the growth is in one
    of them, so that they add up to it. A Dockerfile is used for both images, where it fits them.
    Budgets of growth may also stand in imgdiag.toml or pyproject.toml.

    \b
    Examples:
      imgdiag compare my-service:1.0 my-service:1.1
      imgdiag compare main.json my-service --max-growth 5%
      imgdiag compare before.tar after.tar -o growth.md

    \b
    Exit codes:
      0  compared, and within every limit
      1  the image grew by more than --max-growth or a budget allows
      2  wrong usage
      3  an image or a report could not be read
    """  # noqa: D301 - click's mark for a paragraph that is not wrapped
    from imgdiag import pipeline
    from imgdiag.comparison.limits import judge, max_growth

    if base == head == "-":
        raise click.UsageError("only one of BASE and HEAD can be standard input")
    declared = None if gpu is None else Target.GPU if gpu else Target.CPU
    with reading() as request:
        comparison = pipeline.compare(
            base,
            head,
            request,
            declared=declared,
            dockerfile=dockerfile,
            check_imports=check_imports,
        )
    gate = judge(
        comparison,
        (*map(max_growth, limits), *configuration.budgets),
        allow_partial=allow_partial,
        configuration=configuration.path,
    )
    wanted.write(lambda name, style: _difference.render(name, comparison, gate, style, top))
    sys.exit(0 if gate.passed else BUDGET_FAILED)
