"""The files of a project's folder that say what it installs."""

from __future__ import annotations

from pathlib import Path

from imgdiag.errors import ImgdiagError
from imgdiag.project import locks
from imgdiag.project.locks import Lock, requirements
from imgdiag.project.pyproject import Pyproject, read_pyproject

MAX_BYTES = 64 * 1024 * 1024  # a uv.lock of 2,000 packages has 3 MB


def read_settings(folder: Path) -> Pyproject | None:
    """Return a project's pyproject.toml, None without one. Raises ImgdiagError for a broken one."""
    data = read_file(folder, "pyproject.toml")
    return None if data is None else read_pyproject(data, str(folder / "pyproject.toml"))


def read_locks(folder: Path) -> tuple[Lock, ...]:
    """Return a project's lock files, requirements.txt among them.

    Raises ImgdiagError for a broken one.
    """
    found = []
    for reader in locks.FORMATS:
        for name in reader.NAMES:
            data = read_file(folder, name)
            if data is None:
                continue
            path = str(folder / name)
            if reader is requirements:
                found.append(requirements.read(data, path, lambda part: read_file(folder, part)))
            else:
                found.append(reader.read(data, path))
    return tuple(found)


def read_file(folder: Path, name: str) -> bytes | None:
    """Return a file's content, None when there is none; what leads out of the folder is none.

    Raises ImgdiagError when it cannot be read or is too large to be what its name says.
    """
    try:
        path = (folder / name).resolve()
        if not path.is_relative_to(folder.resolve()) or not path.is_file():
            return None
        if path.stat().st_size > MAX_BYTES:
            raise ImgdiagError(
                f"{name} has more than {MAX_BYTES:,} bytes", hint="That is no file of its kind"
            )
        return path.read_bytes()
    except (OSError, ValueError) as error:
        raise ImgdiagError(f"cannot read {name} ({error})", hint="Check its permissions") from error
