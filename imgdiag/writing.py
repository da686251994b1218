"""Files that are whole or not there: whatever happens while one is written, none is half done."""

from __future__ import annotations

import errno
import os
import stat
from contextlib import suppress
from pathlib import Path

from imgdiag.errors import ImgdiagError


def write_file(path: Path, data: bytes) -> None:
    """Put `data` at `path`, in place of what stands there, with the rights that it had.

    What is no file of its own, such as /dev/stdout or a pipe, is written to. Raises ImgdiagError.
    """
    try:
        target = path.resolve() if path.is_symlink() else path
        if target.is_symlink():  # a circle of links, of which resolve says nothing since 3.13
            target.stat()
        mode = target.stat().st_mode if target.exists() else None
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
    except (OSError, RuntimeError) as error:  # a circle of links is a RuntimeError
        reason = error.strerror if isinstance(error, OSError) else ""
        raise ImgdiagError(
            f"cannot write {str(path)!r} ({reason or error})",
            hint="Check that the folder exists, that you may write to it, and the space left",
        ) from error
