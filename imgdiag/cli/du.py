"""`imgdiag du`: how many bytes stand in which folder."""

from __future__ import annotations

import click

from imgdiag.cli import _options


@click.command()
@click.argument(
    "reference",
    metavar="[REF]",
    required=False,
    shell_complete=_options.complete_reference,
)
@click.argument("path", required=False)
@click.option("--live", "is_live", is_flag=True, help="Measure in a throw-away container.")
@click.option("--container", metavar="NAME", help="Measure in this running container.")
@click.option(
    "--depth",
    type=click.IntRange(min=0),
    default=1,
    show_default=True,
    help="How many folders deep to go.",
)
@click.option(
    "--top",
    type=click.IntRange(min=1),
    default=15,
    show_default=True,
    help="How many rows to show of each folder, the largest first.",
)
@click.option(
    "--apparent/--blocks",
    default=True,
    help="Sizes of files, each hard link once (the default), or what they take on a disk.",
)
@_options.as_text_or_json
@_options.reads_image
def command(
    reading: _options.Reading,
    reference: str | None,
    path: str | None,
    is_live: bool,
    container: str | None,
    depth: int,
    top: int,
    apparent: bool,
    format_: str,
) -> None:
    """Say how many bytes stand in which folder of the image REF, or below PATH in it.

    Without more, the table comes from the image's layers, and nothing of the image is run. REF
    is as for 'imgdiag analyze'.

    With --live, a program of the image (a Python, or 'find') lists the files in a container
    without network or rights, whose root is read-only and which is removed afterwards.

    With --container, the same is run in a container that runs already; the table then says what
    was written since its start. REF may be left out: imgdiag du --container NAME [PATH].

    \b
    Examples:
      imgdiag du my-service                     # the largest folders
      imgdiag du my-service /opt --depth 2      # two levels below /opt
      imgdiag du my-service /usr/lib --top 40 --blocks
      imgdiag du --container my-service-1 /tmp  # what was written
    """  # noqa: D301 - click's mark for a paragraph that is not wrapped
    from imgdiag.reports import _du
    from imgdiag.scanner import du, live

    if container is not None:
        if is_live:
            raise click.UsageError("--live makes a container of its own; leave out --container")
        if path is None and reference is not None and reference.startswith("/"):
            reference, path = None, reference
    elif reference is None:
        raise click.UsageError("Missing argument 'REF'.")
    view = du.View(path=path or "/", depth=depth, top=top, blocks=not apparent)
    with reading() as request:
        if container is not None:
            usage = du.container_usage(container, reference, view)
        elif is_live:
            sandbox = live.Sandbox(platform=request.platform)
            usage = du.live_usage(reference or "", view, sandbox)
        else:
            usage = du.static_usage(reference or "", view, request)
    if format_ == "json":
        click.echo(_du.as_json(usage), nl=False)
    else:
        style = _options.terminal_style()
        click.echo(_du.text(usage, style), nl=False)
