"""A file system as a tree: folders with their children by name, and what stands in them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from imgdiag.layers.tar import Attributes
from imgdiag.layers.walk import Entry


class File:
    """An inode: compared by identity, however many names it has. `size` is in bytes."""

    __slots__ = ("attributes", "content", "layer", "mtime", "names", "size")

    def __init__(self, entry: Entry, layer: int) -> None:
        self.size = entry.size
        self.layer = layer
        self.attributes: Attributes = entry.attributes
        self.mtime = entry.mtime
        self.content = entry.content
        self.names = 1


@dataclass(slots=True, eq=False)
class Symlink:
    """A symbolic link, never followed but to find an entry's folder."""

    target: str
    layer: int


@dataclass(slots=True, eq=False)
class Special:
    """A device, FIFO or socket: no content, never read."""

    layer: int


class Directory:
    """A folder and its children by name, in the order they came."""

    __slots__ = ("attributes", "children", "layer")

    def __init__(self, layer: int, attributes: Attributes = (0o755, 0, 0)) -> None:
        self.children: dict[str, Node] = {}
        self.layer = layer
        self.attributes = attributes


Node = Directory | File | Symlink | Special


def join(parent: str, name: str) -> str:
    """Join a folder's path and a name; the root's path is empty."""
    return f"{parent}/{name}" if parent else name


def walk_directories(path: str, directory: Directory) -> Iterator[tuple[str, Directory]]:
    """Yield `directory` and all below it, parents first; iterative, as paths may be deep."""
    stack = [(path, directory)]
    while stack:
        path, directory = stack.pop()
        yield path, directory
        stack += [
            (join(path, name), child)
            for name, child in directory.children.items()
            if type(child) is Directory
        ]
