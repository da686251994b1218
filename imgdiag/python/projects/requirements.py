"""A project's requirements files: which there are, and which group each of them stands for."""

from __future__ import annotations

import posixpath

from packaging.utils import canonicalize_name

from imgdiag.filesystem import Directory, File, Filesystem, join
from imgdiag.python.projects.declared import Declared, is_for_developers, marker, text_of
from imgdiag.python.projects.requirements_file import Line, parse_requirements

_MAX_FILES = 50  # of one project, included ones among them


def is_requirements_file(folder: str, name: str) -> bool:
    """Tell whether a file is one of requirements, by its name and its folder's."""
    if not name.endswith((".txt", ".in")) or "constraints" in name:
        return False
    return "requirements" in name or folder.rpartition("/")[2] == "requirements"


def requirements_in(filesystem: Filesystem, folder: str, directory: Directory) -> list[Declared]:
    """Return what the requirements files in a folder, and in `requirements` below it, ask for.

    What a file includes with `-r` belongs to it, but for files that stand there themselves.
    """
    paths = _named(folder, directory)
    below = directory.children.get("requirements")
    if isinstance(below, Directory):
        paths += _named(join(folder, "requirements"), below)
    declared: list[Declared] = []
    seen = set(paths)
    for path in paths:
        stack = [path]
        while stack:
            where = stack.pop()
            parsed = parse_requirements(text_of(filesystem.find(where)))
            declared += (
                declared_by(line, where, _group_of(path)) for line in _asked_for(parsed.lines)
            )
            for included in parsed.includes:
                other = path_in_image(posixpath.dirname(where), included)
                if other not in seen and len(seen) < _MAX_FILES:
                    seen.add(other)
                    stack.append(other)
    return declared


def _named(folder: str, directory: Directory) -> list[str]:
    """Return the paths of a folder's requirements files, those that are always needed first.

    requirements.txt says nothing new beside requirements.in, from which it was compiled.
    """
    names = [
        name
        for name, node in directory.children.items()
        if isinstance(node, File) and is_requirements_file(folder, name)
    ]
    compiled = {f"{name.removesuffix('.in')}.txt" for name in names if name.endswith(".in")}
    paths = (join(folder, name) for name in names if name not in compiled)
    return sorted(paths, key=lambda path: (_group_of(path), path))[:_MAX_FILES]


def _group_of(path: str) -> str:
    """Return the group that a file stands for: its name, "" for what is always needed."""
    name = path.rpartition("/")[2]
    usual = ("requirements", "base", "main", "prod", "production")
    return "" if name.rpartition(".")[0] in usual else name


def _asked_for(lines: list[Line]) -> list[Line]:
    """Return the lines that were asked for, where pip-compile's comments tell them apart."""
    names = {line.name for line in lines}
    if not any(line.via for line in lines):
        return lines
    return [
        line
        for line in lines
        if not line.via
        or any(not via.startswith("-c") and _name_before(via) not in names for via in line.via)
    ]


def _name_before(via: str) -> str:
    return canonicalize_name(via.partition("[")[0])


def declared_by(line: Line, path: str, group: str) -> Declared:
    """Return what a line of the file at `path` declares."""
    folder = path_in_image(posixpath.dirname(path), line.folder) if line.folder else None
    return Declared(
        path=path,
        text=line.text,
        name=line.name,
        extras=line.extras,
        marker=marker(line.marker),
        group=group,
        dev=is_for_developers(group),
        folder=folder,
    )


def path_in_image(folder: str, path: str) -> str:
    """Return the path that `path` means when it stands in a file of `folder`."""
    return posixpath.normpath(posixpath.join("/", folder, path)).strip("/")
