"""Symbolic links followed inside an image, as far as Linux follows them."""

from __future__ import annotations

from collections.abc import Callable

from imgdiag.errors import CorruptImage
from imgdiag.filesystem.tree import Directory, Node, Symlink

MAX_SYMLINKS = 40  # as in Linux (include/linux/namei.h, MAXSYMLINKS)
MAX_DETOUR = 1_024  # parts of a path that links add; a long way at each entry takes hours


def resolve(root: Directory, path: str) -> tuple[str, Node] | None:
    """Return where `path` really leads, every symbolic link followed, and what stands there.

    None when nothing does, or when the links lead in a circle.
    """
    try:
        return follow(root, path, _child)
    except CorruptImage:
        return None


def find_directory(root: Directory, path: str) -> Directory | None:
    """Return the folder at `path`, symbolic links followed, or None."""
    found = resolve(root, path)
    return found[1] if found and isinstance(found[1], Directory) else None


def follow(
    root: Directory, path: str, look: Callable[[Directory, list[str]], Node | None]
) -> tuple[str, Node] | None:
    """Return where `path` leads and what stands there, or None when nothing does.

    `look` tells what a folder has at the last of the names that lead there from the root. Links
    that it returns are followed. Raises CorruptImage when they lead in a circle, or a way that no
    honest image takes.
    """
    trail: list[Node] = [root]
    names: list[str] = []
    links = detour = 0
    parts = path.split("/")[::-1]
    while parts:
        part = parts.pop()
        if part in ("", "."):
            continue
        here = trail[-1]
        if not isinstance(here, Directory):
            return None
        if part == "..":
            if names:
                names.pop()
                trail.pop()
            continue
        names.append(part)
        child = look(here, names)
        if child is None:
            return None
        if not isinstance(child, Symlink):
            trail.append(child)
            continue
        links += 1
        if links > MAX_SYMLINKS:
            raise CorruptImage(f"symbolic links in a circle: {path!r}")
        target = child.target.split("/")[::-1]
        detour += len(target)
        if detour > MAX_DETOUR:
            raise CorruptImage(f"symbolic links take a way of over {MAX_DETOUR:,}: {path!r}")
        parts += target
        if child.target.startswith("/"):
            trail, names = [root], []
        else:
            names.pop()
    return "/".join(names), trail[-1]


def _child(above: Directory, names: list[str]) -> Node | None:
    return above.children.get(names[-1])
