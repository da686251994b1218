"""TOML from anyone: bounded before it is parsed."""

from __future__ import annotations

import tomllib
from typing import Any

_LONG = 100  # dots of a line that count
_MOST = 20_000_000


def parse(text: str) -> dict[str, Any]:
    """Parse a TOML document. Raises ValueError for what is none.

    `tomllib` takes the square of a dotted key's parts in memory, 1.6 GB for `a.a.a…` of 40 kB; and
    it recurses, so that what is nested too deeply is an error as well.
    """
    counts = (line.count(".") for line in text.split("\n"))
    if sum(count * count for count in counts if count > _LONG) > _MOST:
        raise ValueError("keys of too many parts")
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise ValueError("nested too deeply") from None
