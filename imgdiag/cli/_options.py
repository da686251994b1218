"""Option types that commands share, and what is known of the terminal."""

from __future__ import annotations

import functools
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from imgdiag.cli import wanted_color
from imgdiag.cli._progress import TerminalProgress
from imgdiag.image import Platform
from imgdiag.units import parse_size

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from imgdiag.reports import Style
    from imgdiag.sources import Request


def size_of(value: str) -> int:
    """Return the bytes of a size such as 4GB, 3.5GiB or 500MB; an option type for click."""
    try:
        return parse_size(value)
    except ValueError as error:
        raise click.BadParameter(str(error)) from error


def platform_of(value: str) -> Platform:
    """Return a platform such as linux/arm64 or linux/arm/v7; an option type for click."""
    parts = value.split("/")
    if not 2 <= len(parts) <= 3 or not all(parts):
        raise click.BadParameter(f"{value!r} is no platform; write it as linux/amd64")
    return Platform(*parts)


def limit_of(value: str) -> tuple[str, int]:
    """Return the two parts of `NAME=N`, a limit of `imgdiag.limits`; an option type for click."""
    from imgdiag.limits import BYTES, NAMES

    name, _, number = value.partition("=")
    if name not in NAMES:
        raise click.BadParameter(f"{value!r} is not NAME=N with a name of {', '.join(NAMES)}")
    if name in BYTES:
        return name, size_of(number)
    if not number.isdecimal() or len(number) > 18:
        raise click.BadParameter(f"{number!r} is no number")
    return name, int(number)


class PurposeCommand(click.Command):
    """A command with --gpu/--cpu, of which click would take the last where both are given."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Refuse both at once. Raises click.UsageError."""
        options = args[: args.index("--")] if "--" in args else args
        if {"--gpu", "--cpu"} <= set(options) and not ctx.resilient_parsing:
            ctx.fail("--gpu and --cpu exclude each other")
        return super().parse_args(ctx, args)


def complete_reference(
    ctx: click.Context, param: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Return what a REF may go on with; for `shell_complete` of an option or argument."""
    from imgdiag.cli._completion import references

    return references(incomplete)


def complete_rule(
    ctx: click.Context, param: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Return the rules and checks whose names begin so; for `shell_complete`."""
    from imgdiag.cli._completion import rules

    return rules(incomplete)


reference = click.argument("reference", metavar="REF", shell_complete=complete_reference)
"""The argument of a command that reads one image."""

Reading = Callable[[], "AbstractContextManager[Request]"]
"""What a command that reads an image is given: a block with the request, and progress shown."""


def reads_image(function: Callable[..., None]) -> Callable[..., None]:
    """Add the options that say how an image is read; the command takes `reading: Reading`."""

    @functools.wraps(function)
    def with_request(
        *,
        platform: Platform | None,
        route: str,
        engine_root: Path | None,
        read_limits: tuple[tuple[str, int], ...],
        quiet: bool,
        no_cache: bool,
        verify_digests: bool,
        verbose: bool,
        **others: Any,
    ) -> None:
        @contextmanager
        def reading() -> Iterator[Request]:
            from imgdiag import cache
            from imgdiag.limits import Limits, Meter
            from imgdiag.sources import Request

            progress = TerminalProgress(quiet=quiet, verbose=verbose)
            try:
                yield Request(
                    platform=platform,
                    route=route,
                    engine_root=engine_root,
                    progress=progress,
                    cache_folder=None if no_cache else cache.default_folder(),
                    verify=verify_digests,
                    meter=Meter(Limits(**dict(read_limits))),
                )
                progress.done()
            finally:
                progress.close()

        function(reading=reading, **others)

    for option in reversed(
        (
            click.option(
                "--platform",
                type=platform_of,
                metavar="OS/ARCH",
                help="Which of several images, as in linux/arm64.",
            ),
            click.option(
                "--route",
                type=click.Choice(("auto", "store", "save")),
                default="auto",
                show_default=True,
                help="The way to an engine's image: its own store (seconds; takes the right to "
                "read it), 'docker save' (minutes), or the first that is open.",
            ),
            click.option(
                "--engine-root",
                type=click.Path(exists=True, file_okay=False, path_type=Path),
                help="The engine's folder as seen from here, when it is not where the engine says.",
            ),
            click.option(
                "--no-cache",
                is_flag=True,
                envvar="IMGDIAG_NO_CACHE",
                help="Read every layer, and keep nothing of it: otherwise what compressed layers "
                "hold is kept in the user's cache folder.",
            ),
            click.option(
                "--verify-digests",
                is_flag=True,
                help="Hash every byte of an archive's or folder's layers: otherwise uncompressed "
                "ones are skipped through, and a digest that lies goes unnoticed.",
            ),
            click.option(
                "--read-limit",
                "read_limits",
                type=limit_of,
                metavar="NAME=N",
                multiple=True,
                help="How much of an image is read, for one that you trust: unpacked=1TB, ratio, "
                "entries, kept=4GB, layers, header or manifest; see SECURITY.md.",
            ),
            click.option(
                "-v",
                "--verbose",
                is_flag=True,
                help="Say on standard error what is read, and when.",
            ),
            click.option("-q", "--quiet", is_flag=True, help="No progress on standard error."),
        )
    ):
        with_request = option(with_request)
    return with_request


def reads_dockerfile(function: Callable[..., None]) -> Callable[..., None]:
    """Add the options that name a Dockerfile; the command takes `dockerfile: Choice | None`."""

    @functools.wraps(function)
    def with_dockerfile(*, dockerfile_path: Path | None, target: str | None, **others: Any) -> None:
        from imgdiag.project.choice import choose

        function(dockerfile=choose(dockerfile_path, target, Path()), **others)

    for option in (
        click.option(
            "--target",
            metavar="STAGE",
            help="The stage of the Dockerfile that was built; else the last one, or one that fits.",
        ),
        click.option(
            "--dockerfile",
            "dockerfile_path",
            type=click.Path(exists=True, dir_okay=False, path_type=Path),
            help="The Dockerfile that made the image: findings then name its lines. Without it, "
            "the one in the working folder is used where it fits the image.",
        ),
    ):
        with_dockerfile = option(with_dockerfile)
    return with_dockerfile


def as_text_or_json(function: Callable[..., None]) -> Callable[..., None]:
    """Add the option that chooses between a table and JSON; the command takes `format_`."""
    return click.option(
        "-f",
        "--format",
        "format_",
        type=click.Choice(("json", "text")),
        default="text",
        show_default=True,
        help="Format of the answer.",
    )(function)


def terminal_style(*, details: bool = False, marker: str = "") -> Style:
    """Return how a report is to look on standard output: coloured on a terminal, if the
    environment lets it, and as wide as that, at most 120 columns; 100 where there is none.
    """
    from imgdiag.reports import Style

    color = wanted_color()
    if color is None:
        color = sys.stdout is not None and sys.stdout.isatty()
    return Style(color=color, width=page_width(), details=details, marker=marker)


def page_width() -> int:
    """Return the terminal's width, at most 120 columns; 100 where there is none."""
    return min(shutil.get_terminal_size((100, 24)).columns, 120)
