"""What budgets and waivers ask of an image's files: the bytes at a path, and whose a path is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from imgdiag.facts.facts import Facts
from imgdiag.filesystem import Directory, File, Node, join, resolve
from imgdiag.gate.globs import exactly, is_glob
from imgdiag.python.distributions import Distribution
from imgdiag.scanner.usage import UsageRow
from imgdiag.system.package import SystemPackage


@dataclass(frozen=True, slots=True)
class PathUsage:
    """What the container sees at the paths of a pattern, each inode once.

    `rows` tell what has the bytes, the largest first: the paths that match, or the children of
    the folder when one does. They add up to `bytes`.
    """

    bytes: int
    matches: int
    rows: tuple[UsageRow, ...]


class Files:
    """The merged image's files, looked at when someone asks."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts

    def at(self, pattern: str) -> PathUsage:
        """Measure what stands at `pattern` and below. Links on the way are followed.

        Raises ValueError when it is no pattern.
        """
        found = list(self._matching(pattern))
        counted = found
        if len(found) == 1:
            [(path, node)] = found
            if isinstance(node, Directory):
                counted = [(join(path, name), child) for name, child in node.children.items()]
        seen: set[File] = set()
        rows = [UsageRow(path, _new_bytes(node, seen)) for path, node in counted]
        rows.sort(key=lambda row: (-row.bytes, row.path))
        return PathUsage(sum(row.bytes for row in rows), len(found), tuple(rows))

    @cached_property
    def owners(self) -> Mapping[str, str]:
        """The package that owns each path, by the path."""
        packages: tuple[Distribution | SystemPackage, ...]
        packages = (*self._facts.distributions, *self._facts.system_packages)
        return {path: package.name for package in packages for path in package.files}

    def _matching(self, pattern: str) -> Iterator[tuple[str, Node]]:
        """Yield files and folders that match, with their real paths; none lies in another."""
        parts = pattern.strip("/").split("/")
        plain = next((at for at, part in enumerate(parts) if is_glob(part)), len(parts))
        start = resolve(self._facts.filesystem.root, "/".join(parts[:plain]))
        if start is None:
            return
        top, node = start
        if plain == len(parts):
            yield top, node
            return
        matches = exactly("/".join(parts[plain:])).match
        waiting: list[tuple[str, str, Node]] = [("", top, node)]
        while waiting:
            below, path, node = waiting.pop()
            if not isinstance(node, Directory):
                continue
            for name, child in node.children.items():
                here = join(below, name)
                if matches(here):
                    yield join(path, name), child
                else:
                    waiting.append((here, join(path, name), child))


def _new_bytes(node: Node, seen: set[File]) -> int:
    """Return the bytes of the inodes at and below `node` that have not been seen, and see them."""
    size = 0
    waiting = [node]
    while waiting:
        node = waiting.pop()
        if isinstance(node, Directory):
            waiting += node.children.values()
        elif isinstance(node, File) and node not in seen:
            seen.add(node)
            size += node.size
    return size
