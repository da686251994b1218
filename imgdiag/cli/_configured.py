"""The options --config and --no-config, and what the file they name does to the others."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from imgdiag.configuration.find import Found, find_configuration, load_configuration
from imgdiag.configuration.value import HINT, NONE, Configuration, Option
from imgdiag.errors import ImgdiagError
from imgdiag.text import printable

COMMANDLINE = ParameterSource.COMMANDLINE

_KEY = "imgdiag.configuration"
_GIVEN = "imgdiag.configuration.given"


def configured(function: Callable[..., None]) -> Callable[..., None]:
    """Add the options that name a configuration; the command takes it as `configuration`.

    Its defaults for this command's options hold where neither the command line nor the
    environment says otherwise. What is wrong with it is wrong usage.
    """

    @functools.wraps(function)
    def with_configuration(**others: Any) -> None:
        function(configuration=click.get_current_context().meta.get(_KEY, NONE), **others)

    for option in (
        click.option(
            "--no-config",
            envvar="IMGDIAG_NO_CONFIG",
            is_flag=True,
            is_eager=True,
            expose_value=False,
            callback=_given,
            help="Read no configuration.",
        ),
        click.option(
            "--config",
            envvar="IMGDIAG_CONFIG",
            type=click.Path(exists=True, dir_okay=False, path_type=Path),
            is_eager=True,
            expose_value=False,
            callback=_given,
            help="The configuration, where it is not in imgdiag.toml or [tool.imgdiag] of "
            "pyproject.toml in this folder or above it in the repository.",
        ),
    ):
        with_configuration = option(with_configuration)
    return with_configuration


def _given(ctx: click.Context, param: click.Parameter, value: Any) -> None:
    """Read the configuration once both options are known: eager ones come before all others."""
    given = ctx.meta.setdefault(_GIVEN, {})
    given[param.name] = value
    if len(given) < 2 or ctx.resilient_parsing:
        return
    path, without = given["config"], given["no_config"]
    if path is not None and without:
        # The command line wins over the environment here, too.
        asked = [name for name in given if ctx.get_parameter_source(name) is COMMANDLINE]
        if len(asked) == 2:
            raise click.UsageError("--config and --no-config exclude each other", ctx)
        without = asked != ["config"]
    try:
        found = None if without else _find(path)
        if found is not None:
            from imgdiag.configuration.read import read_configuration

            ctx.meta[_KEY] = configuration = read_configuration(found)
            ctx.default_map = _defaults(ctx, configuration)
    except ImgdiagError as error:
        raise click.UsageError(printable(str(error)), ctx) from error


def _find(path: Path | None) -> Found | None:
    if path is None:
        return find_configuration(Path())
    found = load_configuration(path)
    if found is None:
        raise ImgdiagError(f"{path} has no [tool.imgdiag]", hint=HINT)
    return found


def _defaults(ctx: click.Context, configuration: Configuration) -> dict[str, Any]:
    """Return the command's options that the file sets, by the names click has for them."""
    by_name = {name.lstrip("-"): param for param in ctx.command.params for name in param.opts}
    folder = Path(configuration.path).parent
    options = configuration.options.get(ctx.info_name or "", {})
    defaults = {}
    for name, option in options.items():
        param = by_name[name]
        if param.name is not None:
            defaults[param.name] = _value(ctx, param, option, folder)
    return defaults


def _value(ctx: click.Context, param: click.Parameter, option: Option, folder: Path) -> Any:
    """Return an option's value as the command line would have it. Raises ImgdiagError."""
    value = option.value
    is_flag = isinstance(param, click.Option) and param.is_flag
    if is_flag != isinstance(value, bool) or not isinstance(value, bool | int | float | str):
        wanted = "is neither true nor false" if is_flag else "is neither text nor a number"
        raise ImgdiagError(f"{option.place} {wanted}", hint=HINT)
    if is_flag:
        return value
    text = str(folder / str(value)) if isinstance(param.type, click.Path) else str(value)
    try:
        param.type_cast_value(ctx, text)
    except click.UsageError as error:
        message = error.message.rstrip(".")
        raise ImgdiagError(f"{option.place}: {message}", hint=HINT) from error
    return text
