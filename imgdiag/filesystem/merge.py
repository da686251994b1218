"""The overlay merge: what the container sees, and which shipped bytes nobody sees and why.

Rules: OCI image-spec 1.1, layer.md, "Applying Changesets". A layer's whiteouts act on the layers
below it, wherever they stand in its tar; its entries come after. A file's bytes belong to its
inode: a hard link is one more name, and content is hidden when its last name goes.

A layer is unpacked for itself and laid over those below, as engines on overlayfs do (Linux,
Documentation/filesystems/overlayfs.rst): the folders that its paths name hide whatever else stands
there in lower layers, symbolic links too. Only links of the layer's own are followed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from imgdiag.filesystem.filesystem import Cause, Filesystem, Hidden, LayerSizes
from imgdiag.filesystem.links import find_directory, follow
from imgdiag.filesystem.tree import (
    Directory,
    File,
    Node,
    Special,
    Symlink,
    join,
    walk_directories,
)
from imgdiag.layers.walk import Entry, Kind, Layer, Whiteout, split
from imgdiag.limits import DEFAULT, Limits
from imgdiag.warnings import Warnings

# Kept by name here, as each look into an enumeration takes as long as making a tuple.
_FILE, _DIRECTORY, _HARD_LINK, _SYMLINK = Kind.FILE, Kind.DIRECTORY, Kind.HARD_LINK, Kind.SYMLINK


def merge(
    layers: Sequence[Layer | None],
    touching: frozenset[int] = frozenset(),
    limits: Limits = DEFAULT,
) -> Filesystem:
    """Apply `layers`, oldest first, and account for every byte.

    A layer that is None could not be read and changes nothing. `touching` holds the layers whose
    command sets times: there, a file stored again with only its time changed counts as
    metadata-only. Raises CorruptImage for what no engine can unpack, and TooLarge for more
    entries, or folders made for them, than `limits` allow.
    """
    # A manifest may name one layer five hundred times, which is read once and applied each time.
    entries = sum(len(layer.entries) + len(layer.whiteouts) for layer in layers if layer)
    if entries > limits.entries:
        raise limits.refusal("entries", f"{entries:,} entries")
    merger = _Merger(touching, limits, entries)
    for index, layer in enumerate(layers):
        merger.apply(index, layer)
    return merger.result()


class _Merger:
    """The state of the merge: the tree so far, and what has been hidden."""

    def __init__(self, touching: frozenset[int], limits: Limits, entries: int) -> None:
        self.limits = limits
        self.left = limits.entries - entries  # for folders that no entry made
        self.root = Directory(0)
        self.hidden: list[Hidden] = []
        self.sizes: list[int] = []
        self.counts: list[int] = []
        self.symlink_bytes = 0
        self.warnings = Warnings()
        self.touching = touching
        self.index = 0
        self.folders = {"": self.root}  # by their paths, those not found by links
        self.layer: Layer | None = None  # while its whiteouts apply
        self.own: dict[str, Entry] | None = None  # its folders and links by their paths, if asked
        self.moved = False  # a folder or link was replaced: a path may now lead elsewhere

    def result(self) -> Filesystem:
        wasted = [0] * len(self.sizes)
        for hidden in self.hidden:
            wasted[hidden.file.layer] += hidden.file.size
        return Filesystem(
            root=self.root,
            hidden=tuple(self.hidden),
            layers=tuple(
                LayerSizes(
                    layer_bytes=size,
                    visible_bytes=size - waste,
                    wasted_bytes=waste,
                    files=files,
                )
                for size, waste, files in zip(self.sizes, wasted, self.counts, strict=True)
            ),
            symlink_bytes=self.symlink_bytes,
            warnings=self.warnings.messages(),
        )

    def apply(self, index: int, layer: Layer | None) -> None:
        self.index = index
        size = files = 0
        if layer is not None:
            self.layer, self.own = layer, None
            for whiteout in layer.whiteouts:
                self._apply_whiteout(whiteout)
            self.layer = None
            path = None
            directory = self.root
            for entry in layer.entries:
                # Entries come folder by folder, so most stand beside the one before.
                if entry.parent != path or self.moved:
                    path = entry.parent
                    directory = self._folder(path)
                kind = entry.kind
                if kind is _FILE:
                    self._place(directory, entry, File(entry, index))
                    size += entry.size
                    files += 1
                elif kind is _DIRECTORY:
                    self._place_directory(directory, entry)
                elif kind is _HARD_LINK:
                    self._place_hard_link(directory, entry)
                elif kind is _SYMLINK:
                    self.symlink_bytes += len(entry.target.encode("utf-8", "surrogateescape"))
                    self._place(directory, entry, Symlink(entry.target, index))
                else:
                    self._place(directory, entry, Special(index))
        self.sizes.append(size)
        self.counts.append(files)

    def _apply_whiteout(self, whiteout: Whiteout) -> None:
        directory = self._folder(whiteout.parent)
        if whiteout.name is None:
            if directory is self.root:
                if self.index:
                    self.warnings.add("an opaque mark on the root is ignored, as engines do")
                return
            children, directory.children = directory.children, {}
            for name, node in children.items():
                self._take_away(join(whiteout.parent, name), node)
        elif whiteout.name in directory.children:
            node = directory.children.pop(whiteout.name)
            self._take_away(join(whiteout.parent, whiteout.name), node)

    def _take_away(self, path: str, node: Node) -> None:
        self.moved = self.moved or isinstance(node, Directory)
        self._hide(path, node, Cause.DELETED)

    def _folder(self, path: str) -> Directory:
        """Return the folder at `path`, what is missing of it made."""
        if self.moved:
            self.moved = False
            self.folders = {"": self.root}
        if path in self.folders:
            return self.folders[path]
        parent, _, name = path.rpartition("/")
        above = self.folders.get(parent)
        found = above.children.get(name) if above else None
        followed = False
        if not isinstance(found, Directory):
            found, followed = self._make_folder(path)
        if followed:
            self.warnings.add(
                f"entries under a symbolic link of the same layer go where it leads: {path!r}"
            )
        else:
            self.folders[path] = found
        return found

    def _make_folder(self, path: str) -> tuple[Directory, bool]:
        """Return the folder at `path`, and whether a link of this layer was followed to it.

        What is missing is made, also where a link leads, and also in the place of what lower
        layers have there.
        """
        # Nothing is missing and all are folders: what is neither folder nor link is made one.
        where, folder = cast(tuple[str, Directory], follow(self.root, path, self._step))
        return folder, where != path

    def _step(self, above: Directory, names: list[str]) -> Directory | Symlink:
        """Return the folder, made if need be, or the layer's own link at `names`."""
        child = above.children.get(names[-1])
        if isinstance(child, Directory):
            return child
        if isinstance(child, Symlink):
            # Whiteouts come before the layer's entries, and find the links that these will make.
            if child.layer == self.index:
                return child
            own = self._to_come("/".join(names))
            if own and own.kind is _SYMLINK:
                return Symlink(own.target, self.index)
        return self._new_folder(above, names, child)

    def _to_come(self, path: str) -> Entry | None:
        """Return the folder or link that this layer has at `path`, while its whiteouts apply."""
        if self.layer is None:
            return None
        if self.own is None:
            self.own = {
                join(entry.parent, entry.name): entry
                for entry in self.layer.entries
                if entry.kind is _DIRECTORY or entry.kind is _SYMLINK
            }
        return self.own.get(path)

    def _new_folder(self, above: Directory, names: list[str], before: Node | None) -> Directory:
        """Make the folder that `names` lead to, in the place of `before`."""
        path = "/".join(names)
        self.left -= 1
        if self.left < 0:
            raise self.limits.refusal("entries", f"more entries and folders: {path[:200]!r}")
        made = above.children[names[-1]] = Directory(self.index)
        if before is not None:
            if not self._to_come(path):
                link = f" → {before.target!r}" if isinstance(before, Symlink) else ""
                self.warnings.add(
                    f"entries below what is no folder make it one: {path!r}{link}, "
                    f"by layer {self.index}"
                )
            self._replace(path, before, made)
        return made

    def _place(self, directory: Directory, entry: Entry, node: Node) -> None:
        """Put `node` at the entry's name and hide what stood there."""
        before = directory.children.get(entry.name)
        directory.children[entry.name] = node
        if before is not None:
            self._replace(join(entry.parent, entry.name), before, node)

    def _place_directory(self, directory: Directory, entry: Entry) -> None:
        here = directory.children.get(entry.name) if entry.name else self.root
        if isinstance(here, Directory):
            here.attributes = entry.attributes
        else:
            self._place(directory, entry, Directory(self.index, entry.attributes))

    def _place_hard_link(self, directory: Directory, entry: Entry) -> None:
        parent, name = split(entry.target)
        folder = find_directory(self.root, parent)
        target = folder.children.get(name) if folder else None
        path = join(entry.parent, entry.name)
        if target is None or isinstance(target, Directory):
            self.warnings.add(f"a hard link to nothing is left out: {path!r} → {entry.target!r}")
        elif target is not directory.children.get(entry.name):
            if isinstance(target, File):
                target.names += 1
            self._place(directory, entry, target)

    def _replace(self, path: str, before: Node, after: Node) -> None:
        """Hide `before`, in whose place `after` stands now."""
        if isinstance(before, File) and isinstance(after, File):
            self._hide(path, before, self._cause(before, after))
            if before.layer == self.index and after.layer == self.index:
                self.warnings.add(f"the same path twice in one layer: {path!r}")
        else:
            self.moved = self.moved or isinstance(before, Directory | Symlink)
            self._hide(path, before, Cause.REPLACED)

    def _cause(self, before: File, after: File) -> Cause:
        """Tell a rewrite from a change of metadata, by what chown, chmod and touch leave alone.

        They store the whole file again. chown and chmod leave size and time as they were; touch
        leaves the size, which is no proof, so the layer's command must set times too.
        """
        if before.size != after.size or before.layer == after.layer:
            return Cause.OVERWRITTEN
        if before.mtime == after.mtime or self.index in self.touching:
            return Cause.METADATA_ONLY
        return Cause.OVERWRITTEN

    def _hide(self, path: str, node: Node, cause: Cause) -> None:
        """Account for `node` and all below it having lost this name."""
        if isinstance(node, File):
            node.names -= 1
            if not node.names:
                self.hidden.append(Hidden(path, node, cause, self.index))
        elif isinstance(node, Directory):
            for folder, directory in walk_directories(path, node):
                for name, child in directory.children.items():
                    if isinstance(child, File):
                        self._hide(join(folder, name), child, cause)
