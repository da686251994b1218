"""Files that are whole or not there: whatever happens while one is written, none is half done."""

from __future__ import annotations

import errno
import os
import stat
from contextlib import suppress
from pathlib import Path

from imgdiag.errors import ImgdiagError


def destination(path: Path) -> tuple[Path, int | None]:
    """Return what is written to for `path`, and the mode of what is there, None for nothing.

    Links lead to the file that is meant. What is no file keeps its name, as a pipe behind
    /dev/stdout has no other. Raises OSError, also for a circle of links.
    """
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        mode = None
    is_file = mode is None or stat.S_ISREG(mode)
    return (path.resolve() if is_file and path.is_symlink() else path), mode


def write_file(path: Path, data: bytes) -> None:
    """Put `data` at `path`, in place of what stands there, with the rights that it had.

    What is no file of its own, such as /dev/stdout or a pipe, is written to. Raises ImgdiagError.
    """
    try:
        target, mode = destination(path)
        if mode is not None and not stat.S_ISREG(mode):
            target.write_bytes(data)
            return
        part = target.with_name(f".{target.name}.{os.getpid()}.part")
        try:
            part.write_bytes(data)
            if mode is not None:
                part.chmod(mode & 0o7777)
            part.replace(target)
        except OSError as error:
            # A file that is mounted, or in a folder that is not ours, can only be written to.
            if mode is None or error.errno not in (errno.EBUSY, errno.EACCES, errno.EPERM):
                raise
            target.write_bytes(data)
        finally:
            with suppress(OSError):
                part.unlink(missing_ok=True)
    except OSError as error:
        raise ImgdiagError(
            f"cannot write {str(path)!r} ({error.strerror or error})",
            hint="Check that the folder exists, that you may write to it, and the space left",
        ) from error
