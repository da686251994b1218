"""Writing a file in place of another."""

from __future__ import annotations

from pathlib import Path

from imgdiag.errors import ImgdiagError


def replace_file(path: Path, content: bytes) -> None:
    """Put `content` in the file's place at once: whatever happens, one of both is there."""
    part = path.with_name(f".{path.name}.imgdiag")
    try:
        part.write_bytes(content)
        if path.exists():
            part.chmod(path.stat().st_mode & 0o7777)
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise ImgdiagError(
            f"cannot write {str(path)!r} ({error.strerror or error})",
            hint="Check that you may write to it",
        ) from error
