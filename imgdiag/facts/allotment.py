"""Whose each file of the merged image is."""

from __future__ import annotations

from collections.abc import Iterable

from imgdiag.errors import CorruptImage
from imgdiag.filesystem import (
    Directory,
    File,
    Filesystem,
    Node,
    find_directory,
    join,
)
from imgdiag.layers.walk import split
from imgdiag.scanner.usage import Usage

_CACHE = "__pycache__"


class Owner:
    """Someone whom files belong to: compared by identity.

    `files` are its inodes by the paths it names them by; `missing` the paths it names at which
    nothing stands.
    """

    __slots__ = ("files", "missing")

    def __init__(self) -> None:
        self.files: dict[str, File] = {}
        self.missing: list[str] = []

    @property
    def bytes(self) -> int:
        """Return what it owns, each inode once."""
        return sum(file.size for file in set(self.files.values()))


class Allotment:
    """Hands out files: the first owner to name an inode has it, all its names together."""

    def __init__(self, filesystem: Filesystem, usage: Usage) -> None:
        self._root = filesystem.root
        self._real: dict[str, Directory] = dict(usage.directories)
        self._folders: dict[str, Directory | None] = {}  # those that were asked for
        self.owner_of: dict[File, Owner] = {}

    def file(self, path: str) -> File | None:
        """Return the file at `path`, links in its folders followed."""
        parent, _, name = path.rpartition("/")
        folder = self._folder(parent)
        node = folder.children.get(name) if folder is not None else None
        return node if isinstance(node, File) else None

    def claim(self, owner: Owner, base: str, paths: Iterable[str]) -> None:
        """Give `owner` what stands at `paths`, relative to `base` or absolute, and is nobody's."""
        owner_of, files = self.owner_of, owner.files
        # Paths come folder by folder: each is looked up once.
        folders: dict[str, tuple[str, dict[str, Node]]] = {}
        for path in paths:
            folder, slash, name = path.rpartition("/")
            folder = folder or slash  # the root, or the base itself
            place = folders.get(folder)
            if place is None:
                place = folders[folder] = self._place(base, folder)
            where, children = place
            node = children.get(name)
            if type(node) is File:
                if owner_of.setdefault(node, owner) is owner:
                    files[f"{where}{name}"] = node
            elif node is None and name not in ("", ".", ".."):
                owner.missing.append(f"{where}{name}")

    def claim_tree(self, owner: Owner, path: str) -> None:
        """Give `owner` what is nobody's at and below `path`, a real path."""
        parent, _, name = path.rpartition("/")
        folder = self._folder(parent)
        top = folder.children.get(name) if folder is not None else None
        stack: list[tuple[str, Node | None]] = [(path, top)]
        while stack:
            where, node = stack.pop()
            if isinstance(node, Directory):
                stack += [(join(where, each), child) for each, child in node.children.items()]
            elif isinstance(node, File) and self.owner_of.setdefault(node, owner) is owner:
                owner.files[where] = node

    def claim_byte_code(self, usage: Usage) -> None:
        """Give byte-code that was compiled after an install to its source's owner.

        Without its source it goes to the one whom all other files of the folder belong to.
        """
        for path, cache in usage.named.get(_CACHE, ()):
            parent = path.rpartition("/")[0]
            folder = self._folder(parent)
            if folder is None:
                continue
            orphans = []
            for name, node in cache.children.items():
                if not isinstance(node, File) or node in self.owner_of:
                    continue
                source = folder.children.get(f"{name.partition('.')[0]}.py")
                if source is None:
                    orphans.append((name, node))
                elif isinstance(source, File) and (owner := self.owner_of.get(source)) is not None:
                    self._give(owner, f"{path}/{name}", node)
            if orphans and (owner := self._only_owner(folder)) is not None:
                for name, node in orphans:
                    if node not in self.owner_of:  # by another name that it has
                        self._give(owner, f"{path}/{name}", node)
        # `compileall -b` and Python 2 put it beside the source.
        known = [(path, folder) for path, folder in self._folders.items() if folder is not None]
        for path, folder in known:
            for name, node in folder.children.items():
                if name.endswith(".pyc") and isinstance(node, File) and node not in self.owner_of:
                    source = folder.children.get(f"{name[:-4]}.py")
                    owner = self.owner_of.get(source) if isinstance(source, File) else None
                    if owner is not None:
                        self._give(owner, join(path, name), node)

    def _give(self, owner: Owner, path: str, file: File) -> None:
        self.owner_of[file] = owner
        owner.files[path] = file

    def _only_owner(self, folder: Directory) -> Owner | None:
        owners = {
            self.owner_of.get(node) for node in folder.children.values() if isinstance(node, File)
        }
        return owners.pop() if len(owners) == 1 else None

    def _place(self, base: str, folder: str) -> tuple[str, dict[str, Node]]:
        """Return a folder's normalised path with a slash after it, and its children."""
        try:
            path = join(*split(folder if folder.startswith("/") else f"{base}/{folder}"))
        except CorruptImage:  # deeper than any path can be: nothing stands there
            return "", {}
        directory = self._folder(path)
        return join(path, ""), directory.children if directory is not None else {}

    def _folder(self, path: str) -> Directory | None:
        if path not in self._folders:
            directory = self._real.get(path)
            if directory is None:
                directory = find_directory(self._root, path)
            self._folders[path] = directory
        return self._folders[path]
