"""A folder of this machine, read as a layer is: so that all that reads images reads it too."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from imgdiag.capture import CAPTURE
from imgdiag.errors import ImgdiagError
from imgdiag.filesystem import join
from imgdiag.layers.walk import Entry, Kind, Layer
from imgdiag.warnings import Warnings


def read_folder(folder: Path, at: str = "") -> Layer:
    """Return the entries below `folder` as a layer that has them below the path `at`.

    Symbolic links are not followed. What may not be read is left out with a warning. Raises
    ImgdiagError when the folder itself cannot be read.
    """
    reader = _FolderReader()
    try:
        os.scandir(folder).close()
    except OSError as error:
        raise ImgdiagError(
            f"cannot read the folder {str(folder)!r} ({error.strerror or error})",
            hint="Check the path, and that you may read it",
        ) from error
    return Layer(
        entries=list(reader.entries(str(folder), at)),
        whiteouts=[],
        warnings=reader.warnings.messages(),
    )


class _FolderReader:
    def __init__(self) -> None:
        self.warnings = Warnings()
        self._inodes: dict[tuple[int, int], str] = {}

    def entries(self, folder: str, at: str) -> Iterator[Entry]:
        stack = [(folder, at)]
        while stack:
            where, parent = stack.pop()
            wants = CAPTURE.wanted_in(parent)
            try:
                found = sorted(os.scandir(where), key=lambda each: each.name)
            except OSError as error:
                self.warnings.add(f"not read ({error.strerror or error}): {where!r}")
                continue
            for each in found:
                try:
                    entry = self._entry(each, parent, wants(each.name))
                except OSError as error:
                    self.warnings.add(f"not read ({error.strerror or error}): {each.path!r}")
                    continue
                yield entry
                if entry.kind is Kind.DIRECTORY:
                    stack.append((each.path, join(parent, each.name)))

    def _entry(self, found: os.DirEntry[str], parent: str, wanted: bool) -> Entry:
        status = found.stat(follow_symlinks=False)
        mode = status.st_mode
        kind, size, target, content = Kind.SPECIAL, 0, "", None
        if stat.S_ISDIR(mode):
            kind = Kind.DIRECTORY
        elif stat.S_ISLNK(mode):
            kind, target = Kind.SYMLINK, str(Path(found.path).readlink())
        elif stat.S_ISREG(mode):
            path = join(parent, found.name)
            first = self._inodes.setdefault((status.st_dev, status.st_ino), path)
            if status.st_nlink > 1 and first != path:
                kind, target = Kind.HARD_LINK, first
            else:
                kind, size = Kind.FILE, status.st_size
                if wanted and size <= CAPTURE.max_bytes:
                    content = Path(found.path).read_bytes()
        attributes = (mode & 0o7777, status.st_uid, status.st_gid)
        return Entry(parent, found.name, kind, size, attributes, int(status.st_mtime), target,
                     content)  # fmt: skip
