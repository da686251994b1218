"""Where the configuration is. Cheap, as every command asks that has options in it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from imgdiag.errors import ImgdiagError
from imgdiag.project.toml import TomlFile, parse_toml, table

MAX_BYTES = 1_000_000
FILES = ("imgdiag.toml", "pyproject.toml")


@dataclass(frozen=True, slots=True)
class Found:
    """A file that has a configuration, in its table `root`: () for the whole of it."""

    file: TomlFile
    root: tuple[str, ...]


def find_configuration(folder: Path) -> Found | None:
    """Return the configuration of `folder` or of the nearest folder above it in its repository.

    In one folder, imgdiag.toml comes before pyproject.toml. Without a repository (a .git) only
    `folder` itself is looked into: what lies above may be anyone's. Raises ImgdiagError for a
    file that cannot be read.
    """
    try:
        folder = folder.absolute()
    except FileNotFoundError as error:
        raise ImgdiagError(
            "the working folder is not there any more", hint="Change to another one"
        ) from error
    above = (folder, *folder.parents)
    root = next((at for at, each in enumerate(above) if (each / ".git").exists()), 0)
    for where in above[: root + 1]:
        for name in FILES:
            if (where / name).is_file():
                found = load_configuration(Path(name) if where == Path.cwd() else where / name)
                if found is not None:
                    return found
    return None


def load_configuration(path: Path) -> Found | None:
    """Return the configuration in a file, None for a pyproject.toml that has none.

    Raises ImgdiagError.
    """
    try:
        with path.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise ImgdiagError(
            f"cannot read {str(path)!r} ({error.strerror or error})", hint="Check its path"
        ) from error
    if len(data) > MAX_BYTES:
        raise ImgdiagError(f"{path} has more than {MAX_BYTES:,} bytes", hint="Is it the one?")
    file = parse_toml(data, str(path))
    if path.name != "pyproject.toml":
        return Found(file, ())
    return Found(file, ("tool", "imgdiag")) if "imgdiag" in table(file.values, "tool") else None
