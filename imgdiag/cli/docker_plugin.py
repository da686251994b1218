"""`imgdiag docker-plugin`: make it 'docker imgdiag', or take that away."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import click

from imgdiag.errors import ImgdiagError

_PROGRAM = "docker-imgdiag"


@click.command()
@click.argument("action", metavar="ACTION", type=click.Choice(("install", "uninstall")))
def command(action: str) -> None:
    """Make imgdiag a command of the docker program, or take it away: install or uninstall.

    A symbolic link to docker-imgdiag, which comes with imgdiag, is put into the folder cli-plugins
    of your Docker configuration: ~/.docker, or what DOCKER_CONFIG names. Nothing else is changed.

    \b
    Examples:
      imgdiag docker-plugin install       # then: docker imgdiag --help
      imgdiag docker-plugin uninstall
      sudo imgdiag docker-plugin install  # for: sudo docker imgdiag
    """  # noqa: D301 - click's mark for a paragraph that is not wrapped
    link = _folder() / _PROGRAM
    try:
        if action == "install":
            program = _program()
            _check_ours(link)
            link.parent.mkdir(parents=True, exist_ok=True)
            link.unlink(missing_ok=True)
            link.symlink_to(program)
            click.echo(f"{link} leads to {program}. Try: docker imgdiag --help")
        elif _check_ours(link):
            link.unlink()
            click.echo(f"{link} is removed")
        else:
            click.echo(f"{link} is not there: nothing to remove")
    except OSError as error:
        raise ImgdiagError(
            f"cannot change {str(link)!r} ({error.strerror or error})",
            hint="Check your rights to that folder; DOCKER_CONFIG names another",
        ) from error


def _folder() -> Path:
    configuration = os.environ.get("DOCKER_CONFIG")
    return (Path(configuration) if configuration else Path.home() / ".docker") / "cli-plugins"


def _program() -> Path:
    """Return docker-imgdiag beside the Python or the imgdiag that runs, else the PATH's."""
    for folder in (Path(sys.executable).parent, Path(sys.argv[0]).absolute().parent):
        if (folder / _PROGRAM).is_file():
            return folder / _PROGRAM
    found = shutil.which(_PROGRAM)
    if found is None:
        raise ImgdiagError(
            f"there is no program {_PROGRAM!r} to lead docker to",
            hint="Install imgdiag with pip, pipx or uv; it comes with it",
        )
    return Path(found).absolute()


def _check_ours(link: Path) -> bool:
    """Tell whether our link is there; a file of somebody else's at its place is an error."""
    if link.is_symlink() and link.readlink().name == _PROGRAM:
        return True
    if link.is_symlink() or link.exists():
        raise ImgdiagError(
            f"{str(link)!r} is not a link that imgdiag made",
            hint="Look at it, and remove it yourself if it may go",
        )
    return False
