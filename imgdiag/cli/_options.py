"""Option types that commands share, and what is known of the terminal."""

from __future__ import annotations

import os
import shutil
import sys

import click

from imgdiag.image import Platform
from imgdiag.units import parse_size


def size(value: str) -> int:
    """Return the bytes of a size such as 4GB, 3.5GiB or 500MB; an option type for click."""
    try:
        return parse_size(value)
    except ValueError as error:
        raise click.BadParameter(str(error)) from error


def platform(value: str) -> Platform:
    """Return a platform such as linux/arm64 or linux/arm/v7; an option type for click."""
    parts = value.split("/")
    if not 2 <= len(parts) <= 3 or not all(parts):
        raise click.BadParameter(f"{value!r} is no platform; write it as linux/amd64")
    return Platform(*parts)


def wants_color() -> bool:
    """Tell whether standard output takes colour: a terminal, and no NO_COLOR (no-color.org)."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR")


def page_width() -> int:
    """Return the terminal's width, at most 120 columns; 100 where there is none."""
    return min(shutil.get_terminal_size((100, 24)).columns, 120)
