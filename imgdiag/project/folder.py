"""The files of a project's folder that say what it installs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path

from imgdiag.errors import ImgdiagError
from imgdiag.project import locks
from imgdiag.project.locks import Lock, requirements
from imgdiag.project.pyproject import Pyproject, read_pyproject
from imgdiag.project.toml import strings, table

_PYPROJECT = "pyproject.toml"
_MAX_MEMBERS = 1_000
MAX_BYTES = 64 * 1024 * 1024  # a uv.lock of 2,000 packages has 3 MB


def read_settings(folder: Path) -> Pyproject | None:
    """Return a project's pyproject.toml, None without one. Raises ImgdiagError for a broken one."""
    data = read_file(folder, _PYPROJECT)
    if data is None:
        return None
    settings = read_pyproject(data, str(folder / _PYPROJECT))
    return replace(settings, members=tuple(_members(folder, settings)))


def _members(folder: Path, settings: Pyproject) -> Iterator[Pyproject]:
    """Yield the members of a workspace of uv, by their paths."""
    workspace = table(settings.file.values, "tool", "uv", "workspace")
    names = _folders(folder, strings(workspace.get("members")))
    for name in sorted(names - _folders(folder, strings(workspace.get("exclude"))) - {"."}):
        path = f"{name}/{_PYPROJECT}"
        data = read_file(folder, path)
        if data is not None:
            yield read_pyproject(data, str(folder / path))


def _folders(folder: Path, patterns: list[str]) -> set[str]:
    found: set[str] = set()
    for pattern in patterns:
        try:
            paths = islice(folder.glob(pattern.rstrip("/")), _MAX_MEMBERS)
            found |= {path.relative_to(folder).as_posix() for path in paths}
        except (NotImplementedError, OSError, ValueError):  # a pattern that leads out of it
            continue
    return found


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


def own_file(path: Path) -> Path:
    """Return `path`, a file that was found in a project.

    Raises ImgdiagError for a link out of its folder. A pull request can hold one to any file of the
    machine that checks it, /proc/self/environ among them: what stands there would be shown, and
    `fix --write` would write to it.
    """
    if not path.resolve().is_relative_to(path.parent.resolve()):
        raise ImgdiagError(
            f"{str(path)!r} leads out of its folder", hint="Put the file itself there"
        )
    return path


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
