"""The options that say which reports are written and where: one analysis, as many as are wanted."""

from __future__ import annotations

import functools
import os
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from imgdiag.cli import _options
from imgdiag.errors import ImgdiagError

if TYPE_CHECKING:
    from imgdiag.reports import Style

Render = Callable[[str, "Style"], str]
"""What makes a report: of its format's name and its style, the whole text."""

_ENDINGS = {
    ".html": "html",
    ".json": "json",
    ".md": "markdown",
    ".sarif": "sarif",
    ".txt": "text",
    ".xml": "junit",
}
_SUMMARY = "GITHUB_STEP_SUMMARY"
_SUMMARY_BYTES = 1_048_576  # GitHub drops the whole summary of a step that has more
_MARKER = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._/]|-(?!-))*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """The reports that were asked for. `printed` is "" when a file takes the one of `-f`;
    `summary` is the file of a step's summary, None for none.
    """

    printed: str
    files: tuple[tuple[str, Path], ...] = ()
    summary: Path | None = None
    marker: str = ""

    def write(self, render: Render, *, details: bool = False) -> None:
        """Print one report and write the others. Raises ImgdiagError."""
        from imgdiag.reports import Style
        from imgdiag.writing import write_file

        if self.printed:
            style = _options.terminal_style(details=details, marker=self.marker)
            click.echo(render(self.printed, style), nl=False)
        style = Style(details=details, marker=self.marker)
        for name, path in self.files:
            write_file(path, render(name, style).encode())
        if self.summary is not None:
            _append_summary(self.summary, render("markdown", style))


def writes_reports(
    formats: Sequence[str],
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Add the options of a command that reports in `formats`; it takes `wanted: Wanted`.

    What cannot be written is said before the command begins, not after minutes of reading.
    """

    def decorated(function: Callable[..., None]) -> Callable[..., None]:
        @functools.wraps(function)
        def with_wanted(
            *,
            format_: str,
            outputs: tuple[str, ...],
            marker: str = "",
            github_summary: bool = False,
            **others: Any,
        ) -> None:
            # A configured format is no wish for a file's.
            source = click.get_current_context().get_parameter_source("format_")
            asked_for = format_ if source is ParameterSource.COMMANDLINE else ""
            pairs = [_output(value, asked_for, formats) for value in outputs]
            files = tuple((name, Path(path)) for name, path in pairs if path != "-")
            taken = asked_for and any(path in outputs for _, path in pairs)
            printed = [name for name, path in pairs if path == "-"] or ["" if taken else format_]
            if len(printed) > 1:
                raise click.BadParameter(
                    "only one report can go to standard output", param_hint="-o"
                )
            for _, path in files:
                _check_writable(path)
            summary = _summary_file() if github_summary else None
            wanted = Wanted(printed=printed[0], files=files, summary=summary, marker=marker)
            function(wanted=wanted, **others)

        for option in _report_options(formats):
            with_wanted = option(with_wanted)
        return with_wanted

    return decorated


def _output(value: str, asked_for: str, formats: Sequence[str]) -> tuple[str, str]:
    """Return the format and the path of `FORMAT=PATH`, or of a path alone."""
    name, equals, path = value.partition("=")
    if equals and path and name in formats:
        return name, path
    name = asked_for or _ENDINGS.get(Path(value).suffix, "")
    if equals or value in ("", "-") or name not in formats:
        raise click.BadParameter(
            f"{value!r} is not FORMAT=PATH with a format of {', '.join(formats)}, and no PATH that "
            "ends as one of them does",
            param_hint="-o",
        )
    return name, value


def _report_options(formats: Sequence[str]) -> list[Callable[[Any], Any]]:
    """Return the options, the last one of the help first."""
    example = "report.html" if "html" in formats else "report.json"
    options = [
        click.option(
            "-f",
            "--format",
            "format_",
            type=click.Choice(list(formats)),
            default="text",
            show_default=True,
            help="Format of the report on standard output.",
        ),
        click.option(
            "-o",
            "--output",
            "outputs",
            metavar="[FORMAT=]PATH",
            multiple=True,
            help=f"Write a report to a file, as in {example} or markdown=report.md; may be "
            "repeated. Without FORMAT the file takes the report of -f, or else one by its ending. "
            "With '-' as the path it takes the place of the report on standard output.",
        ),
    ]
    if "markdown" in formats:
        options += [
            click.option(
                "--marker",
                callback=_marker,
                default="",
                metavar="NAME",
                help="Begin Markdown with the hidden line <!-- imgdiag:NAME -->, by which a "
                "comment is found again and brought up to date.",
            ),
            click.option(
                "--github-summary",
                is_flag=True,
                help="Add the Markdown to the summary of this step of GitHub Actions.",
            ),
        ]
    return options[::-1]


def _marker(ctx: click.Context, param: click.Parameter, value: str) -> str:
    if value and not _MARKER.fullmatch(value):
        raise click.BadParameter(
            f"{value!r}: a marker has letters, digits and . _ / - in it, and no two - in a row"
        )
    return value


def _summary_file() -> Path:
    name = os.environ.get(_SUMMARY)
    if not name:
        raise ImgdiagError(
            f"{_SUMMARY} is not set, so this is no step of GitHub Actions",
            hint="Elsewhere, write the report with -o markdown=PATH",
        )
    path = Path(name)
    _check_writable(path)
    return path


def _append_summary(path: Path, text: str) -> None:
    """Add `text` to the summary, unless GitHub would then drop all of it."""
    size = path.stat().st_size if path.exists() else 0
    if size + len(text.encode()) + 1 > _SUMMARY_BYTES:
        click.echo(
            "imgdiag: not added to the step's summary: it would have more than 1 MiB, and GitHub "
            "would drop it all",
            err=True,
        )
        return
    _append(path, f"\n{text}" if size else text)


def _check_writable(path: Path) -> None:
    if path.is_dir() or not os.access(path if path.exists() else path.parent, os.W_OK):
        raise ImgdiagError(
            f"cannot write {str(path)!r}",
            hint="Check that the folder exists and that you may write to it",
        )


def _append(path: Path, text: str) -> None:
    try:
        with path.open("a", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise ImgdiagError(
            f"cannot write {str(path)!r} ({error.strerror or error})",
            hint="Check that the folder exists and that you may write to it",
        ) from error
