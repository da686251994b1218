"""What earlier runs found in layers, so that one that images share is not read again.

A file for each layer, named by its digest and by what was read of it. The digest of a compressed
blob was held to its bytes before its index was kept, and an engine did so for what it has unpacked,
so that no archive can leave a false index for another. The digest of an uncompressed layer in a
file is not checked, and to read it takes little longer than its index: that is not kept.

In a folder of the user's own, that nobody else may write to (XDG Base Directory Specification).
A file is written under another name and renamed, so that two runs at once do each other no harm.
Whatever is wrong with the folder or with a file, the layer is read as if there were none.
"""

from __future__ import annotations

import hashlib
import os
import sys
import threading
from functools import cache
from pathlib import Path

from imgdiag import __version__
from imgdiag.layers import index
from imgdiag.layers.walk import Layer
from imgdiag.limits import Meter

MAX_BYTES = 512 * 1024 * 1024  # of all files together; the least recently used go first

# What decides what is read of a layer and how: another imgdiag must not take its word for it.
_RULES = ("capture.py", "layers/*.py", "python/imports/*.py", "python/projects/requirements.py")


def default_folder() -> Path | None:
    """Return the folder for the user's caches, imgdiag's own in it; None when there is none."""
    given = os.environ.get("XDG_CACHE_HOME", "")
    if given.startswith("/"):
        return Path(given) / "imgdiag"
    try:
        home = Path.home()
    except RuntimeError:
        return None
    return home / ("Library/Caches" if sys.platform == "darwin" else ".cache") / "imgdiag"


class LayerCache:
    """The layers' indexes in `folder`, made where it is missing; `reading` names what is read.

    `meter` counts what is taken from here as what is read.
    """

    def __init__(self, folder: Path, reading: str, meter: Meter | None = None) -> None:
        self._meter = meter or Meter()
        self._folder = folder
        self._reading = reading

    def get(self, digest: str) -> Layer | None:
        """Return what the blob with this digest holds, None when that is not known."""
        try:
            if not self._is_private():
                return None
            path = self._path(digest)
            data = path.read_bytes()
            os.utime(path)
        except OSError:
            return None
        try:
            layer = index.decode(data)
        except ValueError:  # it will be written anew
            return None
        kept = sum(
            len(each.parent) + len(each.name) + len(each.target) + len(each.content or b"")
            for each in layer.entries
        )
        self._meter.read(len(layer.entries) + len(layer.whiteouts), kept)
        return layer

    def put(self, digest: str, layer: Layer) -> None:
        """Keep what the blob with this digest holds."""
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if not self._is_private():
                return
            path = self._path(digest)
            # Nobody else has this name: neither another run, nor another thread of this one.
            unfinished = path.with_suffix(f".{os.getpid()}-{threading.get_ident()}")
            try:
                unfinished.write_bytes(index.encode(layer))
                unfinished.replace(path)
            except BaseException:
                unfinished.unlink(missing_ok=True)
                raise
            self._prune()
        except OSError:
            return

    def _path(self, digest: str) -> Path:
        key = f"{index.VERSION} {__version__} {_rules()} {self._reading} {digest}"
        return self._folder / f"{hashlib.sha256(key.encode()).hexdigest()}.layer"

    def _is_private(self) -> bool:
        status = self._folder.stat()
        return status.st_uid == os.geteuid() and not status.st_mode & 0o022

    def _prune(self) -> None:
        """Delete what was used longest ago, until the rest is small enough."""
        files = []
        for path in self._folder.iterdir():
            status = path.stat()
            files.append((status.st_mtime, status.st_size, path))
        size = sum(each[1] for each in files)
        for _, each, path in sorted(files):
            if size <= MAX_BYTES:
                return
            path.unlink(missing_ok=True)
            size -= each


@cache
def _rules() -> str:
    """Return a digest of the source code that decides what is read."""
    here = Path(__file__).parent
    digest = hashlib.sha256()
    for pattern in _RULES:
        for path in sorted(here.glob(pattern)):
            digest.update(path.read_bytes())
    return digest.hexdigest()
