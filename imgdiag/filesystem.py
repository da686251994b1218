"""The overlay merge: what the container sees, and which shipped bytes nobody sees and why.

Rules: OCI image-spec 1.1, layer.md, "Applying Changesets". A layer's whiteouts act on the layers
below it, wherever they stand in its tar; its entries come after. A file's bytes belong to its
inode: a hard link is one more name, and content is hidden when its last name goes.

A layer is unpacked for itself and laid over those below, as engines on overlayfs do (Linux,
Documentation/filesystems/overlayfs.rst): the folders that its paths name hide whatever else stands
there in lower layers, symbolic links too. Only links of the layer's own are followed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from imgdiag.errors import CorruptImage
from imgdiag.layers.tar import Attributes
from imgdiag.layers.walk import Entry, Kind, Layer, Whiteout, split
from imgdiag.limits import DEFAULT, Limits
from imgdiag.warnings import Warnings

MAX_SYMLINKS = 40  # as in Linux (include/linux/namei.h, MAXSYMLINKS)
MAX_DETOUR = 1_024  # parts of a path that links add; a long way at each entry takes hours


class Cause(StrEnum):
    """Why a file of a layer is not seen any more."""

    DELETED = "deleted"
    OVERWRITTEN = "overwritten"
    METADATA_ONLY = "metadata-only"  # stored again with another owner, mode or time
    REPLACED = "replaced"  # something that is not a file took its name or its folder's


class File:
    """An inode: compared by identity, however many names it has. `size` is in bytes."""

    __slots__ = ("attributes", "content", "layer", "mtime", "names", "size")

    def __init__(self, entry: Entry, layer: int) -> None:
        self.size = entry.size
        self.layer = layer
        self.attributes: Attributes = entry.attributes
        self.mtime = entry.mtime
        self.content = entry.content
        self.names = 1


@dataclass(slots=True, eq=False)
class Symlink:
    """A symbolic link, never followed but to find an entry's folder."""

    target: str
    layer: int


@dataclass(slots=True, eq=False)
class Special:
    """A device, FIFO or socket: no content, never read."""

    layer: int


class Directory:
    """A folder and its children by name, in the order they came."""

    __slots__ = ("attributes", "children", "layer")

    def __init__(self, layer: int, attributes: Attributes = (0o755, 0, 0)) -> None:
        self.children: dict[str, Node] = {}
        self.layer = layer
        self.attributes = attributes


Node = Directory | File | Symlink | Special


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
        parent, name = split(path)
        directory = find_directory(self.root, parent)
        if directory is None or not name:
            return directory
        return directory.children.get(name)


def join(parent: str, name: str) -> str:
    """Join a folder's path and a name; the root's path is empty."""
    return f"{parent}/{name}" if parent else name


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


def walk_directories(path: str, directory: Directory) -> Iterator[tuple[str, Directory]]:
    """Yield `directory` and all below it, parents first; iterative, as paths may be deep."""
    stack = [(path, directory)]
    while stack:
        path, directory = stack.pop()
        yield path, directory
        stack += [
            (join(path, name), child)
            for name, child in directory.children.items()
            if type(child) is Directory
        ]


def find_directory(root: Directory, path: str) -> Directory | None:
    """Return the folder at `path`, following symlinks inside the image, or None.

    Raises CorruptImage when they lead in a circle, or a way that no honest image takes.
    """
    trail = [root]
    detour = _Detour(path)
    parts = path.split("/")[::-1] if path else []
    while parts:
        part = parts.pop()
        if part in ("", "."):
            continue
        if part == "..":
            if len(trail) > 1:
                trail.pop()
            continue
        child = trail[-1].children.get(part)
        if isinstance(child, Directory):
            trail.append(child)
        elif isinstance(child, Symlink):
            if child.target.startswith("/"):
                trail = [root]
            parts += detour.by(child.target)
        else:
            return None
    return trail[-1]


class _Detour:
    """How far links have led from a path, which is bounded."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.links = self.parts = 0

    def by(self, target: str) -> list[str]:
        """Return the parts of a link's target, the first one last."""
        self.links += 1
        if self.links > MAX_SYMLINKS:
            raise CorruptImage(f"symbolic links in a circle: {self.path!r}")
        more = target.split("/")[::-1]
        self.parts += len(more)
        if self.parts > MAX_DETOUR:
            raise CorruptImage(f"symbolic links take a way of over {MAX_DETOUR:,}: {self.path!r}")
        return more


def resolve(root: Directory, path: str) -> tuple[str, Node] | None:
    """Return where `path` really leads, every symbolic link followed, and what stands there.

    None when nothing does, or when the links lead in a circle.
    """
    names: list[str] = []
    trail: list[Node] = [root]
    detour = _Detour(path)
    parts = path.split("/")[::-1]
    while parts:
        part = parts.pop()
        if part in ("", "."):
            continue
        if part == "..":
            if names:
                names.pop()
                trail.pop()
            continue
        here = trail[-1]
        child = here.children.get(part) if isinstance(here, Directory) else None
        if isinstance(child, Symlink):
            if child.target.startswith("/"):
                names, trail = [], [root]
            try:
                parts += detour.by(child.target)
            except CorruptImage:
                return None
        elif child is None:
            return None
        else:
            names.append(part)
            trail.append(child)
    return "/".join(names), trail[-1]


# Kept by name here, as each look into an enumeration takes as long as making a tuple.
_FILE, _DIRECTORY, _HARD_LINK, _SYMLINK = Kind.FILE, Kind.DIRECTORY, Kind.HARD_LINK, Kind.SYMLINK


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
        self.folders: dict[str, Directory] = {}  # of this layer, those not found by links
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
            self.moved = True  # by the layers before
            for whiteout in layer.whiteouts:
                self._apply_whiteout(whiteout)
            self.layer = None
            path = None
            directory = self.root
            self.moved = True  # by whiteouts
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
        trail, names = [self.root], list[str]()
        detour = _Detour(path)
        parts = path.split("/")[::-1]
        while parts:
            part = parts.pop()
            if part in ("", "."):
                continue
            if part == "..":
                if names:
                    trail.pop()
                    names.pop()
                continue
            child = trail[-1].children.get(part)
            names.append(part)
            if isinstance(child, Directory):
                trail.append(child)
                continue
            target = self._target(child, names) if isinstance(child, Symlink) else None
            if target is None:
                trail.append(self._new_folder(trail[-1], names, child))
                continue
            if target.startswith("/"):
                trail, names = [self.root], []
            else:
                names.pop()
            parts += detour.by(target)
        return trail[-1], detour.links > 0

    def _target(self, link: Symlink, names: list[str]) -> str | None:
        """Return where this layer's link at `names` leads, None when `link` is a lower layer's."""
        if link.layer == self.index:
            return link.target
        own = self._to_come("/".join(names))
        return own.target if own and own.kind is _SYMLINK else None

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
        if not entry.name:
            raise CorruptImage("an entry that is no folder stands for the root of the image")
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
