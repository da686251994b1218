"""What a project in the image says that it needs: its pyproject.toml, its lock or requirements."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from imgdiag.filesystem import Directory, Filesystem, join
from imgdiag.python.projects.declared import Declared, json_in, toml_in
from imgdiag.python.projects.locks import LOCKS, read_uv_lock
from imgdiag.python.projects.pyproject import project_name, read_pipfile, read_pyproject
from imgdiag.python.projects.requirements import requirements_in

__all__ = ["FILES", "Declared", "Project", "find_projects"]

FILES = frozenset(
    ("pyproject.toml", "uv.lock", "Pipfile", "requirements.txt", "requirements.in", *LOCKS)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """What the files of a folder say together; `path` is the first of them.

    `name` is the project's own, normalised, "" when it has none. A lock `is_lock`: it lists all
    that is to be installed, whoever needs it.
    """

    folder: str
    path: str
    name: str
    declared: tuple[Declared, ...]
    is_lock: bool = False


def find_projects(filesystem: Filesystem, folder: str) -> Iterator[Project]:
    """Yield what the files in `folder` say, the surest to tell what was asked for first."""
    directory = filesystem.find(folder)
    if not isinstance(directory, Directory):
        return
    requirements = requirements_in(filesystem, folder, directory)

    path = join(folder, "pyproject.toml")
    pyproject = toml_in(directory, "pyproject.toml")
    declared = list(read_pyproject(pyproject, path))
    has_main = any(not each.group for each in declared)
    # Requirements files complete what pyproject.toml leaves open, as `dynamic` says it.
    declared += (each for each in requirements if each.dev or not has_main)
    if any(each.path == path for each in declared):
        name = project_name(pyproject)
        yield Project(folder=folder, path=path, name=name, declared=tuple(declared))

    path = join(folder, "uv.lock")
    name, locked = read_uv_lock(toml_in(directory, "uv.lock"), path)
    if locked:
        yield Project(folder=folder, path=path, name=name, declared=tuple(locked))

    path = join(folder, "Pipfile")
    if piped := tuple(read_pipfile(toml_in(directory, "Pipfile"), path)):
        yield Project(folder=folder, path=path, name="", declared=piped)

    if requirements:
        path = requirements[0].path
        yield Project(folder=folder, path=path, name="", declared=tuple(requirements))

    for filename, read in LOCKS.items():
        path = join(folder, filename)
        data = (json_in if filename == "Pipfile.lock" else toml_in)(directory, filename)
        if listed := tuple(each for each in read(data, path) if each.name):
            yield Project(folder=folder, path=path, name="", declared=listed, is_lock=True)
