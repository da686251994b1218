"""uv.lock, versions 1 and later.

Source: uv's documentation, "Locking and syncing"; the files that uv 0.4 to 0.13 write.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from packaging.utils import canonicalize_name

from imgdiag.project.locks.lock import Lock, LockedPackage, LockedRequirement, Wheel
from imgdiag.project.toml import TomlFile, parse_toml, string, strings, table, tables

NAMES = ("uv.lock",)
_LOCAL = ("editable", "virtual", "directory", "path")


def read(data: bytes, path: str) -> Lock:
    """Read a uv.lock. Raises ImgdiagError when it is not valid TOML."""
    file = parse_toml(data, path)
    packages = tables(file.values.get("package"))
    members = [
        each for each in packages if set(_LOCAL) & table(each, "source").keys() and _is_member(each)
    ]
    return Lock(
        path=path,
        tool="uv",
        packages=tuple(_package(each, index, file) for index, each in enumerate(packages)),
        roots=tuple(root for member in members for root in _roots(member)),
        requires_python=string(file.values, "requires-python"),
    )


def _is_member(package: Mapping[str, Any]) -> bool:
    """Tell whether a package is the project or of its workspace: they alone record their asking."""
    return "metadata" in package or "virtual" in table(package, "source")


def _roots(member: Mapping[str, Any]) -> Iterator[LockedRequirement]:
    yield from _requirements(member.get("dependencies"))
    for extra, values in table(member, "optional-dependencies").items():
        yield from _requirements(values, extra=canonicalize_name(extra))
    for group, values in table(member, "dev-dependencies").items():
        yield from _requirements(values, group=canonicalize_name(group))


def _package(values: Mapping[str, Any], index: int, file: TomlFile) -> LockedPackage:
    return LockedPackage(
        name=canonicalize_name(string(values, "name")),
        version=string(values, "version"),
        index=_index(values),
        requirements=tuple(_requirements(values.get("dependencies"))),
        optional={
            extra: tuple(_requirements(each))
            for extra, each in table(values, "optional-dependencies").items()
        },
        wheels=tuple(_wheels(values)),
        line=file.line("package", index),
    )


def _index(values: Mapping[str, Any]) -> str:
    source = table(values, "source")
    return string(source, "registry") or string(source, "url") or string(source, "git")


def _requirements(values: Any, *, group: str = "", extra: str = "") -> Iterator[LockedRequirement]:
    for each in tables(values):
        yield LockedRequirement(
            name=canonicalize_name(string(each, "name")),
            version=string(each, "version"),
            index=_index(each),
            extras=tuple(strings(each.get("extra"))),
            marker=string(each, "marker"),
            group=group,
            extra=extra,
        )


def _wheels(values: Mapping[str, Any]) -> Iterator[Wheel]:
    for each in tables(values.get("wheels")):
        name = string(each, "filename") or string(each, "url") or string(each, "path")
        size = each.get("size")
        yield Wheel(_basename(name), size if isinstance(size, int) else None)


def _basename(url: str) -> str:
    """Return the file's name at the end of a URL, `%2B` as the plus that it stands for."""
    name = url.partition("#")[0].partition("?")[0].rpartition("/")[2]
    return name.replace("%2B", "+").replace("%2b", "+")
