"""The reports: one format a file, found by its name.

A report module has `render(analysis, gate, style)` and returns the whole text.
"""

from __future__ import annotations

import importlib
import pkgutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from imgdiag.analysis import Analysis
    from imgdiag.gate.gate import Gate


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """How the reader sees the report. Formats for machines pay it no heed.

    `marker` names the hidden first line of Markdown, "" for none.
    """

    color: bool = False
    width: int = 100
    details: bool = False
    marker: str = ""


def formats() -> tuple[str, ...]:
    """Return the names of the formats."""
    return tuple(module.name for module in pkgutil.iter_modules(__path__) if module.name[0] != "_")


def render(name: str, analysis: Analysis, gate: Gate, style: Style) -> str:
    """Return the report in the format `name`, ending with a newline.

    What a waiver accepts is not advised, so the prediction is that of the other mends.
    """
    module = importlib.import_module(f"{__name__}.{name}")
    advised = analysis.without_mends(each.finding for each in gate.waivers.waived)
    return cast(str, module.render(advised, gate, style))
