"""Where bytes came and went: the folders that grew, each byte in one of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from imgdiag.filesystem.folders import LEAST_BYTES, Folder

_ALIKE = 2 * LEAST_BYTES  # under which a folder that one image tells is not told apart
_LEAST = 50  # a row of its own takes a fiftieth of all that changed
_ALWAYS_SPLIT = 2  # levels of folders, such as /usr/lib, that say little by themselves


@dataclass(frozen=True, slots=True)
class FolderChange:
    """A folder with what is in and below it, and in no other of the rows, in bytes.

    The root's path is empty: it has what is too little for a row of its own.
    """

    path: str
    base_bytes: int
    head_bytes: int

    @property
    def growth(self) -> int:
        """Return by how many bytes it grew."""
        return self.head_bytes - self.base_bytes


def sizes_by_path(folders: Iterable[Folder], of: Callable[[Folder], int]) -> dict[str, int]:
    """Return the bytes `of` each folder by its path; two that are not UTF-8 may show as one."""
    sizes: dict[str, int] = defaultdict(int)
    for each in folders:
        sizes[each.path] += of(each)
    return dict(sizes)


def compare_folders(base: Mapping[str, int], head: Mapping[str, int]) -> tuple[FolderChange, ...]:
    """Return the folders that grew or shrank, the largest change first; together, all growth.

    `base` and `head` have the bytes in and below each folder, with all folders above it. A folder
    is split into its children where one of them has most of what changed. A folder of under 2 MB
    that is told of one image only counts in the one above: the other may have as much of it.
    """
    paths = sorted(
        path
        for path in base.keys() | head.keys()
        if not path
        or (path in base and path in head)
        or base.get(path, 0) + head.get(path, 0) >= _ALIKE
    )
    children: dict[str, list[str]] = defaultdict(list)
    moved = dict.fromkeys(paths, 0)  # in and below, by how much folders grew or shrank
    for path in reversed(paths):  # children before their parents
        own = head.get(path, 0) - base.get(path, 0)
        for child in children[path]:
            own -= head.get(child, 0) - base.get(child, 0)
        moved[path] += abs(own)
        if path:
            parent = path.rpartition("/")[0]
            children[parent].append(path)
            moved[parent] += moved[path]
    rows: dict[str, tuple[int, int]] = defaultdict(lambda: (0, 0))
    for path, parts in _rows(children, moved):
        rest_before = base.get(path, 0) - sum(base.get(part, 0) for part in parts)
        rest_after = head.get(path, 0) - sum(head.get(part, 0) for part in parts)
        where = path if abs(rest_after - rest_before) * _LEAST >= moved[""] else ""
        before, after = rows[where]
        rows[where] = (before + rest_before, after + rest_after)
    changes = (FolderChange(path, before, after) for path, (before, after) in rows.items())
    return tuple(
        sorted(
            (each for each in changes if each.growth),
            key=lambda each: (-abs(each.growth), each.path),
        )
    )


def _rows(
    children: Mapping[str, list[str]], moved: Mapping[str, int]
) -> Iterator[tuple[str, list[str]]]:
    """Yield the folders of the table, each with those below it that have rows of their own."""
    stack = [""]
    while stack:
        path = stack.pop()
        parts = [each for each in children.get(path, ()) if moved[each] * _LEAST >= moved[""] > 0]
        depth = path.count("/") + 1 if path else 0
        largest = max((moved[each] for each in parts), default=0)
        if depth > _ALWAYS_SPLIT and largest * 4 < 3 * moved[path]:
            parts = []
        yield path, parts
        stack += parts
