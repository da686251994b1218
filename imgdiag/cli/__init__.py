"""The command line: parse, run, write, exit; one module a command."""

from __future__ import annotations

import gc
import importlib
import pkgutil
import sys

import click

from imgdiag import __version__
from imgdiag.errors import ImgdiagError
from imgdiag.text import printable

CANNOT_ANALYSE = 3


class _Commands(click.Group):
    """The commands are this package's modules, imported when they are called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(
            module.name.replace("_", "-")
            for module in pkgutil.iter_modules(__path__)
            if module.name[0] != "_"
        )

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.list_commands(ctx):
            return None
        module = importlib.import_module(f"{__name__}.{cmd_name.replace('-', '_')}")
        command = module.command
        assert isinstance(command, click.Command)
        return command

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except ImgdiagError as error:
            click.secho(f"imgdiag: {printable(str(error))}", err=True, fg="red")
            sys.exit(CANNOT_ANALYSE)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__)
def cli() -> None:
    """Say why a container image is big, what to change, and how big it will be then.

    Start with: imgdiag analyze TAG
    """


def main() -> None:
    """Run the command line."""
    # An analysis makes a million small objects that all live to its end: the collector's
    # rounds over them cost a fifth of the time and free nothing.
    gc.disable()
    cli(prog_name="imgdiag")
