"""A package of the system's: as its manager's records tell of it, and with the files it owns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from imgdiag.filesystem import File, Filesystem, Node, resolve


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PackageRecord:
    """What a manager's records say of one package.

    `manager` is dpkg, apk or conda. `paths` are the files it names, relative to `base` or
    absolute, folders and links among them; they may be gone, or another's.
    """

    name: str
    version: str
    manager: str
    base: str
    paths: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SystemPackage:
    """An installed package; `bytes` is what it owns, each inode once.

    `files` are the inodes it owns by the paths it names them by. `missing` counts what is named
    and not there, such as the documentation that slim images leave out.
    """

    name: str
    version: str
    manager: str
    files: Mapping[str, File]
    bytes: int
    missing: int


def find(filesystem: Filesystem, path: str) -> Node | None:
    """Return what stands where `path` leads, all links followed, or None."""
    found = resolve(filesystem.root, path)
    return found[1] if found else None


def text_of(node: Node | None) -> str:
    """Return a captured file's text, with bytes that are not UTF-8 as paths have them."""
    content = node.content if isinstance(node, File) else None
    return (content or b"").decode("utf-8", "surrogateescape")
