"""pylock.toml and pylock.NAME.toml. Source: PEP 751 (PyPA specification "pylock.toml")."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from packaging.utils import canonicalize_name

from imgdiag.project.locks.lock import Lock, LockedPackage, LockedRequirement, Wheel
from imgdiag.project.toml import TomlFile, parse_toml, string, table, tables

NAMES = ("pylock.toml",)


def read(data: bytes, path: str) -> Lock:
    """Read a pylock.toml. Raises ImgdiagError when it is not valid TOML."""
    file = parse_toml(data, path)
    packages = tables(file.values.get("packages"))
    return Lock(
        path=path,
        tool="pylock",
        packages=tuple(_package(each, index, file) for index, each in enumerate(packages)),
        roots=tuple(
            LockedRequirement(
                name=canonicalize_name(string(each, "name")),
                version=string(each, "version"),
                index=_index(each),
                marker=string(each, "marker"),
            )
            for each in packages
        ),
        requires_python=string(file.values, "requires-python"),
    )


def _package(values: Mapping[str, Any], index: int, file: TomlFile) -> LockedPackage:
    return LockedPackage(
        name=canonicalize_name(string(values, "name")),
        version=string(values, "version"),
        index=_index(values),
        requirements=tuple(
            LockedRequirement(
                name=canonicalize_name(string(each, "name")), version=string(each, "version")
            )
            for each in tables(values.get("dependencies"))
        ),
        wheels=tuple(_wheel(each) for each in tables(values.get("wheels"))),
        line=file.line("packages", index),
    )


def _index(values: Mapping[str, Any]) -> str:
    """Return the index; pip writes none, only where each wheel was."""
    wheels = tables(values.get("wheels"))
    return (
        string(values, "index")
        or string(table(values, "archive"), "url")
        or string(table(values, "vcs"), "url")
        or (string(wheels[0], "url").rpartition("/")[0] if wheels else "")
    )


def _wheel(values: Mapping[str, Any]) -> Wheel:
    size = values.get("size")
    name = string(values, "name") or string(values, "url") or string(values, "path")
    name = name.rpartition("/")[2].replace("%2B", "+").replace("%2b", "+")
    return Wheel(name, size if isinstance(size, int) else None)
