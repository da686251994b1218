"""`imgdiag analyze`: why it is big, what to change, how big it will be then."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

import click
from click.core import ParameterSource

from imgdiag import reports
from imgdiag.cli import _options, _reports
from imgdiag.cli._configured import configured
from imgdiag.facts.purpose import Target
from imgdiag.finding import Safety

if TYPE_CHECKING:
    from imgdiag.configuration.value import Configuration
    from imgdiag.project.choice import Choice

BUDGET_FAILED = 1
_LEVELS = [*(safety.value for safety in Safety), "never"]


_Function = TypeVar("_Function", bound=Callable[..., object])


def _size_option(name: str, text: str) -> Callable[[_Function], _Function]:
    return click.option(name, type=_options.size_of, metavar="SIZE", help=text)


def _number(ctx: click.Context, param: click.Parameter, value: float | None) -> float | None:
    if value is not None and math.isnan(value):
        raise click.BadParameter("nan is no number to hold anything against")
    return value


@click.command(cls=_options.PurposeCommand)
@_options.reference
@configured  # before --format, which is eager too: the file may set it
@_reports.writes_reports(reports.formats())
@click.option("--details", is_flag=True, help="Show every layer, folder and finding in the text.")
@click.option(
    "--quick",
    is_flag=True,
    help="History and a scan in a throw-away container: seconds, without the right to read the "
    "engine's store; no waste by layer. Runs the image's own Python or find.",
)
@click.option(
    "--gpu/--cpu",
    default=None,
    help="What the image is meant to run on, where it does not say so itself: advice differs.",
)
@click.option(
    "--check-imports",
    is_flag=True,
    help="Read every Python source too, and prove which folders of tests, documentation and "
    "examples nothing imports: those are safe to remove. Takes some seconds for each GB.",
)
@_size_option("--max-size", "Fail when the layers' files have more in all.")
@_size_option("--max-download", "Fail when the compressed layers have more.")
@_size_option("--max-layer", "Fail when one layer has more.")
@_size_option("--max-waste", "Fail when more is shipped and never seen.")
@click.option(
    "--max-waste-percent",
    type=click.FloatRange(0, 100),
    callback=_number,
    help="Fail when a larger share of the layers is never seen.",
)
@click.option(
    "--fail-on",
    type=click.Choice(_LEVELS),
    default="never",
    show_default=True,
    help="Fail when there is a finding of 1 MB or more whose mend is safe; 'review' takes those "
    "for review too, 'risky' all.",
)
@click.option("--allow-partial", is_flag=True, help="Pass even when a layer could not be read.")
@_options.reads_dockerfile
@_options.reads_image
def command(
    configuration: Configuration,
    reading: _options.Reading,
    wanted: _reports.Wanted,
    dockerfile: Choice | None,
    reference: str,
    details: bool,
    quick: bool,
    gpu: bool | None,
    check_imports: bool,
    max_size: int | None,
    max_download: int | None,
    max_layer: int | None,
    max_waste: int | None,
    max_waste_percent: float | None,
    fail_on: str,
    allow_partial: bool,
) -> None:
    """Say why the image REF is big and what to do about it.

    REF is a tag or id of the local engine, a file made by 'docker save', an OCI archive or
    folder, or '-' for an archive on standard input. A prefix settles doubt: docker:TAG, podman:TAG,
    docker-archive:FILE[:NAME], oci-archive:FILE[:NAME], oci-dir:FOLDER[:NAME] or oci:PATH[:NAME].

    Sizes are written as 4GB (4,000,000,000 bytes) or 4GiB (4,294,967,296 bytes). Budgets for parts
    of the image, and waivers, stand in imgdiag.toml or pyproject.toml; 'imgdiag init' writes some.

    \b
    Examples:
      imgdiag analyze my-service                  # the engine's image of that tag
      imgdiag analyze image.tar --details         # every layer and finding
      docker save my-service | imgdiag analyze -  # without the engine's socket
      imgdiag analyze my-service --quick          # in seconds, without sudo
      imgdiag analyze my-service --dockerfile docker/Dockerfile --target runtime
      imgdiag analyze my-service --max-size 3.5GB --fail-on safe

    \b
    Exit codes:
      0  analysed, and within every budget
      1  a budget or --fail-on failed
      2  wrong usage
      3  the image could not be analysed
    """  # noqa: D301 - click's mark for a paragraph that is not wrapped
    from imgdiag import pipeline
    from imgdiag.gate.gate import Budgets, judge

    if quick and _asked("max_waste", "max_waste_percent"):
        raise click.UsageError("--quick does not know the waste well enough to hold it to a limit")
    if quick and check_imports:
        raise click.UsageError("--quick reads no sources, so it cannot check imports")
    declared = None if gpu is None else Target.GPU if gpu else Target.CPU
    with reading() as request:
        if quick:
            analysis = pipeline.analyze_quickly(
                reference, request, declared=declared, dockerfile=dockerfile
            )
        else:
            analysis = pipeline.analyze(
                reference,
                request,
                declared=declared,
                dockerfile=dockerfile,
                check_imports=check_imports,
            )
    gate = judge(
        analysis,
        Budgets(
            max_size=max_size,
            max_download=max_download,
            max_layer=max_layer,
            max_waste=max_waste,
            max_waste_percent=max_waste_percent,
            fail_on=None if fail_on == "never" else Safety(fail_on),
            allow_partial=allow_partial or quick,  # who asks for a part gets a part
            named=configuration.budgets,
            waivers=configuration.waivers,
            configuration=configuration.path,
        ),
    )
    wanted.write(lambda name, style: reports.render(name, analysis, gate, style), details=details)
    sys.exit(0 if gate.passed else BUDGET_FAILED)


def _asked(*names: str) -> bool:
    """Tell whether one of these parameters is asked for now, not by the configuration."""
    sources = map(click.get_current_context().get_parameter_source, names)
    return not {ParameterSource.COMMANDLINE, ParameterSource.ENVIRONMENT}.isdisjoint(sources)
