"""imgdiag says why a container image is big, what to change, and how big it will be then.

What is named here is the public API (docs/api.md); all else may change with any version.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

__version__ = "0.1.0"

if TYPE_CHECKING:
    from imgdiag.analysis import Analysis
    from imgdiag.api import analyze, report
    from imgdiag.errors import CorruptImage, ImgdiagError, NotFound
    from imgdiag.limits import Limits, TooLarge

__all__ = [
    "Analysis",
    "CorruptImage",
    "ImgdiagError",
    "Limits",
    "NotFound",
    "TooLarge",
    "__version__",
    "analyze",
    "report",
]

_HOMES = {
    "Analysis": "analysis",
    "CorruptImage": "errors",
    "ImgdiagError": "errors",
    "Limits": "limits",
    "NotFound": "errors",
    "TooLarge": "limits",
    "analyze": "api",
    "report": "api",
}


def __getattr__(name: str) -> object:
    """Import what is asked for, and nothing before: `import imgdiag` costs next to nothing."""
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{home}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
