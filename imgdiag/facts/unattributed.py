"""What nobody owns, told by the folders that hold it."""

from __future__ import annotations

from collections.abc import Container, Mapping

from imgdiag.filesystem import Directory, File, join
from imgdiag.scanner.usage import Usage, UsageRow

_LEAST = 50  # a row of its own takes a fiftieth of the whole
_ALWAYS_SPLIT = 2  # levels of folders, such as /usr/lib, that say little by themselves
_DEEPEST = 8  # levels of folders; one in site-packages has six or seven


def unattributed_rows(usage: Usage, sums: Mapping[Directory, int]) -> tuple[UsageRow, ...]:
    """Return where the bytes of nobody are, the largest first; `sums` has them by folder.

    Each byte counts once, in the deepest row that holds it, so that the rows add up to the whole.
    A folder is split into its children where one of them holds most of it; the row of the root
    ("") has what is too little for one of its own.
    """
    root = usage.directories[0][1]
    whole = sums[root]
    rows: dict[str, int] = {}
    stack = [("", root)]
    while stack:
        path, directory = stack.pop()
        parts = {
            join(path, name): child
            for name, child in directory.children.items()
            if isinstance(child, Directory) and sums[child] * _LEAST >= whole > 0
        }
        depth = path.count("/") + 1 if path else 0
        largest = max((sums[child] for child in parts.values()), default=0)
        splits = depth <= _ALWAYS_SPLIT or (depth < _DEEPEST and largest * 4 >= 3 * sums[directory])
        parts = parts if splits else {}
        rest = sums[directory] - sum(sums[child] for child in parts.values())
        where = path if rest * _LEAST >= whole else ""
        rows[where] = rows.get(where, 0) + rest
        stack += parts.items()
    return tuple(
        sorted(
            (UsageRow(path, size) for path, size in rows.items() if size),
            key=lambda row: (-row.bytes, row.path),
        )
    )


def unattributed_bytes(usage: Usage, owned: Container[File]) -> dict[Directory, int]:
    """Return the bytes in none of `owned` in and below each folder, an inode where its first name
    is.
    """
    sums: dict[Directory, int] = {}
    shared: set[File] = set()
    for _, directory in usage.directories:
        size = 0
        for node in directory.children.values():
            if type(node) is File and node not in owned:
                if node.names > 1:
                    if node in shared:
                        continue
                    shared.add(node)
                size += node.size
        sums[directory] = size
    # Parents come before their children, so backwards every child is complete.
    for _, directory in reversed(usage.directories):
        for node in directory.children.values():
            if type(node) is Directory:
                sums[directory] += sums[node]
    return sums
