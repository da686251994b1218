"""Folders that are imported, were installed, and are not in the image any more."""

from __future__ import annotations

from collections.abc import Mapping

from imgdiag.filesystem import Directory, File
from imgdiag.python.imports.places import Places
from imgdiag.python.imports.verdict import Evidence


def removed(broken: Mapping[str, Evidence], places: Places) -> dict[str, Evidence]:
    """Return those of `broken`, folders that are missing, whose files some RECORD names."""
    if not broken:
        return {}
    removed: dict[str, Evidence] = {}
    for base in places.bases:
        below = {path: line for path, line in broken.items()
                 if path.startswith(f"{base}/")}  # fmt: skip
        directory = places.directory(base) if below else None
        for name, info in directory.children.items() if directory else ():
            record = info.children.get("RECORD") if isinstance(info, Directory) else None
            if name.endswith(".dist-info") and isinstance(record, File):
                text = b"\n" + (record.content or b"")
                removed |= {
                    path: line
                    for path, line in below.items()
                    if f"\n{path[len(base) + 1 :]}/".encode() in text
                }
    return removed
