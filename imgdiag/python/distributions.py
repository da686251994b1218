"""The installed distributions and the files each owns.

Sources: the PyPA specifications "Recording installed projects" (RECORD, INSTALLER) and "Core
metadata"; setuptools' documentation for egg-info.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.parser import HeaderParser

from packaging.utils import canonicalize_name

from imgdiag.errors import CorruptImage
from imgdiag.filesystem import Directory, File, Filesystem, Node, find_directory, join
from imgdiag.layers.walk import split
from imgdiag.python.environments import Environment


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Distribution:
    """One installed distribution. `name` is normalised (PEP 503); `bytes` is what it owns.

    `files` are the inodes it owns by the paths it names them by; an inode that two distributions
    name belongs to the first. `evidence` says how they are known: record, installed-files,
    top-level or metadata (nothing but the metadata folder itself).
    """

    name: str
    version: str
    environment: Environment
    metadata_path: str
    installer: str
    requirements: tuple[str, ...]
    evidence: str
    files: dict[str, File]
    bytes: int
    missing: int  # files that are named and not there


def find_distributions(
    filesystem: Filesystem, environments: tuple[Environment, ...]
) -> tuple[Distribution, ...]:
    """Return the distributions of all environments, those with the most bytes first."""
    owners: dict[File, str] = {}
    found = []
    for environment in environments:
        directory = filesystem.find(environment.path)
        if isinstance(directory, Directory):
            reader = _EnvironmentReader(filesystem, environment, directory, owners)
            found += reader.distributions()
    return tuple(sorted(found, key=lambda each: (-each.bytes, each.name, each.environment.path)))


@dataclass(slots=True)
class _Metadata:
    """A distribution's metadata as it lies on disk, before files are attributed."""

    path: str
    folder: Directory | None  # None for a single-file egg-info
    name: str
    version: str
    requirements: tuple[str, ...]


class _EnvironmentReader:
    """Reads one environment's metadata and hands out its files to their owners."""

    def __init__(
        self,
        filesystem: Filesystem,
        environment: Environment,
        directory: Directory,
        owners: dict[File, str],
    ) -> None:
        self._filesystem = filesystem
        self._environment = environment
        self._directory = directory
        self._owners = owners
        self._folders: dict[str, Directory | None] = {}

    def distributions(self) -> list[Distribution]:
        metadata = sorted(self._metadata(), key=lambda each: each.path)
        claims: list[dict[str, File]] = []
        evidence: list[str] = []
        missing: list[int] = []
        # What is named file by file first; what is only guessed by folder takes the rest.
        for each in metadata:
            named = self._named_files(each)
            kind, paths = named if named else ("", [])
            files = {path: file for path in paths if (file := self._claim(path, each)) is not None}
            claims.append(files)
            evidence.append(kind)
            missing.append(sum(self._file(path) is None for path in paths))
        for index, each in enumerate(metadata):
            if not evidence[index]:
                evidence[index], claims[index] = self._by_folder(each)
        self._take_byte_code(metadata, claims)
        return [
            Distribution(
                name=each.name,
                version=each.version,
                environment=self._environment,
                metadata_path=each.path,
                installer=self._installer(each),
                requirements=each.requirements,
                evidence=kind,
                files=files,
                bytes=sum(file.size for file in set(files.values())),
                missing=gone,
            )
            for each, files, kind, gone in zip(metadata, claims, evidence, missing, strict=True)
        ]

    # Metadata

    def _metadata(self) -> Iterator[_Metadata]:
        for name, node in self._directory.children.items():
            if not name.endswith((".dist-info", ".egg-info")):
                continue
            path = join(self._environment.path, name)
            folder = node if isinstance(node, Directory) else None
            text = _text(
                node if folder is None else _child(folder, "METADATA") or _child(folder, "PKG-INFO")
            )
            # Headers end at the first blank line; what follows may be a long description.
            headers = HeaderParser().parsestr(re.split(r"\r?\n\r?\n", text, maxsplit=1)[0])
            stem_name, _, stem_version = name.rpartition(".")[0].partition("-")
            # A single-file egg-info may be a leftover of another name: its headers decide.
            if folder is None and not isinstance(node, File):
                continue
            requirements = [str(value) for value in headers.get_all("Requires-Dist", [])]
            if folder is not None and not requirements:
                requirements = list(_egg_requirements(_text(_child(folder, "requires.txt"))))
            yield _Metadata(
                path=path,
                folder=folder,
                name=canonicalize_name(_one_line(headers.get("Name") or stem_name)),
                version=_one_line(headers.get("Version") or stem_version.partition("-")[0]),
                requirements=tuple(requirements),
            )

    def _installer(self, metadata: _Metadata) -> str:
        text = _text(metadata.folder and _child(metadata.folder, "INSTALLER"))
        return text.strip().partition("\n")[0].lower()[:40]

    # Files

    def _named_files(self, metadata: _Metadata) -> tuple[str, list[str]] | None:
        """Return how the files are known and their paths in the image, None when they are not."""
        if metadata.folder is None:
            return None
        record = _text(_child(metadata.folder, "RECORD"))
        if record:
            return "record", [self._absolute(path) for path in _record_paths(record)]
        installed = _text(_child(metadata.folder, "installed-files.txt"))
        if installed:
            return "installed-files", [
                self._absolute(path, metadata.path) for path in installed.splitlines() if path
            ]
        return None

    def _absolute(self, path: str, base: str | None = None) -> str:
        if not path.startswith("/"):
            path = f"{base or self._environment.path}/{path}"
        try:
            return join(*split(path))
        except CorruptImage:  # deeper than any path can be: no file stands there
            return ""

    def _file(self, path: str) -> File | None:
        parent, _, name = path.rpartition("/")
        if parent not in self._folders:
            try:
                self._folders[parent] = find_directory(self._filesystem.root, parent)
            except CorruptImage:  # a circle of symbolic links: no file stands there
                self._folders[parent] = None
        folder = self._folders[parent]
        node = folder.children.get(name) if folder is not None else None
        return node if isinstance(node, File) else None

    def _claim(self, path: str, metadata: _Metadata) -> File | None:
        """Return the file at `path` when `metadata` is the first to name its inode."""
        file = self._file(path)
        if file is None or self._owners.setdefault(file, metadata.path) != metadata.path:
            return None
        return file

    def _by_folder(self, metadata: _Metadata) -> tuple[str, dict[str, File]]:
        """Attribute the top-level folders, for metadata that names no files."""
        folder = metadata.folder
        text = _text(folder and _child(folder, "top_level.txt"))
        names = [line.strip() for line in text.splitlines()]
        names = [name for name in names if name.strip(".") and "/" not in name]
        names = names or [metadata.name.replace("-", "_")]
        files: dict[str, File] = {}
        for name in names:
            for path in (name, f"{name}.py", f"{name.replace('_', '.')}"):
                self._take_tree(join(self._environment.path, path), metadata, files)
        evidence = "top-level" if files else "metadata"
        self._take_tree(metadata.path, metadata, files)
        return evidence, files

    def _take_tree(self, path: str, metadata: _Metadata, files: dict[str, File]) -> None:
        node = self._filesystem.find(path)
        stack: list[tuple[str, Node | None]] = [(path, node)]
        while stack:
            where, node = stack.pop()
            if isinstance(node, Directory):
                stack += [(join(where, name), child) for name, child in node.children.items()]
            elif isinstance(node, File) and self._claim(where, metadata):
                files[where] = node

    def _take_byte_code(self, metadata: list[_Metadata], claims: list[dict[str, File]]) -> None:
        """Give byte-code that was compiled after the install to its source's owner.

        Without its source it goes to the owner of its folder's `__init__.py`, or of any file
        there when they all have one owner.
        """
        index_of = {each.path: index for index, each in enumerate(metadata)}
        by_folder: dict[str, set[int]] = {}
        for index, files in enumerate(claims):
            for path in files:
                by_folder.setdefault(path.rpartition("/")[0], set()).add(index)
        for folder in list(by_folder):
            directory = self._folders.get(folder)
            cache = directory.children.get("__pycache__") if directory else None
            if not isinstance(cache, Directory) or directory is None:
                continue
            for name, node in cache.children.items():
                if not isinstance(node, File) or node in self._owners:
                    continue
                source = directory.children.get(f"{name.partition('.')[0]}.py")
                owner = self._owners.get(source) if isinstance(source, File) else None
                if owner is None and len(by_folder[folder]) == 1:
                    owner = metadata[next(iter(by_folder[folder]))].path
                if owner in index_of:
                    self._owners[node] = owner
                    claims[index_of[owner]][f"{folder}/__pycache__/{name}"] = node


def _record_paths(record: str) -> Iterator[str]:
    """Yield the paths of a RECORD: CSV, but quoted so rarely that a cut at the commas does."""
    for line in record.splitlines():
        if line.startswith('"'):
            try:
                yield from next(csv.reader(io.StringIO(line)), [])[:1]
            except csv.Error:  # a field longer than any path can be
                continue
        elif line:
            yield line.rsplit(",", 2)[0]


def _egg_requirements(text: str) -> Iterator[str]:
    """Yield requires.txt's lines as requirements; a section is an extra, a marker or both."""
    marker = ""
    for line in text.splitlines():
        line = line.strip()
        if line.startswith("[") and line.endswith("]"):
            extra, _, condition = line[1:-1].partition(":")
            parts = [f'extra == "{extra}"'] if extra else []
            marker = " and ".join([*parts, f"({condition})"] if condition else parts)
        elif line:
            yield f"{line} ; {marker}" if marker else line


def _one_line(value: object) -> str:
    """Return a header's value without the line breaks that a folded one has."""
    return " ".join(str(value).split())


def _child(directory: Directory, name: str) -> File | None:
    node = directory.children.get(name)
    return node if isinstance(node, File) else None


def _text(node: Node | None) -> str:
    content = node.content if isinstance(node, File) else None
    return (content or b"").decode("utf-8", "replace")
