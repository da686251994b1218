"""The command line: parse, run, write, exit; one module a command.

`imgdiag --help` and the completion of a command's name import no command: the line that stands
beside a name is the first of its module, behind the colon.
"""

from __future__ import annotations

import gc
import importlib
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from imgdiag import __version__
from imgdiag.errors import ImgdiagError
from imgdiag.text import printable

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

CANNOT_ANALYSE = 3
INTERRUPTED = 130  # as a shell says of Ctrl-C
PIPE_CLOSED = 141  # and of a closed pipe

_FOLDER = Path(__file__).parent

# The order in which someone meets them; a command that is not named here comes under "More".
_SECTIONS = (
    ("An image", ("analyze", "history", "du", "tree", "why", "compare")),
    ("A project, before it is built", ("check", "compare-venv")),
    ("Mend and prove", ("fix", "verify", "verify-torch")),
    ("Set up", ("init", "completion", "docker-plugin")),
    ("About imgdiag", ("rules", "explain", "schema", "skeleton")),
)


class _Commands(click.Group):
    """The commands are this package's modules, imported when they are called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(
            path.stem.replace("_", "-")
            for path in _FOLDER.iterdir()
            if path.suffix == ".py" and path.name[0] != "_"
        )

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.list_commands(ctx):
            return None
        module = importlib.import_module(f"{__name__}.{_module(cmd_name)}")
        command = module.command
        assert isinstance(command, click.Command)
        for param in command.params:
            if isinstance(param, click.Option) and param.envvar is None:
                param.envvar = environment_variable(cmd_name, param.opts[-1].lstrip("-"))
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands by what they are for, without importing one of them."""
        names = self.list_commands(ctx)
        widest = max(map(len, names))
        for title, shown in sections(names):
            with formatter.section(title):
                formatter.write_dl([(name.ljust(widest), about(name)) for name in shown])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command; for a name that is none, say what was meant."""
        name = args[0]
        if name[:1] != "-" and name not in (known := self.list_commands(ctx)):
            from difflib import get_close_matches

            near = get_close_matches(name, known, 1)
            hint = f"imgdiag {near[0]}" if near else f"imgdiag analyze {name}"
            ctx.fail(f"There is no command {printable(name)!r}. Did you mean '{hint}'?")
        return super().resolve_command(ctx, args)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        from click.shell_completion import CompletionItem

        items: list[CompletionItem] = [
            CompletionItem(name, help=about(name))
            for name in self.list_commands(ctx)
            if name.startswith(incomplete)
        ]
        return [*items, *click.Command.shell_complete(self, ctx, incomplete)]

    def make_context(
        self,
        info_name: str | None,
        args: list[str],
        parent: click.Context | None = None,
        **extra: Any,
    ) -> click.Context:
        """Read the arguments, which is where --help and --version are answered."""
        with _exit_codes():
            return super().make_context(info_name, args, parent, **extra)

    def invoke(self, ctx: click.Context) -> object:
        """Run a command."""
        with _exit_codes():
            return super().invoke(ctx)


@contextmanager
def _exit_codes() -> Iterator[None]:
    """Turn what went wrong into a line and an exit code, never that of a failed budget."""
    try:
        yield
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
    with suppress(OSError):  # where it can be told to nobody, the exit code still tells
        click.secho(f"imgdiag: {printable(text)}", err=True, fg="red", color=wanted_color())


def wanted_color() -> bool | None:
    """Return what the environment says of colour, None where a terminal shall have it.

    NO_COLOR (no-color.org) and a terminal without any come before FORCE_COLOR (force-color.org),
    as in Python itself.
    """
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return False
    return True if os.environ.get("FORCE_COLOR") else None


def sections(names: list[str]) -> Iterator[tuple[str, list[str]]]:
    """Yield what commands are for, and those of `names` that are for it; each name once."""
    left = names
    for title, known in (*_SECTIONS, ("More", tuple(names))):
        shown = [name for name in known if name in left]
        left = [name for name in left if name not in shown]
        if shown:
            yield title, shown


def about(name: str) -> str:
    """Return what the command `name` is for: its module's first line, behind the colon."""
    with (_FOLDER / f"{_module(name)}.py").open(encoding="utf-8") as file:
        return file.readline().partition(": ")[2].strip().removesuffix('"""').removesuffix(".")


def _module(name: str) -> str:
    return name.replace("-", "_")


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__)
@click.pass_context
def cli(ctx: click.Context) -> None:
    """Say why a container image is big, what to change, and how big it will be then.

    \b
    Start with one of these:
      imgdiag analyze my-service   a tag of your engine: Docker or podman
      imgdiag analyze image.tar    what 'docker save' wrote, or an OCI archive
      imgdiag check                the Dockerfile in this folder, unbuilt

    'imgdiag COMMAND --help' has examples of each command.
    """  # noqa: D301 - click's mark for a paragraph that is not wrapped
    ctx.color = wanted_color()


def main() -> None:
    """Run the command line as `imgdiag`."""
    if "_IMGDIAG_COMPLETE" in os.environ:
        from imgdiag.cli._completion import register

        register()
    run(sys.argv[1:], prog_name="imgdiag")


def run(arguments: list[str], prog_name: str) -> None:
    """Run the command line with these arguments, and exit; its help calls it `prog_name`."""
    # An analysis makes a million small objects that all live to its end: the collector's
    # rounds over them cost a fifth of the time, and to take them apart one by one at the end
    # another twentieth. Neither frees anything that the system does not free with the process.
    gc.disable()
    try:
        cli(arguments, prog_name=prog_name)
    except OSError:  # of standard error, while click says what is wrong: there is nobody to tell
        os._exit(CANNOT_ANALYSE)
    except SystemExit as done:
        for stream in filter(None, (sys.stdout, sys.stderr)):
            stream.flush()
        if isinstance(done.code, int):
            os._exit(done.code)
        raise
