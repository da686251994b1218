"""The reports of a comparison: one format a file, found by its name.

A report module has `render(comparison, gate, style, top)` and returns the whole text.
"""

from __future__ import annotations

import importlib
import pkgutil
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from imgdiag.comparison import Comparison
    from imgdiag.gate.gate import Gate
    from imgdiag.reports import Style


def formats() -> tuple[str, ...]:
    """Return the names of the formats."""
    return tuple(module.name for module in pkgutil.iter_modules(__path__) if module.name[0] != "_")


def render(name: str, comparison: Comparison, gate: Gate, style: Style, top: int) -> str:
    """Return the report in the format `name`, ending with a newline.

    Tables for people have at most `top` rows, and say how many there are more.
    """
    module = importlib.import_module(f"{__name__}.{name}")
    return cast(str, module.render(comparison, gate, style, top))
