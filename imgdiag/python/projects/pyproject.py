"""What pyproject.toml and Pipfile ask for.

Sources: the PyPA specifications "Declaring project metadata" (PEP 621) and "Dependency Groups"
(PEP 735); the documentation of Poetry, PDM, uv and Pipenv.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from packaging.utils import canonicalize_name

from imgdiag.python.projects.declared import (
    Declared,
    from_table,
    get,
    items,
    listed,
    name_of,
    normalized,
    strings,
    with_included,
)
from imgdiag.python.projects.requirements import declared_by
from imgdiag.python.projects.requirements_file import parse_line


def project_name(data: Any) -> str:
    """Return the project's own name, normalised, "" when it has none."""
    return name_of(get(data, "project", "name") or get(data, "tool", "poetry", "name"))


def read_pyproject(data: Any, path: str) -> Iterator[Declared]:
    """Yield what a pyproject.toml asks for, whichever tool it is written for."""
    yield from _strings(get(data, "project", "dependencies"), path)
    yield from _extras(data, path)
    yield from _groups(get(data, "dependency-groups"), path)
    poetry = get(data, "tool", "poetry")
    yield from _poetry(get(poetry, "dependencies"), path, extras=get(poetry, "extras"))
    yield from _poetry(get(poetry, "dev-dependencies"), path, "dev")
    for name, group in items(get(poetry, "group")):
        yield from _poetry(get(group, "dependencies"), path, name)
    yield from _strings(get(data, "tool", "uv", "dev-dependencies"), path, "dev")
    for name, values in items(get(data, "tool", "pdm", "dev-dependencies")):
        yield from (replace(each, dev=True) for each in _strings(values, path, name))


def read_pipfile(data: Any, path: str) -> Iterator[Declared]:
    """Yield what a Pipfile asks for; sections of one's own are groups."""
    for section, table in items(data):
        if section not in ("source", "requires", "scripts", "pipenv"):
            group = {"packages": "", "dev-packages": "dev"}.get(section, section)
            yield from (from_table(name, value, path, group) for name, value in items(table))


def _strings(values: Any, path: str, group: str = "") -> Iterator[Declared]:
    """Yield the requirements of a list of strings, as PEP 508 writes them."""
    for value in strings(values):
        if line := parse_line(value):
            yield declared_by(line, path, group)


def _extras(data: Any, path: str) -> Iterator[Declared]:
    """Yield the extras; one may be made of others: `all = ["this-project[one,two]"]`."""
    own = project_name(data)
    groups: dict[str, list[Declared]] = {}
    includes: dict[str, list[str]] = {}
    for name, values in items(get(data, "project", "optional-dependencies")):
        for each in _strings(values, path):
            if own and each.name == own:
                includes.setdefault(canonicalize_name(name), []).extend(each.extras)
                groups.setdefault(canonicalize_name(name), [])
            else:
                groups.setdefault(canonicalize_name(name), []).append(each)
    yield from with_included(groups, includes)


def _groups(table: Any, path: str) -> Iterator[Declared]:
    groups: dict[str, list[Declared]] = {
        canonicalize_name(name): list(_strings(values, path)) for name, values in items(table)
    }
    includes: dict[str, list[str]] = {
        canonicalize_name(name): [name_of(get(each, "include-group")) for each in listed(values)]
        for name, values in items(table)
    }
    yield from with_included(groups, includes)


def _poetry(table: Any, path: str, group: str = "", *, extras: Any = None) -> Iterator[Declared]:
    """Yield the requirements of a table of Poetry's; an optional one belongs to its extras."""
    extras_of: dict[str, list[str]] = {}
    for extra, names in items(extras):
        for name in normalized(names):
            extras_of.setdefault(name, []).append(extra)
    for name, value in items(table):
        if canonicalize_name(name) == "python":
            continue
        for each in value if isinstance(value, list) else [value]:
            optional = get(each, "optional") is True
            groups = extras_of.get(canonicalize_name(name), ["optional"]) if optional else [group]
            yield from (from_table(name, each, path, one) for one in groups)
