"""Alpine's packages: apk's database of what is installed.

Source: Alpine's wiki, "Apk spec", "Installed Database V2": a stanza for each package, in which
`F:` names a folder and `R:` a file in the last one.
"""

from __future__ import annotations

from imgdiag.filesystem import File, Filesystem
from imgdiag.system.package import PackageRecord, find, text_of

MANAGER = "apk"
_DATABASES = ("lib/apk/db/installed", "usr/lib/apk/db/installed")  # the second with /usr merged


def read(filesystem: Filesystem) -> list[PackageRecord]:
    """Return the packages in the database's order."""
    databases = {
        file: None for path in _DATABASES if isinstance(file := find(filesystem, path), File)
    }
    return [
        record
        for file in databases  # one inode where /lib is a link
        for stanza in text_of(file).split("\n\n")
        if (record := _record(stanza)) is not None
    ]


def _record(stanza: str) -> PackageRecord | None:
    name = version = folder = ""
    paths = []
    for line in stanza.split("\n"):
        kind, value = line[:2], line[2:].rstrip("\r")
        if kind == "R:":
            paths.append(f"{folder}/{value}" if folder else value)
        elif kind == "F:":
            folder = value
        elif kind == "P:":
            name = value
        elif kind == "V:":
            version = value
    if not name:
        return None
    return PackageRecord(name=name, version=version, manager=MANAGER, base="", paths=paths)
