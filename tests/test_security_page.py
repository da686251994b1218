"""SECURITY.md says of the limits and of containers what the program does."""

from __future__ import annotations

import re
from pathlib import Path

from imgdiag.filesystem.links import MAX_DETOUR, MAX_SYMLINKS
from imgdiag.image import MAX_HISTORY
from imgdiag.layers.tar import MAX_NAME
from imgdiag.layers.walk import MAX_DEPTH
from imgdiag.limits import DEFAULT, NAMES
from imgdiag.sources.oci_index import MAX_INDEX_DEPTH
from imgdiag.units import parse_size

PAGE = (Path(__file__).parents[1] / "SECURITY.md").read_text("utf-8")


def test_the_limits_are_the_defaults() -> None:
    rows = re.findall(r"^\| `(\w+)` \| ([^|]+) \|", PAGE, re.M)
    assert [name for name, _ in rows] == list(NAMES)
    for name, value in rows:
        assert parse_size(value.replace(",", "")) == getattr(DEFAULT, name)


def test_the_fixed_limits() -> None:
    text = " ".join(PAGE.split())
    assert f"{MAX_NAME // 1024} KiB for a name, {MAX_DEPTH:,} parts of a path" in text
    assert f"{MAX_SYMLINKS} symbolic links on a way with {MAX_DETOUR:,} parts in all" in text
    assert f"{MAX_INDEX_DEPTH} nested indexes, {MAX_HISTORY:,} entries of a history" in text
