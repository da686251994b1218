"""The requirements that a project states for itself, and how its files' values are read."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from packaging.markers import InvalidMarker, Marker
from packaging.utils import canonicalize_name

from imgdiag import tomltext
from imgdiag.filesystem import Directory, File
from imgdiag.python.requires import with_extras

_MAX_BYTES = 4_000_000  # of a file; uv.lock of a large workspace has 1.5 MB
_MAX_ITEMS = 10_000  # of one table or list
_MAX_GROUPS = 1_000
# fmt: off
_DEVELOPERS = frozenset((
    "dev", "devel", "develop", "development", "developer", "developers", "test", "tests",
    "testing", "doc", "docs", "documentation", "lint", "linting", "linters", "typing", "typecheck",
    "types", "mypy", "checks", "style", "fmt", "formatting", "ci", "qa", "quality", "bench",
    "benchmark", "benchmarks", "tox", "nox", "coverage",
))
# fmt: on


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """One requirement that a project states for itself.

    `text` is how its file says it. `group` is the extra, dependency group or file that it belongs
    to, "" for what the project always needs; `dev` tells that the group is for developers. `name`
    is normalised; it is "" for a folder of the image, which then is `folder`.
    """

    path: str
    text: str
    name: str
    extras: tuple[str, ...] = ()
    marker: Marker | None = None
    group: str = ""
    dev: bool = False
    folder: str | None = None


def is_for_developers(group: str) -> bool:
    """Tell whether a group or file of this name is for developers, such as dev or test-tools."""
    return not _DEVELOPERS.isdisjoint(re.split(r"[^a-z]+", group.lower()))


def from_table(name: str, value: Any, path: str, group: str) -> Declared:
    """Return what a line of Poetry's or Pipenv's asks for: `torch = {version = "2", extras = []}`.

    uv.lock's items have the same keys, but for their singular `extra` and `marker`.
    """
    version = value if isinstance(value, str) else get(value, "version")
    extras = normalized(get(value, "extras") or get(value, "extra"))
    asked = with_extras(name, extras)
    return Declared(
        path=path,
        text=f'{asked} = "{version}"' if isinstance(version, str) else asked,
        name=canonicalize_name(name),
        extras=extras,
        marker=marker(get(value, "markers") or get(value, "marker")),
        group=group,
        dev=is_for_developers(group),
    )


def with_included(
    groups: Mapping[str, Iterable[Declared]], includes: Mapping[str, Iterable[str]]
) -> Iterator[Declared]:
    """Yield the requirements of each group, and for it those of the groups that it includes."""
    for group in list(groups)[:_MAX_GROUPS]:
        seen = {group}
        stack = [group]
        while stack:
            current = stack.pop()
            for each in groups.get(current, ()):
                yield replace(each, group=group, dev=is_for_developers(group))
            for other in includes.get(current, ()):
                if other not in seen and len(seen) < _MAX_GROUPS:
                    seen.add(other)
                    stack.append(other)


# What files hold: anything


def text_of(node: object) -> str:
    """Return a file's text, "" for none, one too long, and one whose contents were zeroed."""
    content = node.content if isinstance(node, File) else None
    if not content or len(content) > _MAX_BYTES or content[:1] == b"\0":
        return ""
    return content.decode("utf-8-sig", "replace")


def toml_in(directory: Directory, name: str) -> Any:
    """Return what a TOML file holds, None when there is none that can be read."""
    return _parsed(directory, name, tomltext.parse)


def json_in(directory: Directory, name: str) -> Any:
    """Return what a JSON file holds, None when there is none that can be read."""
    return _parsed(directory, name, json.loads)


def _parsed(directory: Directory, name: str, parse: Callable[[str], Any]) -> Any:
    text = text_of(directory.children.get(name))
    try:
        return parse(text) if text else None
    except (ValueError, RecursionError):
        return None


def get(value: Any, *keys: str) -> Any:
    """Return what stands at `keys` of nested tables, None when a table or key is not there."""
    for key in keys:
        if not isinstance(value, dict):
            return None
        value = value.get(key)
    return value


def items(value: Any) -> list[tuple[str, Any]]:
    """Return the items of a table, none when it is none."""
    return list(value.items())[:_MAX_ITEMS] if isinstance(value, dict) else []


def listed(value: Any) -> list[Any]:
    """Return the items of a list, none when it is none."""
    return value[:_MAX_ITEMS] if isinstance(value, list) else []


def strings(value: Any) -> list[str]:
    """Return the strings of a list."""
    return [each for each in listed(value) if isinstance(each, str)]


def normalized(value: Any) -> tuple[str, ...]:
    """Return the names of a list, normalised and sorted."""
    return tuple(sorted({canonicalize_name(each) for each in strings(value)}))


def name_of(value: Any) -> str:
    """Return a name, normalised; "" when it is none."""
    return canonicalize_name(value) if isinstance(value, str) else ""


def marker(value: Any) -> Marker | None:
    """Return a marker, None when it is none."""
    try:
        return Marker(value) if isinstance(value, str) and value else None
    except (InvalidMarker, RecursionError):
        return None
