"""`imgdiag fix`: the patch of a project for what is certain."""

from __future__ import annotations

import functools
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from imgdiag.cli._configured import configured
from imgdiag.cli._project import ProjectCommand, reads_project
from imgdiag.text import printable
from imgdiag.writing import write_file

if TYPE_CHECKING:
    from imgdiag.configuration.value import Configuration
    from imgdiag.project.project import Project


@click.command(cls=ProjectCommand)
@reads_project
@click.option("--write", is_flag=True, help="Change the files, instead of printing the patch.")
@configured
def command(configuration: Configuration, project: Project, write: bool) -> None:
    """Write the patch of a project for what is certain, and say what was left alone.

    torch from PyTorch's CPU index, --no-dev, COPY --chown in place of chown -R, cache mounts,
    apt's lists, .dockerignore. The patch goes to standard output, for 'git apply'; what it does
    and what was left alone to standard error. Nothing is changed without --write, nor what a
    waiver in imgdiag.toml or pyproject.toml accepts.

    \b
    Examples:
      imgdiag fix  # read it first
      imgdiag fix | git apply
      imgdiag fix --project services/api | git apply
      imgdiag fix --project services/api --write
    """  # noqa: D301 - click's mark for a paragraph that is not wrapped
    from imgdiag.project.fix.patch import NotSure, Patch
    from imgdiag.project.fix.patches import patches
    from imgdiag.project.verdict import judge

    held = functools.partial(
        judge, accepted=configuration.waivers, configuration=configuration.path
    )
    found = list(patches(project, held))
    changes = [each for each in found if isinstance(each, Patch)]
    folder = _from_here(project)
    for patch in changes:
        if write:
            write_file(project.folder / patch.path, patch.after.encode("utf-8", "surrogateescape"))
        else:
            # In color: nothing is to be stripped.
            click.echo(_shown(patch.diff(folder)), nl=False, color=True)
    for patch in changes:
        verb = "changed" if write else "would change"
        for reason in patch.reasons:
            _say(f"{verb} {patch.path}: {reason}")
        for note in patch.notes:
            _say(f"note {patch.path}: {note}")
        for step in patch.next_steps:
            _say(f"then run: {step}")
    for each in found:
        if isinstance(each, NotSure):
            _say(f"left alone {each.path}: {each.reason}")
    if not found:
        _say("nothing to change")


def _from_here(project: Project) -> str:
    """Return how a project is reached from here, where 'git apply' runs, "" where it is not below.

    Without it, a patch for services/api could change the files of the same names here.
    """
    try:
        path = project.folder.resolve().relative_to(Path.cwd())
    except ValueError:
        return ""
    return "" if path == Path() else path.as_posix()


def _shown(text: str) -> str:
    """Return a patch to the byte for a file or a pipe, and harmless for a terminal."""
    if sys.stdout.isatty():
        return re.sub(r"[^\n\t]+", lambda match: printable(match[0]), text)
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _say(text: str) -> None:
    click.echo(printable(text), err=True)
