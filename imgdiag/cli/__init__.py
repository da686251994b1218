"""The command line: parse, run, write, exit; one module a command.

A command's module imports what the command does when it is called: `imgdiag --help` imports all
of them, for a line each.
"""

from __future__ import annotations

import atexit
import gc
import importlib
import os
import pkgutil
import sys

import click

from imgdiag import __version__
from imgdiag.errors import ImgdiagError
from imgdiag.text import printable

CANNOT_ANALYSE = 3
INTERRUPTED = 130  # as a shell says of Ctrl-C
PIPE_CLOSED = 141  # and of a closed pipe


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
        for param in command.params:
            if isinstance(param, click.Option) and param.envvar is None:
                param.envvar = environment_variable(cmd_name, param.opts[-1].lstrip("-"))
        return command

    def invoke(self, ctx: click.Context) -> object:
        """Run a command; whatever happens, the exit code is not that of a failed budget."""
        try:
            return super().invoke(ctx)
        except ImgdiagError as error:
            _complain(str(error))
            sys.exit(CANNOT_ANALYSE)
        except KeyboardInterrupt:
            _complain("interrupted")
            sys.exit(INTERRUPTED)
        except BrokenPipeError:
            # Whoever read the output has seen enough; Python must not complain at its exit.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            sys.exit(PIPE_CLOSED)
        except (click.exceptions.Exit, click.ClickException, click.Abort):
            raise
        except OSError as error:
            _complain(f"cannot write to standard output ({error.strerror or error})")
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
            sys.exit(CANNOT_ANALYSE)
        except Exception as error:
            if os.environ.get("IMGDIAG_TRACEBACK"):
                raise
            _complain(
                f"a fault of imgdiag's own ({type(error).__name__}: {error}). Please report it "
                "with the file that 'imgdiag skeleton' makes of this image; "
                "IMGDIAG_TRACEBACK=1 shows where it happened"
            )
            sys.exit(CANNOT_ANALYSE)


def environment_variable(command: str, option: str) -> str:
    """Return the variable that sets an option, such as IMGDIAG_ANALYZE_MAX_SIZE."""
    return f"IMGDIAG_{command}_{option}".replace("-", "_").upper()


def _complain(text: str) -> None:
    color = None if os.environ.get("NO_COLOR") else "red"
    click.secho(f"imgdiag: {printable(text)}", err=True, fg=color)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__)
def cli() -> None:
    """Say why a container image is big, what to change, and how big it will be then.

    Start with: imgdiag analyze TAG
    """


def main() -> None:
    """Run the command line."""
    # An analysis makes a million small objects that all live to its end: the collector's
    # rounds over them cost a fifth of the time and free nothing, nor does the one at the exit.
    gc.disable()
    atexit.register(gc.freeze)
    cli(prog_name="imgdiag")
