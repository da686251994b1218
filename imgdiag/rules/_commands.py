"""Commands for clean-ups: quoted for the shell, and no wider than what is claimed."""

from __future__ import annotations

import os.path
import shlex
from collections.abc import Sequence


def common_folder(paths: Sequence[str]) -> str:
    """Return the folder that all of `paths` lie below, quoted for the shell."""
    folders = [f"/{path.rpartition('/')[0]}" for path in paths]
    common = os.path.commonpath(folders) if folders else "/"
    while not common.isprintable():
        common = common.rpartition("/")[0] or "/"
    return shlex.quote(common)
