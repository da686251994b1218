"""Debian's packages: dpkg's status file and lists, and the form of them in distroless images.

Sources: deb-control(5), dpkg-query(1), dpkg-divert(1); Debian's policy on multi-arch names
(`libc6:amd64.list`); distroless' var/lib/dpkg/status.d, whose md5sums(5) name the files.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from imgdiag.filesystem import Directory, Filesystem
from imgdiag.system.package import PackageRecord, find, text_of
from imgdiag.units import counted

MANAGER = "dpkg"
_DATABASE = "var/lib/dpkg"
_FIELD = re.compile(r"^(Package|Version|Architecture|Status):[ \t]*(.*?)[ \t\r]*$", re.MULTILINE)


def read(filesystem: Filesystem) -> tuple[list[PackageRecord], tuple[str, ...]]:
    """Return the packages in the order of their names, and what could not be told, in words."""
    versions, installed = _status(text_of(find(filesystem, f"{_DATABASE}/status")))
    diversions = _diversions(text_of(find(filesystem, f"{_DATABASE}/diversions")))
    records = []
    for stem, text in _files(filesystem, "info", ".list"):
        name = stem.partition(":")[0]
        records.append(
            PackageRecord(
                name=name,
                version=versions.get(stem, ""),
                manager=MANAGER,
                base="",
                paths=_diverted(text.split("\n")[:-1], name, diversions),
            )
        )
        installed -= {stem, name}
    listed = dict(_files(filesystem, "status.d", ".md5sums"))
    for stem, text in _files(filesystem, "status.d", ""):
        fields = dict(_FIELD.findall(text))
        if "Package" not in fields:  # an md5sums file, or nothing of dpkg's
            continue
        if stem not in listed:
            installed.add(fields["Package"])
            continue
        records.append(
            PackageRecord(
                name=fields["Package"],
                version=fields.get("Version", ""),
                manager=MANAGER,
                base="",
                paths=[line[34:] for line in listed[stem].split("\n") if line[32:34] == "  "],
            )
        )
    return records, tuple(_unlisted(installed))


def _unlisted(names: set[str]) -> Iterator[str]:
    if names:
        few = ", ".join(sorted(names)[:3])
        yield (
            f"dpkg: no list of files for {counted(len(names), 'installed package')} "
            f"({few}{', …' * (len(names) > 3)}); what they brought counts as nobody's"
        )


def _files(filesystem: Filesystem, folder: str, suffix: str) -> Iterator[tuple[str, str]]:
    """Yield the captured files of a folder of the database by their names without `suffix`."""
    directory = find(filesystem, f"{_DATABASE}/{folder}")
    if isinstance(directory, Directory):
        for name in sorted(directory.children):
            if name.endswith(suffix):
                yield name.removesuffix(suffix), text_of(directory.children[name])


def _status(text: str) -> tuple[dict[str, str], set[str]]:
    """Return the versions by the names that lists have, and the names of what is installed."""
    versions: dict[str, str] = {}
    installed: set[str] = set()
    for stanza in text.split("\n\n"):
        fields = dict(_FIELD.findall(stanza))
        name, version = fields.get("Package"), fields.get("Version", "")
        if name:
            versions.setdefault(name, version)
            versions[f"{name}:{fields.get('Architecture', '')}"] = version
            if fields.get("Status", "").endswith(" installed"):
                installed.add(name)
    return versions, installed


def _diversions(text: str) -> dict[str, tuple[str, str]]:
    """Return where each diverted path went, and the package whose file stands there instead."""
    lines = text.split("\n")
    return {
        path: (to, by)
        for path, to, by in zip(lines[::3], lines[1::3], lines[2::3], strict=False)
        if path.startswith("/") and to.startswith("/")
    }


def _diverted(
    paths: list[str], package: str, diversions: dict[str, tuple[str, str]]
) -> Sequence[str]:
    """Return a package's paths with those that another diverted where they are now."""
    if diversions.keys().isdisjoint(paths):
        return paths
    result = []
    for path in paths:
        to, by = diversions.get(path, (path, package))
        result.append(path if by == package else to)
    return result
