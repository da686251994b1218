"""The overlay merge against a model of it that shares nothing with imgdiag."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st

from imgdiag.filesystem import (
    Directory,
    File,
    Symlink,
)
from tests.builder import (
    Entry,
    device,
    file,
    folder,
    hard_link,
    merged,
    opaque,
    symlink,
    whiteout,
)

Path = tuple[str, ...]


@dataclass
class Model:
    """A merged image as a flat table from paths to what is there: its kind and its inode."""

    table: dict[Path, tuple[str, int]] = field(default_factory=dict)
    made: dict[int, tuple[int, int]] = field(default_factory=dict)  # inode: layer and size
    numbers: itertools.count[int] = field(default_factory=itertools.count)

    links: set[int] = field(default_factory=set)  # inodes of this layer's links: all to /nowhere

    def apply(self, index: int, layer: Sequence[Entry]) -> None:
        self.links = set()
        last = {
            tuple(entry.path.rstrip("/").split("/")): entry.kind
            for entry in layer
            if entry.kind in (b"2", b"5")
        }
        coming = {path for path, kind in last.items() if kind == b"2"}
        for entry in layer:
            *parent, name = entry.path.rstrip("/").split("/")
            if name.startswith(".wh."):
                folder = self.folder(tuple(parent), coming)
                if name == ".wh..wh..opq":
                    self.remove_below(folder)
                else:
                    self.remove((*folder, name.removeprefix(".wh.")))
        for entry in layer:
            path = tuple(entry.path.rstrip("/").split("/"))
            if not path[-1].startswith(".wh."):
                self.add(index, (*self.folder(path[:-1]), path[-1]), entry)

    def add(self, index: int, path: Path, entry: Entry) -> None:
        if entry.kind == b"5":
            self.make_folder(path)
            return
        if entry.kind == b"1":
            node = self.table.get(self.target(tuple(entry.target.split("/"))), ("folder", -1))
            if node[0] == "folder":
                return
        else:
            node = ({b"0": "file", b"2": "link", b"3": "device"}[entry.kind], next(self.numbers))
            if node[0] == "link":
                self.links.add(node[1])
            if node[0] == "file":
                self.made[node[1]] = (index, len(entry.content))
        self.remove(path)
        self.table[path] = node

    def folder(self, path: Path, coming: Collection[Path] = ()) -> Path:
        """Return the folder that `path` leads to by links of the layer, made when it is missing."""
        here: Path = ()
        for part in path:
            here = (*here, part)
            kind, inode = self.table.get(here, ("", 0))
            if kind == "link" and (inode in self.links or here in coming):
                here = ("nowhere",)
            self.make_folder(here)
        return here

    def target(self, path: Path) -> Path:
        """Return where a hard link's target stands, every link above it followed."""
        above: Path = ()
        for part in path[:-1]:
            above = (*above, part)
            if self.table.get(above, ("", 0))[0] == "link":
                above = ("nowhere",)
        return (*above, path[-1])

    def make_folder(self, path: Path) -> None:
        if self.table.get(path, ("", 0))[0] != "folder":
            self.remove(path)
            self.table[path] = ("folder", next(self.numbers))

    def remove(self, path: Path) -> None:
        self.remove_below(path)
        self.table.pop(path, None)

    def remove_below(self, path: Path) -> None:
        for other in list(self.table):
            if len(other) > len(path) and other[: len(path)] == path:
                del self.table[other]

    def sizes(self, layers: int) -> list[tuple[int, int]]:
        """Return each layer's bytes and how many of them are seen."""
        seen = {inode for _, inode in self.table.values()}
        result = []
        for layer in range(layers):
            inodes = [(inode, size) for inode, (made, size) in self.made.items() if made == layer]
            shown = sum(size for inode, size in inodes if inode in seen)
            result.append((sum(size for _, size in inodes), shown))
        return result


paths = st.lists(st.sampled_from("abc"), min_size=1, max_size=3).map("/".join)
entries = st.one_of(
    st.builds(file, paths, st.integers(0, 40), mtime=st.integers(0, 1)),
    st.builds(file, paths, st.integers(0, 40)),
    st.builds(folder, paths),
    st.builds(symlink, paths, st.just("/nowhere")),
    st.builds(hard_link, paths, paths),
    st.builds(hard_link, paths, paths),
    st.builds(device, paths),
    st.builds(whiteout, paths),
    st.builds(opaque, paths),
)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.lists(entries, max_size=8), min_size=1, max_size=5))
def test_any_layers_merge_as_in_the_model(layers: list[list[Entry]]) -> None:
    model = Model()
    for index, layer in enumerate(layers):
        model.apply(index, layer)
    filesystem = merged(*layers)

    kinds: dict[Path, str] = {}
    names: dict[int, set[Path]] = defaultdict(set)
    for where, directory in filesystem.directories():
        for name, node in directory.children.items():
            path = (*where.split("/"), name) if where else (name,)
            kinds[path] = {Directory: "folder", File: "file", Symlink: "link"}.get(
                type(node), "device"
            )
            names[id(node)].add(path)
    assert kinds == {path: kind for path, (kind, _) in model.table.items()}
    by_inode: dict[int, set[Path]] = defaultdict(set)
    for path, (_, inode) in model.table.items():
        by_inode[inode].add(path)
    assert {frozenset(each) for each in names.values()} == {
        frozenset(each) for each in by_inode.values()
    }

    assert [(each.layer_bytes, each.visible_bytes) for each in filesystem.layers] == model.sizes(
        len(layers)
    )
    for each in filesystem.layers:
        assert each.layer_bytes == each.visible_bytes + each.wasted_bytes
    assert sum(each.file.size for each in filesystem.hidden) == filesystem.wasted_bytes
    assert len({each.file for each in filesystem.hidden}) == len(filesystem.hidden)
    counted: dict[File, int] = defaultdict(int)
    for _, found in filesystem.files():
        counted[found] += 1
    assert all(found.names == count for found, count in counted.items())
