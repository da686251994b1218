"""Every byte of an image by path and layer: a tree small enough to draw, and nothing left out.

An image may have a million files; a page cannot. The tree keeps the nodes with the most bytes and
puts what is smaller together, folder by folder, so that children still add up to their parent.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from imgdiag.facts import Facts
from imgdiag.filesystem import File, join
from imgdiag.python.environments import Environment

MOST_NODES = 16_000  # about 0.8 MB of a page


class Area(StrEnum):
    """Whose part of the image a node is."""

    PACKAGE = "package"  # a Python distribution's own file
    ENVIRONMENT = "environment"  # else in a Python environment: its interpreter, byte-code, others
    SYSTEM = "system"  # the distribution's folders, by the Filesystem Hierarchy Standard
    APP = "app"  # everything else


class Content(NamedTuple):
    """What one layer holds at a node, in bytes; folders have none of their own."""

    node: int
    layer: int
    visible_bytes: int
    wasted_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Tree:
    """Folders and files, the root first and parents before their children.

    The sequences `names`, `parents` (-1 for the root), `areas`, `owners` (an index of the
    analysis' packages, None for none) and `folded` go together. `folded` is 0 for a file or
    folder of its own, else how many files the node puts together; its name is then "". Where a
    file has several names it counts at its first. All `contents` add up to the layer bytes.
    `least_bytes` is what every node of its own has more than.
    """

    names: tuple[str, ...]
    parents: tuple[int, ...]
    areas: tuple[Area, ...]
    owners: tuple[int | None, ...]
    folded: tuple[int, ...]
    contents: tuple[Content, ...]
    least_bytes: int


def build_tree(facts: Facts, most: int = MOST_NODES) -> Tree:
    """Return the tree of an image with at most `most` files and folders of their own, the largest.

    Linear in the number of files; only what gets a node costs objects.
    """
    folders = _folder_bytes(facts)
    files = [
        node.size
        for _, directory in facts.usage.directories
        for node in directory.children.values()
        if type(node) is File
    ]
    files += [hidden.file.size for hidden in facts.filesystem.hidden]
    # One limit for both, so that every folder of a node is a node.
    least = max(_nth_largest(files, most // 2), _nth_largest(folders.values(), most // 2))
    builder = _Builder(facts, folders, least)
    builder.add_folders()
    builder.add_files()
    return builder.tree()


def _folder_bytes(facts: Facts) -> dict[str, int]:
    """Return the bytes below each folder that any layer has, seen or hidden; the root is ""."""
    sizes: dict[str, int] = defaultdict(int)
    for hidden in facts.filesystem.hidden:
        sizes[hidden.path.rpartition("/")[0]] += hidden.file.size
    # The deepest first, so that each is complete when its parent takes it.
    by_depth: dict[int, list[str]] = defaultdict(list)
    for path in sizes:
        by_depth[_depth(path)].append(path)
    for depth in range(max(by_depth, default=0), 0, -1):
        for path in by_depth[depth]:
            parent = path.rpartition("/")[0]
            if parent not in sizes:
                by_depth[depth - 1].append(parent)
            sizes[parent] += sizes[path]
    for path, directory in facts.usage.directories:
        sizes[path] += facts.usage.bytes_below(directory)
    return dict(sizes)


def _depth(path: str) -> int:
    return path.count("/") + 1 if path else 0


def _nth_largest(sizes: Iterable[int], count: int) -> int:
    """Return a size that at most `count` are over, 0 when there are no more than that."""
    ordered = sorted(sizes, reverse=True)
    return ordered[count] if len(ordered) > count else 0


class _Builder:
    """The state of the work: the nodes so far, and their bytes by layer."""

    def __init__(self, facts: Facts, folders: dict[str, int], least: int) -> None:
        self.facts = facts
        self.folders = folders
        self.least = least
        self.owner = {
            file: index
            for index, distribution in enumerate(facts.distributions)
            for file in distribution.files.values()
        }
        self.environments = frozenset(_environment_roots(facts.environments))
        self.names: list[str] = []
        self.parents: list[int] = []
        self.areas: list[Area] = []
        self.owners: list[int | None] = []
        self.folded: list[int] = []
        self.visible: dict[tuple[int, int], int] = defaultdict(int)  # by node and layer
        self.wasted: dict[tuple[int, int], int] = defaultdict(int)
        self.folder: dict[str, int] = {}  # a path's node, or that of the folder above that has one
        self.file: dict[str, int] = {}
        self.small: dict[int, int] = {}  # by a folder's node: that of what is small in it
        self.owned: dict[int, int] = defaultdict(int)  # packages' bytes in what is small

    def add_folders(self) -> None:
        """Add the folders with more than the least bytes, parents first."""
        for path in sorted(self.folders, key=lambda path: (_depth(path), path)):
            parent, _, name = path.rpartition("/")
            if not path:
                self.folder[path] = self._add("", -1, Area.APP)
            elif self.folders[path] > self.least:
                above = self.folder[parent]
                self.folder[path] = self._add(name, above, self._area(path, above))
            else:
                self.folder[path] = self.folder[parent]

    def add_files(self) -> None:
        """Add every file of every layer once: to its path's node, or to what is small there."""
        hidden = [each for each in self.facts.filesystem.hidden if each.file.size]
        # Large ones come first: what is seen at the same path goes to the same node.
        for each in hidden:
            if each.file.size > self.least and each.path not in self.folders:
                self.wasted[self._file(each.path, each.file), each.file.layer] += each.file.size
        self._add_visible()
        for each in hidden:
            # What was a file and is a folder now is told with what is small there.
            if each.path in self.folders:
                node = self._small(each.path, each.file)
            elif each.file.size > self.least:
                continue
            else:
                known = self.file.get(each.path)
                folder = each.path.rpartition("/")[0]
                node = self._small(folder, each.file) if known is None else known
            self.wasted[node, each.file.layer] += each.file.size

    def _add_visible(self) -> None:
        shared: set[File] = set()
        with_nodes = {path.rpartition("/")[0] for path in self.file}
        for path, directory in self.facts.usage.directories:
            look = path in with_nodes
            for name, file in directory.children.items():
                if type(file) is not File or not file.size:
                    continue
                if file.names > 1:
                    if file in shared:
                        continue
                    shared.add(file)
                if file.size > self.least or (look and join(path, name) in self.file):
                    node = self._file(join(path, name), file)
                else:
                    node = self._small(path, file)
                self.visible[node, file.layer] += file.size

    def tree(self) -> Tree:
        """Return the whole tree."""
        contents = tuple(
            Content(*key, self.visible.get(key, 0), self.wasted.get(key, 0))
            for key in sorted({*self.visible, *self.wasted})
        )
        whole: dict[int, int] = defaultdict(int)
        for content in contents:
            whole[content.node] += content.visible_bytes + content.wasted_bytes
        for node, owned in self.owned.items():
            if owned * 2 > whole[node]:
                self.areas[node] = Area.PACKAGE
        return Tree(
            names=tuple(self.names),
            parents=tuple(self.parents),
            areas=tuple(self.areas),
            owners=tuple(self.owners),
            folded=tuple(self.folded),
            contents=contents,
            least_bytes=self.least,
        )

    def _add(self, name: str, parent: int, area: Area) -> int:
        self.names.append(name)
        self.parents.append(parent)
        self.areas.append(area)
        self.owners.append(None)
        self.folded.append(0)
        return len(self.names) - 1

    def _area(self, path: str, parent: int) -> Area:
        """Return whose a node is that no package owns: mostly its parent's."""
        if path in self.environments:
            return Area.ENVIRONMENT
        if parent:
            return self.areas[parent]
        return Area.SYSTEM if path in _SYSTEM else Area.APP

    def _file(self, path: str, file: File) -> int:
        """Return the node of a path that holds a file; a package's when a file there is."""
        node = self.file.get(path)
        if node is None:
            parent, _, name = path.rpartition("/")
            above = self.folder[parent]
            node = self.file[path] = self._add(name, above, self._area(path, above))
        owner = self.owner.get(file)
        if owner is not None:
            self.owners[node] = owner
            self.areas[node] = Area.PACKAGE
        return node

    def _small(self, path: str, file: File) -> int:
        """Return the node of what is small in a folder, with one more file in it."""
        folder = self.folder[path]
        node = self.small.get(folder)
        if node is None:
            node = self.small[folder] = self._add("", folder, self.areas[folder])
        self.folded[node] += 1
        if file in self.owner:
            self.owned[node] += file.size
        return node


def _environment_roots(environments: Iterable[Environment]) -> Iterator[str]:
    """Yield the folders that are a Python's own; a system's Python shares its prefix with all."""
    for environment in environments:
        yield environment.path
        if environment.kind == "system":
            yield environment.path.rpartition("/")[0]
        else:
            yield environment.prefix


# Folders of the root by the Filesystem Hierarchy Standard 3.0, but those for what is added: /opt,
# /srv, /home, /root and /tmp.
_SYSTEM = frozenset(
    "bin boot dev etc lib lib32 lib64 libx32 media mnt proc run sbin sys usr var".split()
)
