"""Lock files: what an installation on Linux would bring, before anything is built.

Each format is a module with a `NAMES` of files that it reads and a `read`.
"""

from __future__ import annotations

from imgdiag.project.locks import poetry, pylock, requirements, uv
from imgdiag.project.locks.lock import Lock, Locked, LockedPackage, LockedRequirement, Wheel
from imgdiag.project.locks.selection import Choice, select

FORMATS = (uv, poetry, pylock, requirements)

__all__ = [
    "FORMATS",
    "Choice",
    "Lock",
    "Locked",
    "LockedPackage",
    "LockedRequirement",
    "Wheel",
    "select",
]
