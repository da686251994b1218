"""Where names lead: the folders that are in question, found by path, by name and by import."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

from imgdiag.filesystem import Directory, File, Filesystem, find_directory
from imgdiag.python.imports.candidates import Candidate
from imgdiag.python.imports.names import NAMES
from imgdiag.python.imports.references import Reference


class Places:
    """Finds folders and candidates. `bases` are the environments' folders."""

    def __init__(
        self, filesystem: Filesystem, bases: list[str], candidates: Sequence[Candidate]
    ) -> None:
        self.bases = bases
        self.of_folder = {each.directory: each for each in candidates}
        self._filesystem = filesystem
        self._by_path = {each.path: each for each in candidates}
        self._by_name: dict[str, list[Candidate]] = defaultdict(list)
        for each in candidates:
            self._by_name[each.name].append(each)

    def directory(self, path: str) -> Directory | None:
        """Return the folder at `path`, links followed."""
        return find_directory(self._filesystem.root, path)

    def file(self, path: str) -> File | None:
        """Return the file at `path`, links in its folders followed."""
        parent, _, name = path.rpartition("/")
        directory = self.directory(parent)
        node = directory.children.get(name) if directory else None
        return node if isinstance(node, File) else None

    def owner(self, path: str) -> tuple[Candidate, list[str]] | None:
        """Return the candidate that `path` is or is in, links followed, and the rest of it."""
        parts = path.split("/")
        for at, part in enumerate(parts):
            if part in NAMES:
                here = "/".join(parts[: at + 1])
                candidate = self._by_path.get(here)
                if candidate is None:
                    directory = self.directory(here)
                    candidate = self.of_folder.get(directory) if directory else None
                if candidate is not None:
                    return candidate, parts[at + 1 :]
        return None

    def by_alias(self, parts: list[str]) -> Iterator[Candidate]:
        """Yield candidates of what is not where its name says: an alias, another search path."""
        for above, name in pairwise(parts):
            for candidate in self._by_name.get(name, ()):
                if candidate.path.split("/")[-2] == above:
                    yield candidate

    def is_module(self, parts: list[str], *, attribute: bool) -> bool:
        """Tell whether some environment has this module, or one whose attribute it may be."""
        modules = [parts, parts[:-1]] if attribute else [parts]
        for base in self.bases:
            for *above, last in filter(None, modules):
                folder = self.directory("/".join([base, *above]))
                if folder and any(name.partition(".")[0] == last for name in folder.children):
                    return True
        return False

    def named(self, path: str, reference: Reference) -> Iterator[tuple[Candidate, str]]:
        """Yield the candidates that a string in the file at `path` may mean.

        With each comes how what it names in there begins, "" when it may be anything.

        What stands before the name in the string must stand before it in the candidate's path.
        With nothing before it, the folder is beside the file or above it in its package, or
        beside the packages that the file asks for.
        """
        seen: set[Candidate] = set()
        for parts in _readings(reference.target):
            at = next((at for at, part in enumerate(parts) if part in NAMES), None)
            if at is None:
                continue
            start = parts[at + 1] if at + 1 < len(parts) else ""
            for each in self._named_by(path, parts[: at + 1], reference.names):
                beyond = each not in seen and not path.startswith(f"{each.path}/")
                if beyond and _has(each.directory, start):
                    seen.add(each)
                    yield each, start

    def _named_by(
        self, path: str, parts: list[str], packages: Iterable[str]
    ) -> Iterable[Candidate]:
        name = parts[-1]
        if len(parts) == 1:
            return self._beside(path, name, packages)
        tail = "/" + "/".join(parts)
        found = [
            each
            for each in self._by_name[name]
            if each.path.endswith(tail) or tail.endswith(f"/{each.path}")
        ]
        package = self._package(path)
        return [each for each in found if each.package == package] or found

    def _beside(self, path: str, name: str, packages: Iterable[str]) -> Iterator[Candidate]:
        base = next((each for each in self.bases if path.startswith(f"{each}/")), None)
        folder = path.rpartition("/")[0]
        while base is not None and len(folder) > len(base):
            if candidate := self._by_path.get(f"{folder}/{name}"):
                yield candidate
            folder = folder.rpartition("/")[0]
        for package in packages:
            for each in self.bases:
                where = "/".join([each, *package.split(".")])
                for beside in (where, where.rpartition("/")[0]):
                    if candidate := self._by_path.get(f"{beside}/{name}"):
                        yield candidate

    def _package(self, path: str) -> str:
        for base in self.bases:
            if path.startswith(f"{base}/"):
                return path[len(base) + 1 :].partition("/")[0]
        return ""


def _readings(text: str) -> list[list[str]]:
    """Return the parts of a text as a path, and as a path and dotted names."""
    slashed = [part for part in re.split(r"[/\\]+", text) if part not in ("", ".", "..")]
    dotted = [part for part in re.split(r"[./\\]+", text) if part]
    return [slashed] if slashed == dotted else [slashed, dotted]


def _has(directory: Directory, start: str) -> bool:
    """Tell whether a folder has something that begins so; a name may be put together later."""
    return not start or any(name.startswith(start) for name in directory.children)
