"""Random sequences of layers, and the trees that different programs make of them."""

from __future__ import annotations

import json
import stat
import tarfile
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import IO

from hypothesis import strategies as st

from imgdiag.filesystem import Directory, File, Filesystem, Symlink
from tests.builder import (
    Entry,
    Image,
    fifo,
    file,
    folder,
    hard_link,
    oci,
    opaque,
    plain,
    symlink,
    whiteout,
    with_file,
    write_folder,
)

Tree = dict[str, tuple[str, object]]
"""What stands at each path: its kind, and a file's size and names, a link's target, or nothing."""

NAMES = ("a", "b", "c")
_paths = st.lists(st.sampled_from(NAMES), min_size=1, max_size=3).map("/".join)
_sizes = st.integers(0, 40)
_targets = st.sampled_from(["a", "b", "/a", "/b/c", "../a", "nowhere", "a/b"])

_changes = st.one_of(
    st.builds(lambda path, size: [file(path, size)], _paths, _sizes),
    st.builds(lambda path, size: [file(path, size)], _paths, _sizes),
    st.builds(lambda path: [folder(path)], _paths),
    st.builds(lambda path, target: [symlink(path, target)], _paths, _targets),
    st.builds(lambda path: [whiteout(path)], _paths),
    st.builds(lambda path: [folder(path), opaque(path)], _paths),
    # A rename, as a storage driver records it: the old name gone, the new one whole.
    st.builds(lambda old, new, size: [whiteout(old), file(new, size)], _paths, _paths, _sizes),
    # Two names of one file.
    st.builds(
        lambda one, two, size: [file(one, size), hard_link(two, one)], _paths, _paths, _sizes
    ),
    st.builds(lambda path: [fifo(path)], _paths),
)


def _honest(changes: list[list[Entry]]) -> list[Entry]:
    """Return one layer of `changes` as an engine would write it: each path once, parents first."""
    entries: dict[str, Entry] = {}
    marks: dict[str, Entry] = {}
    for entry in (entry for change in changes for entry in change):
        path = entry.path.rstrip("/")
        if ".wh." in path:
            marks[path] = entry
            continue
        parts = path.split("/")
        above = ["/".join(parts[:length]) for length in range(1, len(parts))]
        if any(entries.get(each, folder(each)).kind != b"5" for each in above):
            continue
        if path in entries or any(other.startswith(f"{path}/") for other in entries):
            continue
        if entry.kind == b"1" and entries.get(entry.target, entry).kind != b"0":
            continue
        for each in above:
            entries.setdefault(each, folder(each))
        entries[path] = entry
    kept = []
    for path, mark in marks.items():
        parent = path.rpartition("/")[0]
        if parent and parent not in entries:
            if any(entries.get(each, folder(each)).kind != b"5" for each in _above(path)):
                continue
            for each in _above(path):
                entries.setdefault(each, folder(each))
        if parent and entries[parent].kind != b"5":
            continue
        kept.append(mark)
    kept = [each for each in kept if _hidden_by(each) not in entries]
    # Folders before what is in them, links after what they lead to.
    order = sorted(entries.values(), key=lambda each: (each.kind == b"1", each.path.rstrip("/")))
    return [*order, *kept]


def _hidden_by(mark: Entry) -> str:
    parent, _, name = mark.path.rpartition("/")
    return f"{parent}/{name.removeprefix('.wh.')}".lstrip("/")


def _above(path: str) -> list[str]:
    parts = path.split("/")[:-1]
    return ["/".join(parts[:length]) for length in range(1, len(parts) + 1)]


layers = st.lists(st.lists(_changes, min_size=1, max_size=6).map(_honest), min_size=1, max_size=4)
"""Sequences of layers as engines write them, oldest first."""


def merged_tree(filesystem: Filesystem) -> Tree:
    """Return what imgdiag says that a container sees."""
    names: dict[int, list[str]] = defaultdict(list)
    for path, node in filesystem.files():
        names[id(node)].append(path)
    tree: Tree = {}
    for where, directory in filesystem.directories():
        for name, child in directory.children.items():
            path = f"{where}/{name}" if where else name
            if isinstance(child, Directory):
                tree[path] = ("folder", None)
            elif isinstance(child, File):
                tree[path] = ("file", (child.size, tuple(sorted(names[id(child)]))))
            elif isinstance(child, Symlink):
                tree[path] = ("link", child.target)
            else:
                tree[path] = ("special", None)
    return tree


def tree_on_disk(root: Path) -> Tree:
    """Return what lies below `root`."""
    names: dict[int, list[str]] = defaultdict(list)
    paths = sorted(root.rglob("*"))
    for path in paths:
        if stat.S_ISREG(path.lstat().st_mode):
            names[path.lstat().st_ino].append(path.relative_to(root).as_posix())
    tree: Tree = {}
    for path in paths:
        status = path.lstat()
        name = path.relative_to(root).as_posix()
        if stat.S_ISDIR(status.st_mode):
            tree[name] = ("folder", None)
        elif stat.S_ISREG(status.st_mode):
            tree[name] = ("file", (status.st_size, tuple(sorted(names[status.st_ino]))))
        elif stat.S_ISLNK(status.st_mode):
            tree[name] = ("link", str(path.readlink()))
        else:
            tree[name] = ("special", None)
    return tree


def tree_in_tar(stream: IO[bytes], without: Iterable[str] = ()) -> Tree:
    """Return what an exported container holds, but for the paths `without`."""
    skipped = set(without)
    links: dict[str, str] = {}
    tree: Tree = {}
    with tarfile.open(fileobj=stream, mode="r|") as archive:
        for member in archive:
            name = member.name.rstrip("/")
            if name.partition("/")[0] in skipped or not name:
                continue
            if member.isdir():
                tree[name] = ("folder", None)
            elif member.islnk():
                links[name] = member.linkname
            elif member.isreg():
                tree[name] = ("file", member.size)
            elif member.issym():
                tree[name] = ("link", member.linkname)
            else:
                tree[name] = ("special", None)
    names: dict[str, list[str]] = defaultdict(list)
    for name, (kind, _) in tree.items():
        if kind == "file":
            names[name].append(name)
    for name, target in links.items():
        names[target].append(name)
    for first, others in names.items():
        kind, size = tree[first]
        for name in others:
            tree[name] = (kind, (size, tuple(sorted(others)))) if kind == "file" else tree[first]
    return tree


def write_layout(path: Path, made: Image) -> Path:
    """Write an OCI layout in which umoci finds the image by the tag `it`."""
    entries = oci(made, compress=plain)  # as its media type says, by which umoci goes
    [index] = [each.content for each in entries if each.path == "index.json"]
    value = json.loads(index)
    for each in value["manifests"]:
        each["annotations"] = {"org.opencontainers.image.ref.name": "it"}
    return write_folder(path, with_file(entries, "index.json", json.dumps(value).encode()))


def told(made: Sequence[Sequence[Entry]]) -> str:
    """Return layers as a person can read them."""
    kinds = {b"0": "file", b"1": "hard", b"2": "link", b"5": "folder", b"6": "fifo"}
    return "\n".join(
        f"layer {number}: "
        + ", ".join(
            f"{kinds[each.kind]} {each.path}"
            + (f" → {each.target}" if each.target else f" ({len(each.content)})")
            for each in layer
        )
        for number, layer in enumerate(made)
    )
