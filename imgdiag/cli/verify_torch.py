"""`imgdiag verify-torch`: ask the image's own Python whether the analysis is right."""

from __future__ import annotations

import sys

import click

from imgdiag.cli import _options

DISAGREED = 1


@click.command()
@_options.reference
@_options.as_text_or_json
@_options.reads_image
def command(reading: _options.Reading, reference: str, format_: str) -> None:
    """Import torch in the image REF, and hold what it says against what imgdiag read.

    This runs code of the image: its Python imports torch, in a container without network or
    rights, whose root is read-only and which is removed afterwards. REF is an engine's image.

    \b
    Examples:
      imgdiag verify-torch my-service
      imgdiag verify-torch my-service -f json

    \b
    Exit codes:
      0  both agree, or there is no torch in the image
      1  they disagree
      2  wrong usage
      3  the image could not be read, or its Python not be run
    """  # noqa: D301 - click's mark for a paragraph that is not wrapped
    from imgdiag.python.verification import verify_torch
    from imgdiag.reports import _verification
    from imgdiag.scanner.live import Sandbox

    with reading() as request:
        # As the image's own user: that is who imports torch when the image is used.
        sandbox = Sandbox(user="", writable_tmp=True, platform=request.platform)
        verification = verify_torch(reference, request, sandbox)
    if format_ == "json":
        click.echo(_verification.as_json(verification), nl=False)
    else:
        style = _options.terminal_style()
        click.echo(_verification.text(verification, style), nl=False)
    sys.exit(0 if verification.agreed else DISAGREED)
