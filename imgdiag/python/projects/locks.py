"""What lock files say: everything that is to be installed, and for some of it, who asked for it.

Sources: the PyPA specification "pylock.toml" (PEP 751); the lock files of uv, Poetry, PDM and
Pipenv as these write them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from packaging.utils import canonicalize_name

from imgdiag.python.projects.declared import (
    Declared,
    from_table,
    get,
    is_for_developers,
    items,
    listed,
    name_of,
    strings,
)


def read_uv_lock(data: Any, path: str) -> tuple[str, list[Declared]]:
    """Return the name of the project that uv.lock is made for, and what it asks for.

    In a workspace without a project at its root, all members' requirements, and no name.
    """
    own = [
        package
        for package in listed(get(data, "package"))
        if any(kind in ("virtual", "editable") for kind, _ in items(get(package, "source")))
    ]
    root = [
        package
        for package in own
        if any(where == "." for _, where in items(get(package, "source")))
    ]
    declared: list[Declared] = []
    for package in root or own:
        declared += _uv_group(get(package, "dependencies"), path, "")
        for table in ("optional-dependencies", "dev-dependencies"):
            for group, values in items(get(package, table)):
                declared += _uv_group(values, path, group)
    return name_of(get(root[0], "name")) if root else "", declared


def _uv_group(values: Any, path: str, group: str) -> Iterator[Declared]:
    for each in listed(values):
        name = get(each, "name")
        if isinstance(name, str):
            yield from_table(name, {**each, "version": None}, path, group)


def _poetry(data: Any, path: str) -> Iterator[Declared]:
    for package in listed(get(data, "package")):
        groups = strings(get(package, "groups")) or strings([get(package, "category")])
        yield _locked(package, path, ("" if group == "main" else group for group in groups))


def _pdm(data: Any, path: str) -> Iterator[Declared]:
    for package in listed(get(data, "package")):
        groups = strings(get(package, "groups"))
        yield _locked(package, path, ("" if group == "default" else group for group in groups))


_MEMBER = re.compile(r"[\"']([^\"']*)[\"']\s+in\s+(?:dependency_groups|extras)")


def _pylock(data: Any, path: str) -> Iterator[Declared]:
    for package in listed(get(data, "packages")):
        yield _locked(package, path, _MEMBER.findall(str(get(package, "marker"))))


def _pipfile(data: Any, path: str) -> Iterator[Declared]:
    for section, packages in items(data):
        if section != "_meta":
            group = {"default": "", "develop": "dev"}.get(section, section)
            yield from (_locked({"name": name}, path, (group,)) for name, _ in items(packages))


def _locked(package: Any, path: str, groups: Iterable[str]) -> Declared:
    """Return a line of a lock: it is for developers only when all of its groups are."""
    name = get(package, "name")
    text = name if isinstance(name, str) else ""
    group = min(set(groups) or {""}, key=lambda group: (is_for_developers(group), group))
    return Declared(
        path=path,
        text=text,
        name=canonicalize_name(text),
        group=group,
        dev=is_for_developers(group),
    )


LOCKS: Mapping[str, Callable[[Any, str], Iterator[Declared]]] = {
    "poetry.lock": _poetry,
    "pdm.lock": _pdm,
    "pylock.toml": _pylock,
    "Pipfile.lock": _pipfile,
}
"""The locks that list packages and do not say who asked for them, by their files' names."""
