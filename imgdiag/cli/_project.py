"""The options that name a project, which several commands share."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path

import click

from imgdiag.text import printable


class ProjectCommand(click.Command):
    """A command on a project that takes no argument; for a folder given as one, it says how."""

    allow_extra_args = True  # so that they are refused here

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Refuse every argument. Raises click.UsageError."""
        left = super().parse_args(ctx, args)
        if left and not ctx.resilient_parsing:
            given = printable(" ".join(left))
            many = "s" * (len(left) > 1)
            ctx.fail(
                f"Got unexpected extra argument{many} ({given}). Name a project's folder with "
                f"--project: '{ctx.command_path} --project {printable(left[0])}'"
            )
        return left


def reads_project(function: Callable[..., None]) -> Callable[..., None]:
    """Add the options that name a project; the command takes it as `project`.

    A folder without a Dockerfile is a project too.
    """

    @functools.wraps(function)
    def with_project(
        folder: Path, dockerfile_path: Path | None, target: str | None, **others: object
    ) -> None:
        from imgdiag.project.choice import find_dockerfile
        from imgdiag.project.dockerfile import read_dockerfile
        from imgdiag.project.project import Project

        found = dockerfile_path or find_dockerfile(folder)
        dockerfile = read_dockerfile(found) if found else None
        if dockerfile is not None:
            dockerfile.target(target)  # what was mistyped is said at once
        function(project=Project(folder=folder, dockerfile=dockerfile, target=target), **others)

    for option in reversed(
        (
            click.option(
                "--project",
                "folder",
                type=click.Path(exists=True, file_okay=False, path_type=Path),
                default=Path(),
                help="The folder that the image is built from; else the working folder.",
            ),
            click.option(
                "--dockerfile",
                "dockerfile_path",
                type=click.Path(exists=True, dir_okay=False, path_type=Path),
                help="The Dockerfile, where it is not in that folder.",
            ),
            click.option(
                "--target", metavar="STAGE", help="The stage that is built; else the last one."
            ),
        )
    ):
        with_project = option(with_project)
    return with_project
