"""How many bytes stand below each folder of the merged image, in one pass."""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from imgdiag.filesystem import Directory, File, Filesystem, Hidden, join


@dataclass(frozen=True, slots=True)
class UsageRow:
    """One row of a du table; `bytes` is file content, an inode once in the whole image."""

    path: str
    bytes: int


class Usage:
    """The image's folders with their sizes, and its folders and byte-code files by name.

    A file with several names counts where its first name stands (folders in the order of the
    walk), as `du` counts it, so that children always add up to their parent.
    """

    def __init__(self, filesystem: Filesystem) -> None:
        self._filesystem = filesystem
        self.directories: list[tuple[str, Directory]] = list(filesystem.directories())
        self._real = dict(self.directories)
        self.named: dict[str, list[tuple[str, Directory]]] = defaultdict(list)
        self._bytes: dict[Directory, int] = {}
        self._first_name: dict[File, str] = {}  # of files with several names
        self._hidden_at: dict[str, list[Hidden]] = {}
        self._measure()

    def _measure(self) -> None:
        shared = self._first_name
        sizes = self._bytes
        for path, directory in self.directories:
            size = 0
            for name, node in directory.children.items():
                if type(node) is File:
                    if node.names > 1:
                        if node in shared:
                            continue
                        shared[node] = join(path, name)
                    size += node.size
            sizes[directory] = size
            self.named[path.rpartition("/")[2]].append((path, directory))
        # Parents come before their children, so backwards every child is complete.
        for _, directory in reversed(self.directories):
            for node in directory.children.values():
                if type(node) is Directory:
                    sizes[directory] += sizes[node]

    def bytes_below(self, directory: Directory) -> int:
        """Return the content in and below a folder, in bytes."""
        return self._bytes[directory]

    def table(self, path: str) -> list[UsageRow]:
        """Return the children of the folder at `path`, the largest first, as `du -d1` would."""
        node = self._filesystem.find(path)
        if not isinstance(node, Directory):
            return []
        rows = []
        for name, child in node.children.items():
            where = join(path, name)
            if isinstance(child, Directory):
                rows.append(UsageRow(where, self._bytes[child]))
            elif isinstance(child, File):
                first = child.names == 1 or self._first_name[child] == where
                rows.append(UsageRow(where, child.size if first else 0))
        return sorted(rows, key=lambda row: (-row.bytes, row.path))

    def largest_files(self, count: int) -> list[UsageRow]:
        """Return the `count` largest files, each inode by its first name."""
        largest = heapq.nlargest(
            count,
            (
                (file.size, path)
                for path, file in self._filesystem.files()
                if file.names == 1 or self._first_name[file] == path
            ),
        )
        return [UsageRow(path, size) for size, path in largest]

    def files_in(self, paths: Iterable[str]) -> Iterator[tuple[str, File]]:
        """Yield the files at or below `paths` by all their names there; overlaps come once."""
        done: set[Directory] = set()
        for path in paths:
            # Mostly a folder's path is its real one, which saves the walk down to it.
            parent, _, name = path.rpartition("/")
            folder = self._real.get(parent)
            node = folder.children.get(name) if folder and name else self._filesystem.find(path)
            if isinstance(node, File):
                yield path, node
            stack = [(path, node)] if isinstance(node, Directory) else []
            while stack:
                where, directory = stack.pop()
                if directory in done:
                    continue
                done.add(directory)
                for name, child in directory.children.items():
                    if isinstance(child, File):
                        yield join(where, name), child
                    elif isinstance(child, Directory):
                        stack.append((join(where, name), child))

    def hidden_at(self) -> Mapping[str, list[Hidden]]:
        """Return the hidden files by the path at which they were hidden."""
        if not self._hidden_at and self._filesystem.hidden:
            for hidden in self._filesystem.hidden:
                self._hidden_at.setdefault(hidden.path, []).append(hidden)
        return self._hidden_at
