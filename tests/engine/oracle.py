"""The same numbers by another road: the engine's own archives, read with the standard library.

Nothing here is shared with imgdiag, so a mistake would have to be made twice to go unnoticed.
"""

import json
import re
import subprocess
import tarfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from .engine import Engine

# `docker create` puts these into the container, whatever the image holds there.
MADE_BY_ENGINE = {".dockerenv", "etc/hostname", "etc/hosts", "etc/mtab", "etc/resolv.conf"}
DIST_INFO = re.compile(r"(.*site-packages)/([^/]+)-([^/-]+)\.dist-info/METADATA")


@dataclass
class SavedLayer:
    """What one layer of `docker save` holds, by path."""

    files: dict[str, int] = field(default_factory=dict)
    symlink_bytes: int = 0

    @property
    def bytes(self) -> int:
        """Return the content of the layer; a hard link is a member of its own and holds none."""
        return sum(self.files.values())


@dataclass
class Container:
    """What `docker export` shows, by path: the engine's own merge of the layers."""

    files: dict[str, int] = field(default_factory=dict)

    @property
    def packages(self) -> set[tuple[str, str, str]]:
        """Return folder, name and version of each Python package, told by its metadata."""
        found = filter(None, map(DIST_INFO.fullmatch, self.files))
        return {(match[1], normalized(match[2]), match[3]) for match in found}


def normalized(name: str) -> str:
    """Return a package's name as PyPI compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def saved_layers(archive: Path) -> list[SavedLayer]:
    """Read the layers of a `docker save` file, oldest first."""
    with tarfile.open(archive) as outer:
        (image,) = json.load(content(outer, "manifest.json"))
        return [saved_layer(content(outer, name)) for name in image["Layers"]]


def saved_layer(stream: IO[bytes]) -> SavedLayer:
    """Read one layer."""
    layer = SavedLayer()
    with tarfile.open(fileobj=stream) as tar:
        for member in tar:
            if member.isreg():
                layer.files[clean(member.name)] = member.size
            elif member.issym():
                layer.symlink_bytes += len(member.linkname.encode("utf-8", "surrogateescape"))
    return layer


def exported(engine: Engine, image: str) -> Container:
    """Export a container of the image that never runs; links in the export hold no content."""
    container = Container()
    identity = engine.docker("create", image).strip()
    try:
        with subprocess.Popen(
            [engine.cli, "export", identity], env=engine.env, stdout=subprocess.PIPE
        ) as export:
            assert export.stdout is not None
            with tarfile.open(fileobj=export.stdout, mode="r|") as tar:
                for member in tar:
                    if member.isreg() and clean(member.name) not in MADE_BY_ENGINE:
                        container.files[clean(member.name)] = member.size
        assert export.returncode == 0
    finally:
        engine.docker("rm", identity)
    return container


def visible_bytes(container: Container, layers: list[SavedLayer]) -> int:
    """Return the visible content, with the image's own files where the engine puts others."""
    merged = {path: size for layer in layers for path, size in layer.files.items()}
    return sum(container.files.values()) + sum(merged.get(path, 0) for path in MADE_BY_ENGINE)


def content(tar: tarfile.TarFile, name: str) -> IO[bytes]:
    """Return a member's content; older engines save a repeated layer as a link to the first."""
    stream = tar.extractfile(name)
    assert stream is not None
    return stream


def clean(name: str) -> str:
    """Return a member's name without the "./" that an imported base may start with."""
    return name.removeprefix("./")
