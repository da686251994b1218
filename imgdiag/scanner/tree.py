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

from imgdiag.facts.facts import Facts
from imgdiag.filesystem import File, join
from imgdiag.python.distributions import Distribution
from imgdiag.python.environments import Environment
from imgdiag.system.package import SystemPackage

MOST_NODES = 16_000  # about 0.8 MB of a page


class Area(StrEnum):
    """Whose part of the image a node is."""

    PACKAGE = "package"  # a Python distribution's own file
    ENVIRONMENT = "environment"  # else in a Python environment: its interpreter, byte-code, others
    SYSTEM = "system"  # the distribution's folders, by the Filesystem Hierarchy Standard
    APP = "app"  # everything else


class Content(NamedTuple):
    """What one layer holds at a node; folders hold nothing of their own. Empty files are left out.

    A node of its own has more than one file where a layer's archive has its path twice.
    """

    node: int
    layer: int
    visible_bytes: int
    wasted_bytes: int
    visible_files: int
    wasted_files: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Tree:
    """Folders and files, the root first and parents before their children.

    The sequences `names`, `parents` (-1 for the root), `areas`, `owners` and `is_small` go
    together. An owner is the index of a package among the analysis' packages and after them its
    system packages, None for none. A small node is what is too small for nodes of its own in its
    parent; it has no name. Where a file has several names it counts at its first. All `contents`
    add up to the layer bytes.

    `owner_files` tells how many visible files with content each owner has in all, small or not.
    `least_bytes` is what every node of its own has more than.
    """

    names: tuple[str, ...]
    parents: tuple[int, ...]
    areas: tuple[Area, ...]
    owners: tuple[int | None, ...]
    is_small: tuple[bool, ...]
    contents: tuple[Content, ...]
    owner_files: tuple[int, ...]
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
        owners: list[Distribution | SystemPackage] = [*facts.distributions, *facts.system_packages]
        self.packages = len(facts.distributions)
        self.owner = {
            file: index for index, owner in enumerate(owners) for file in owner.files.values()
        }
        self.environments = frozenset(_environment_roots(facts.environments))
        self.names: list[str] = []
        self.parents: list[int] = []
        self.areas: list[Area] = []
        self.owners: list[int | None] = []
        self.is_small: list[bool] = []
        self.visible: dict[tuple[int, int], list[int]] = {}  # bytes and files by node and layer
        self.wasted: dict[tuple[int, int], list[int]] = {}
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
        # Large ones come first: what else was at the same path goes to the same node. Where a
        # folder took a file's place, both are nodes of one name.
        for each in hidden:
            if each.file.size > self.least:
                _count(self.wasted, self._file(each.path, each.file), each.file)
        self._add_visible()
        for each in hidden:
            if each.file.size <= self.least:
                known = self.file.get(each.path)
                folder = each.path.rpartition("/")[0]
                node = self._small(folder, each.file) if known is None else known
                _count(self.wasted, node, each.file)

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
                _count(self.visible, node, file)

    def tree(self) -> Tree:
        """Return the whole tree."""
        contents = tuple(
            Content(*key, seen[0], hidden[0], seen[1], hidden[1])
            for key in sorted({*self.visible, *self.wasted})
            for seen, hidden in [(self.visible.get(key, _NONE), self.wasted.get(key, _NONE))]
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
            is_small=tuple(self.is_small),
            contents=contents,
            owner_files=self._owner_files(),
            least_bytes=self.least,
        )

    def _owner_files(self) -> tuple[int, ...]:
        counts = [0] * (self.packages + len(self.facts.system_packages))
        for file, owner in self.owner.items():
            counts[owner] += file.size > 0
        return tuple(counts)

    def _add(self, name: str, parent: int, area: Area, *, is_small: bool = False) -> int:
        self.names.append(name)
        self.parents.append(parent)
        self.areas.append(area)
        self.owners.append(None)
        self.is_small.append(is_small)
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
            self.areas[node] = Area.PACKAGE if owner < self.packages else Area.SYSTEM
        return node

    def _small(self, path: str, file: File) -> int:
        """Return the node of what is small in a folder, with one more file in it."""
        folder = self.folder[path]
        node = self.small.get(folder)
        if node is None:
            node = self.small[folder] = self._add("", folder, self.areas[folder], is_small=True)
        if self.owner.get(file, self.packages) < self.packages:
            self.owned[node] += file.size
        return node


_NONE = [0, 0]


def _count(counts: dict[tuple[int, int], list[int]], node: int, file: File) -> None:
    """Count a file of a layer at a node."""
    count = counts.setdefault((node, file.layer), [0, 0])
    count[0] += file.size
    count[1] += 1


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
    [
        *("bin", "boot", "dev", "etc", "lib", "lib32", "lib64", "libx32", "media", "mnt"),
        *("proc", "run", "sbin", "sys", "usr", "var"),
    ]
)
