"""The Hugging Face hub's cache: repositories of blobs, and snapshots that link to them.

Source: huggingface.co/docs/hub/local-cache.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from imgdiag.facts.facts import Facts
from imgdiag.filesystem import Directory, Symlink, join, walk_directories

_KINDS = ("models--", "datasets--", "spaces--")


@dataclass(frozen=True, slots=True)
class Repository:
    """One cached repository: its folder, its kind (models, datasets, spaces) and its name."""

    path: str
    folder: Directory
    kind: str
    name: str


def repositories(facts: Facts) -> Iterator[Repository]:
    """Yield every repository in a cache of the hub's, wherever it is."""
    for name in sorted(facts.usage.named):
        if name.startswith(_KINDS):
            kind, _, rest = name.partition("--")
            for path, folder in facts.usage.named[name]:
                if {"blobs", "snapshots"} & folder.children.keys() and "/.locks/" not in path:
                    yield Repository(path, folder, kind, rest.replace("--", "/"))


def unlinked_blobs(repository: Repository) -> Iterator[str]:
    """Yield the blobs that no snapshot links to: unfinished, of older revisions, or copied."""
    blobs = repository.folder.children.get("blobs")
    snapshots = repository.folder.children.get("snapshots")
    if not isinstance(blobs, Directory) or not isinstance(snapshots, Directory):
        return
    linked = {
        node.target.rpartition("/")[2]
        for _, folder in walk_directories("", snapshots)
        for node in folder.children.values()
        if isinstance(node, Symlink)
    }
    for name in blobs.children:
        if name not in linked:
            yield join(repository.path, f"blobs/{name}")
