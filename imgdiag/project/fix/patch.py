"""A patch: one file before and after, and why."""

from __future__ import annotations

import difflib
import posixpath
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Patch:
    """A file of the project, before and after; `before` is None for one that is new.

    `reasons` are what was changed, each a sentence; `next_steps` are commands that the change
    asks for, such as `uv lock`. A patch may be for nothing but to say so. `notes` are what it
    takes for granted.
    """

    path: str
    before: str | None
    after: str
    reasons: tuple[str, ...]
    next_steps: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def diff(self, folder: str = "") -> str:
        """Return the change as a unified diff that `git apply` and `patch -p1` take.

        They are called in the folder from which `folder` leads to the project, "" in its own.
        """
        path = posixpath.join(folder, self.path)
        old = (self.before or "").splitlines(keepends=True)
        lines = difflib.unified_diff(
            old,
            self.after.splitlines(keepends=True),
            "/dev/null" if self.before is None else f"a/{path}",
            f"b/{path}",
        )
        return "".join(
            line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"
            for line in lines
        )


@dataclass(frozen=True, slots=True)
class NotSure:
    """Something that may want a change, and why it was left alone."""

    path: str
    reason: str
