"""Files below a folder, opened without following any symbolic link.

Their names come from an image: a link in one must not lead to a file of this machine.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path
from types import TracebackType

from imgdiag.errors import CorruptImage
from imgdiag.layers.walk import split


class Beneath:
    """Reads files below `folder`. The one that was read from last is kept open until the end.

    The files that an analysis reads stand side by side, and the way down to them is most of the
    work.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._parent: str | None = None
        self._descriptor = -1

    def __enter__(self) -> Beneath:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._close()

    def read(self, name: str, start: int, size: int) -> bytes:
        """Return `size` bytes from byte `start` of the regular file `name`; fewer at its end.

        Raises OSError, and CorruptImage for what is no regular file.
        """
        parent, base = split(name)
        if parent != self._parent:
            self._open(parent)
        file = os.open(base, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=self._descriptor)
        try:
            if not stat.S_ISREG(os.fstat(file).st_mode):
                raise CorruptImage(f"{name!r} is no file in the engine's store")
            return os.pread(file, size, start)
        finally:
            os.close(file)

    def _open(self, parent: str) -> None:
        self._close()
        self._descriptor = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY)
        for part in parent.split("/") if parent else ():
            inner = os.open(
                part, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=self._descriptor
            )
            os.close(self._descriptor)
            self._descriptor = inner
        self._parent = parent

    def _close(self) -> None:
        self._parent = None
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1
