"""The Python environments of an image: every folder that distributions are installed in."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from imgdiag.filesystem import Directory, File, Filesystem, join
from imgdiag.scanner.usage import Usage

PACKAGE_FOLDERS = frozenset(("site-packages", "dist-packages"))
_METADATA = (".dist-info", ".egg-info")
_VERSION = re.compile(r"/python(\d+\.\d+)t?/(?:site|dist)-packages$")
# Debian's system environment has a second folder in local/, called dist-packages.
_LIBRARY = re.compile(
    r"(^|/)(local/lib/python[^/]*/dist-packages|lib(64)?/(pypy|python)[^/]*/[^/]+)$"
)
# Package managers' stores hold unpacked distributions that no interpreter imports from there;
# but Poetry makes the environments themselves in its cache.
_STORES = re.compile(
    r"(^|/)(archive-v\d+|pkgs|\.cache(?!/pypoetry/virtualenvs/)|wheels-v\d+|builds-v\d+)/"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """One folder of installed distributions.

    `path` is that folder, `prefix` the environment it belongs to (a virtual environment's root).
    `kind` is venv, conda, system, user or target (a folder made by `pip install --target`).
    """

    path: str
    prefix: str
    kind: str
    python_version: str | None


def find_environments(filesystem: Filesystem, usage: Usage) -> tuple[Environment, ...]:
    """Return the environments, in the order of their paths; empty package folders are left out."""
    return tuple(_environment(filesystem, path) for path in sorted(set(_package_folders(usage))))


def _package_folders(usage: Usage) -> Iterable[str]:
    for name in PACKAGE_FOLDERS:
        for path, directory in usage.named.get(name, ()):
            if directory.children and not _STORES.search(path):
                yield path
    # Folders made by `pip install --target` are known by the metadata in them alone.
    for path, directory in usage.directories:
        if any(name.endswith(_METADATA) for name in directory.children):
            inside = PACKAGE_FOLDERS & set(path.split("/")[:-1])
            if not inside and not _STORES.search(f"{path}/") and _holds_metadata(directory):
                yield path


def _holds_metadata(directory: Directory) -> bool:
    return any(
        isinstance(child, Directory) and {"METADATA", "PKG-INFO"} & child.children.keys()
        for name, child in directory.children.items()
        if name.endswith(_METADATA)
    )


def _environment(filesystem: Filesystem, path: str) -> Environment:
    match = _VERSION.search(f"/{path}")
    prefix = path
    if path.rpartition("/")[2] in PACKAGE_FOLDERS:
        prefix = _LIBRARY.sub("", path)
    configuration = filesystem.find(join(prefix, "pyvenv.cfg"))
    version = match[1] if match else None
    if isinstance(configuration, File):
        kind = "venv"
        version = version or _venv_version(configuration)
    elif isinstance(filesystem.find(join(prefix, "conda-meta")), Directory):
        kind = "conda"
    elif prefix.endswith("/.local"):
        kind = "user"
    elif path.rpartition("/")[2] in PACKAGE_FOLDERS:
        kind = "system"
    else:
        kind = "target"
    return Environment(path=path, prefix=prefix, kind=kind, python_version=version)


def _venv_version(configuration: File) -> str | None:
    text = (configuration.content or b"").decode("utf-8", "replace")
    match = re.search(r"^version(?:_info)?\s*=\s*(\d+\.\d+)", text, re.MULTILINE)
    return match[1] if match else None
