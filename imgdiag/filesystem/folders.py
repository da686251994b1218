"""The folders of an image, as far down as another image can be held against them.

Which folders are told does not depend on the image's size: the same ones are, in two images, or
they are small in one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Mapping
from dataclasses import dataclass

from imgdiag.filesystem import Directory, File, join
from imgdiag.filesystem.origins import Origins, by_bytes
from imgdiag.scanner.usage import Usage

LEAST_BYTES = 1_000_000  # that a folder has to have; those with less count in the one above
DEEPEST = 8  # levels of folders; one in site-packages has six or seven


@dataclass(frozen=True, slots=True)
class Share:
    """What one layer made of something, in bytes."""

    layer: int
    bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Folder:
    """A folder with all that is in and below it, in bytes; the root's path is empty.

    `unattributed_bytes` are those that no package owns. `made_by` are the layers that made those of
    them that are in no folder below that is told too, the one with the most bytes first; empty
    where it is not known.
    """

    path: str
    bytes: int
    unattributed_bytes: int
    made_by: tuple[Share, ...]


def folders(
    usage: Usage,
    unattributed: Mapping[Directory, int],
    owned: Container[File],
    origins: Origins,
) -> tuple[Folder, ...]:
    """Return the root and each folder that has enough bytes, in the order of their paths.

    `unattributed` has the bytes of nobody in and below each folder.
    """
    told: dict[Directory, str] = {}  # the nearest folder that is told, itself or above
    rows: dict[str, Directory] = {}
    sizes: dict[str, dict[int, int]] = defaultdict(lambda: defaultdict(int))
    shared: set[File] = set()
    for path, directory in usage.directories:
        where = told.setdefault(directory, path)
        if where == path:
            rows[path] = directory
        deeper = path.count("/") + 2 if path else 1
        for name, node in directory.children.items():
            if type(node) is Directory:
                large = usage.bytes_below(node) >= LEAST_BYTES and deeper <= DEEPEST
                told[node] = join(path, name) if large and where == path else where
            elif type(node) is File and unattributed[directory] and node not in owned:
                if node.names > 1:  # counted where its first name is, as everywhere
                    if node in shared:
                        continue
                    shared.add(node)
                sizes[where][origins.layer(join(path, name), node)] += node.size
    return tuple(
        Folder(
            path=path,
            bytes=usage.bytes_below(rows[path]),
            unattributed_bytes=unattributed[rows[path]],
            made_by=tuple(
                Share(layer, sizes[path][layer])
                for layer in by_bytes(sizes[path])
                if sizes[path][layer]
            ),
        )
        for path in sorted(rows)
    )
