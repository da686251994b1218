"""The overlay merge: what the container sees, and which shipped bytes nobody sees and why."""

from imgdiag.filesystem.filesystem import Cause, Filesystem, Hidden, LayerSizes
from imgdiag.filesystem.links import find_directory, resolve
from imgdiag.filesystem.merge import merge
from imgdiag.filesystem.tree import (
    Directory,
    File,
    Node,
    Special,
    Symlink,
    join,
    walk_directories,
)

__all__ = [
    "Cause",
    "Directory",
    "File",
    "Filesystem",
    "Hidden",
    "LayerSizes",
    "Node",
    "Special",
    "Symlink",
    "find_directory",
    "join",
    "merge",
    "resolve",
    "walk_directories",
]
