"""`imgdiag init`: a configuration from the image of today."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING

import click

from imgdiag.cli import _options
from imgdiag.errors import ImgdiagError
from imgdiag.text import printable
from imgdiag.units import counted, format_bytes
from imgdiag.writing import write_file

if TYPE_CHECKING:
    from imgdiag.analysis import Analysis
    from imgdiag.configuration.dive import DiveRules
    from imgdiag.configuration.initial import Section

_OWN = Path("imgdiag.toml")
_PYPROJECT = Path("pyproject.toml")


def percent(value: str) -> Decimal:
    """Return a percentage such as 5% or 2.5; an option type for click."""
    try:
        number = Decimal(value.strip().removesuffix("%").strip())
    except InvalidOperation:
        number = Decimal("nan")
    if not number.is_finite() or not 0 <= number <= 1000:
        raise click.BadParameter(f"{value!r} is no percentage; write it as 5%")
    return number


@click.command()
@click.argument(
    "reference", metavar="[REF]", required=False, shell_complete=_options.complete_reference
)
@click.option(
    "--margin",
    type=percent,
    default="5%",
    show_default=True,
    metavar="PERCENT",
    help="How much larger than today's image it may become.",
)
@click.option(
    "--pyproject",
    "into_pyproject",
    is_flag=True,
    help="Write to [tool.imgdiag] of pyproject.toml, in place of imgdiag.toml.",
)
@click.option(
    "--from-dive",
    "dive_path",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar=".dive-ci",
    help="Take dive's rules over, for what is shipped and never seen.",
)
@click.option("--force", is_flag=True, help="Overwrite a configuration that is there.")
@_options.reads_image
def command(
    reading: _options.Reading,
    reference: str | None,
    margin: Decimal,
    into_pyproject: bool,
    dive_path: Path | None,
    force: bool,
) -> None:
    """Write budgets for the image REF of today plus a margin, to imgdiag.toml in this folder.

    All layers, the largest of them, what is wasted, and the packages that take most: each with a
    comment that says what it is today. REF is as for 'imgdiag analyze', which then holds images to
    the budgets. With --from-dive, REF may be left out.

    \b
    Examples:
      imgdiag init my-service            # imgdiag.toml: today's sizes plus 5%
      imgdiag init my-service --margin 10% --pyproject
      imgdiag init --from-dive .dive-ci  # dive's rules, without an image

    \b
    Exit codes:
      0  written; what does not hold today is told
      2  wrong usage
      3  the image could not be analysed, or a configuration is there already
    """  # noqa: D301 - click's mark for a paragraph that is not wrapped
    from imgdiag import clock
    from imgdiag.configuration import initial
    from imgdiag.configuration.dive import read_dive, translate

    if reference is None and dive_path is None:
        raise click.UsageError("Name an image as REF, or dive's rules with --from-dive")
    path = _PYPROJECT if into_pyproject else _OWN
    before = _before(path, into_pyproject=into_pyproject, force=force)
    dive = read_dive(_text(dive_path), str(dive_path)) if dive_path is not None else None
    analysis = _analyze(reference, reading) if reference is not None else None

    sections: list[Section] = []
    if analysis is not None:
        sections += initial.image_sections(analysis, margin, waste=dive is None)
    if dive is not None:
        share = _share_above_the_first(analysis)
        sections += initial.dive_sections(translate(dive.rules, str(dive_path), share))
    sections += initial.other_sections(analysis, margin, clock.today())
    head = "\n".join(_head(analysis, margin, dive))
    text = initial.render(sections, head, "tool.imgdiag" if into_pyproject else "")
    failing = _failing(text if before is None else before + text, path, analysis)
    write_file(path, _joined(before, text))

    count = sum(each.active and each.table.startswith("budgets.") for each in sections)
    click.echo(f"{path}: {counted(count, 'budget')}. 'imgdiag analyze REF' holds to them")
    for line in dive.unknown if dive is not None else ():
        click.echo(printable(f"imgdiag: not translated: {line}"), err=True)
    for line in failing:
        click.echo(printable(f"imgdiag: does not hold today: {line}"), err=True)
    if _is_hidden(into_pyproject=into_pyproject):
        click.echo(f"imgdiag: {_OWN} comes before [tool.imgdiag] of {_PYPROJECT}", err=True)


def _is_hidden(*, into_pyproject: bool) -> bool:
    """Tell whether there are two configurations now, of which only one counts."""
    from imgdiag.configuration.find import load_configuration

    if into_pyproject:
        return _OWN.is_file()
    try:
        return _PYPROJECT.is_file() and load_configuration(_PYPROJECT) is not None
    except ImgdiagError:
        return False  # who reads that file says so


def _before(path: Path, *, into_pyproject: bool, force: bool) -> str | None:
    """Return what stays of pyproject.toml, None for a file of our own. Raises ImgdiagError."""
    if not into_pyproject:
        if path.exists() and not force:
            raise ImgdiagError(f"{path} is there already", hint="--force overwrites it")
        return None
    from imgdiag.configuration.edit import without_configuration

    if not path.is_file():
        raise ImgdiagError(f"there is no {path} here", hint="Without --pyproject, a file is made")
    return without_configuration(_text(path), str(path), force=force)


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ImgdiagError(f"cannot read {str(path)!r} ({error})", hint="Check the file") from error


def _analyze(reference: str, reading: _options.Reading) -> Analysis:
    from imgdiag import pipeline

    with reading() as request:
        analysis = pipeline.analyze(reference, request)
    for skipped in analysis.skipped:
        raise ImgdiagError(
            f"{skipped.what} could not be read ({skipped.reason}), so that the image's size is "
            "not known",
            hint="Write budgets from a whole image",
        )
    return analysis


def _share_above_the_first(analysis: Analysis | None) -> float | None:
    if analysis is None or not analysis.sizes.layer_bytes:
        return None
    return 1 - analysis.layers[0].layer_bytes / analysis.sizes.layer_bytes


def _head(analysis: Analysis | None, margin: Decimal, dive: DiveRules | None) -> Iterator[str]:
    from imgdiag.configuration.edit import HEAD

    if analysis is not None:
        yield (
            f"{HEAD} from {analysis.reference} of "
            f"{format_bytes(analysis.sizes.layer_bytes)} ({analysis.config.id}), with a margin of "
            f"{margin.normalize():f} %."
        )
    else:
        yield f"{HEAD} from dive's rules."
    for line in dive.unknown if dive is not None else ():
        yield f"Not translated: {line}"
    yield "docs/configuration.md has every key."


def _failing(text: str, path: Path, analysis: Analysis | None) -> list[str]:
    """Read the configuration that will be written, and return which of it does not hold today."""
    from imgdiag.configuration.find import Found
    from imgdiag.configuration.read import read_configuration
    from imgdiag.gate.gate import Budgets, judge
    from imgdiag.project.toml import parse_toml

    root = ("tool", "imgdiag") if path == _PYPROJECT else ()
    found = Found(parse_toml(text.encode("utf-8"), str(path)), root)
    configuration = read_configuration(found)
    if analysis is None:
        return []
    gate = judge(analysis, Budgets(named=configuration.budgets))
    return [f"{check.name}: {check.detail}" for check in gate.checks if not check.passed]


def _joined(before: str | None, text: str) -> bytes:
    """Return the whole file, its lines ended as they were."""
    if before is None:
        return text.encode("utf-8")
    ending = "\r\n" if "\r\n" in before else "\n"
    return (before + text.replace("\n", ending)).encode("utf-8")
