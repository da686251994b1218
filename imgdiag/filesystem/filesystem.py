"""The merged image as values: the visible tree, and which shipped bytes nobody sees and why."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from imgdiag.errors import CorruptImage
from imgdiag.filesystem.links import find_directory
from imgdiag.filesystem.tree import Directory, File, Node, join, walk_directories
from imgdiag.layers.walk import split


class Cause(StrEnum):
    """Why a file of a layer is not seen any more."""

    DELETED = "deleted"
    OVERWRITTEN = "overwritten"
    METADATA_ONLY = "metadata-only"  # stored again with another owner, mode or time
    REPLACED = "replaced"  # something that is not a file took its name or its folder's


@dataclass(frozen=True, slots=True, eq=False)
class Hidden:
    """A file that is shipped in `file.layer` and hidden by the layer `hidden_in`."""

    path: str
    file: File
    cause: Cause
    hidden_in: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerSizes:
    """One layer's share: `layer_bytes` = `visible_bytes` + `wasted_bytes`."""

    layer_bytes: int
    visible_bytes: int
    wasted_bytes: int
    files: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Filesystem:
    """The merged image. `hidden` is in the order in which the layers hid things."""

    root: Directory
    hidden: tuple[Hidden, ...]
    layers: tuple[LayerSizes, ...]
    symlink_bytes: int  # lengths of symlink targets over all layers; Docker's sizes include them
    warnings: tuple[str, ...]

    @property
    def layer_bytes(self) -> int:
        """Regular-file content over all layers, each layer's hard links once."""
        return sum(layer.layer_bytes for layer in self.layers)

    @property
    def visible_bytes(self) -> int:
        """Content reachable in the merged file system, each inode once."""
        return sum(layer.visible_bytes for layer in self.layers)

    @property
    def wasted_bytes(self) -> int:
        """Bytes that are shipped and seen by nobody."""
        return sum(layer.wasted_bytes for layer in self.layers)

    def directories(self) -> Iterator[tuple[str, Directory]]:
        """Yield every visible folder with its path, the root ("") first, parents first."""
        return walk_directories("", self.root)

    def files(self) -> Iterator[tuple[str, File]]:
        """Yield every visible name of every file; an inode with two names comes twice."""
        for path, directory in self.directories():
            for name, node in directory.children.items():
                if isinstance(node, File):
                    yield join(path, name), node

    def find(self, path: str) -> Node | None:
        """Return what stands at `path`, symlinks in its folders followed, or None."""
        try:
            parent, name = split(path)
        except CorruptImage:  # deeper than any path can be: nothing stands there
            return None
        directory = find_directory(self.root, parent)
        if directory is None or not name:
            return directory
        return directory.children.get(name)
