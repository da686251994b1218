"""What an environment is made of: its files by kind."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from imgdiag.filesystem import File


class Kind(StrEnum):
    """What a file is for, as far as its path tells. The first that fits counts."""

    CACHE = "tools' caches"
    BYTECODE = "byte-code"
    TESTS = "tests"
    DOCS = "docs"
    EXAMPLES = "examples"
    METADATA = "metadata"
    NATIVE = "native libraries"
    HEADERS = "headers and static libraries"
    SOURCE = "Python sources"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """The files of one kind: `bytes` of content, an inode once; `files` are names."""

    kind: Kind
    bytes: int
    files: int


_FOLDERS = {
    **dict.fromkeys((".cache", ".mypy_cache", ".pytest_cache", ".ruff_cache", ".tox",
                     ".ipynb_checkpoints"), Kind.CACHE),
    **dict.fromkeys(("test", "tests"), Kind.TESTS),
    **dict.fromkeys(("doc", "docs"), Kind.DOCS),
    **dict.fromkeys(("example", "examples"), Kind.EXAMPLES),
}  # fmt: skip
_NATIVE = re.compile(r"\.so(\.[\d.]+)?$|\.dll$|\.dylib$")
_HEADERS = (".h", ".hpp", ".hh", ".cuh", ".a", ".pxd")
_ORDER = {kind: index for index, kind in enumerate(Kind)}


def kind_of(path: str) -> Kind:
    """Return what the file at `path`, taken from the environment's folder, is for."""
    *folders, name = path.split("/")
    kinds = [_FOLDERS[folder] for folder in folders if folder in _FOLDERS]
    if Kind.CACHE in kinds:
        return Kind.CACHE
    if name.endswith((".pyc", ".pyo")):
        return Kind.BYTECODE
    if any(folder.endswith((".dist-info", ".egg-info")) for folder in folders):
        return Kind.METADATA
    if kinds:
        return min(kinds, key=_ORDER.__getitem__)
    if _NATIVE.search(name):
        return Kind.NATIVE
    if name.endswith(_HEADERS):
        return Kind.HEADERS
    return Kind.SOURCE if name.endswith(".py") else Kind.OTHER


def composition(files: Iterable[tuple[str, File]]) -> tuple[Share, ...]:
    """Return every kind with its share of `files` (path from the environment's folder, file)."""
    sizes = dict.fromkeys(Kind, 0)
    counts = dict.fromkeys(Kind, 0)
    seen: set[File] = set()
    for path, file in files:
        kind = kind_of(path)
        counts[kind] += 1
        if file not in seen:
            seen.add(file)
            sizes[kind] += file.size
    return tuple(Share(kind=kind, bytes=sizes[kind], files=counts[kind]) for kind in Kind)
