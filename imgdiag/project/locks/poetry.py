"""poetry.lock. Source: what Poetry 1.2 to 2.5 write; Poetry documents no format.

Since 2.0 each package says in which groups it is and for which markers; before, `category` said
main or dev. Sizes are not recorded.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from packaging.utils import canonicalize_name

from imgdiag.project.locks.lock import Lock, LockedPackage, LockedRequirement, Wheel
from imgdiag.project.toml import TomlFile, parse_toml, string, strings, table, tables

NAMES = ("poetry.lock",)


def read(data: bytes, path: str) -> Lock:
    """Read a poetry.lock. Raises ImgdiagError when it is not valid TOML."""
    file = parse_toml(data, path)
    packages = tables(file.values.get("package"))
    return Lock(
        path=path,
        tool="poetry",
        packages=tuple(_package(each, index, file) for index, each in enumerate(packages)),
        roots=tuple(root for each in packages for root in _roots(each)),
        requires_python=string(table(file.values, "metadata"), "python-versions"),
    )


def _roots(package: Mapping[str, Any]) -> Iterator[LockedRequirement]:
    """Yield a package as the project's own asking, once for each group that it is in."""
    groups = strings(package.get("groups")) or [string(package, "category") or "main"]
    if package.get("optional") is True and groups == ["main"]:
        return  # an extra alone asks for it, and the lock does not say for which packages
    markers = package.get("markers")
    for group in groups:
        marker = markers if isinstance(markers, str) else string(table(package, "markers"), group)
        yield LockedRequirement(
            name=canonicalize_name(string(package, "name")),
            version=string(package, "version"),
            index=_index(package),
            marker=marker,
            group="" if group == "main" else canonicalize_name(group),
        )


def _package(values: Mapping[str, Any], index: int, file: TomlFile) -> LockedPackage:
    return LockedPackage(
        name=canonicalize_name(string(values, "name")),
        version=string(values, "version"),
        index=_index(values),
        # Whether they hold is said by each package itself; here they tell who brings it in.
        requirements=tuple(_requirements(values)),
        wheels=tuple(Wheel(string(each, "file"), None) for each in tables(values.get("files"))),
        line=file.line("package", index),
    )


def _index(values: Mapping[str, Any]) -> str:
    return string(table(values, "source"), "url")


def _requirements(values: Mapping[str, Any]) -> Iterator[LockedRequirement]:
    for name, wanted in table(values, "dependencies").items():
        for each in wanted if isinstance(wanted, list) else [wanted]:
            details = each if isinstance(each, Mapping) else {}
            if details.get("optional") is True:
                continue
            yield LockedRequirement(
                name=canonicalize_name(name),
                extras=tuple(strings(details.get("extras"))),
                marker=string(details, "markers"),
            )
