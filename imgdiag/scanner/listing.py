"""What stands in a container's file system, listed by a program of its own image.

The first of these that works: Python's `os.scandir`, GNU `find -printf`, and any `find` with
`stat` (busybox). None crosses into another file system, so what the engine mounts (/proc, /sys,
/dev, volumes) is left out; so are the few files that engines lay over an image's own.
"""

from __future__ import annotations

import os
import re
import secrets
import stat
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from imgdiag.analysis import Skipped
from imgdiag.errors import ImgdiagError
from imgdiag.filesystem import Filesystem, join, merge
from imgdiag.layers.walk import Entry, Kind, Layer, split
from imgdiag.scanner.live import CannotStart, Output, Runner

BLOCK = 512  # st_blocks counts these, whatever the file system's own blocks are
ESTIMATED_BLOCK = 4096  # of ext4, xfs and overlay2 on top of them
_MARKS = frozenset((".dockerenv", "run/.containerenv"))
ENGINE_FILES = _MARKS | {"etc/hosts", "etc/hostname", "etc/resolv.conf"}
"""Engines put these into every container, whatever the image has there; the marks are empty."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """A file system as it was listed.

    `left_out` are paths where the engine mounts something of its own, such as /proc.
    """

    program: str
    records: tuple[Record, ...]  # by folder, then by name
    left_out: tuple[str, ...]
    skipped: tuple[Skipped, ...]

    def filesystem(self, *, blocks: bool = False) -> Filesystem:
        """Return the tree: with the files' sizes, or with what they occupy."""
        return merge([self.layer(blocks=blocks)])

    def layer(self, *, blocks: bool = False) -> Layer:
        """Return the entries as one layer, the later names of a file as hard links to its first."""
        entries: list[Entry] = []
        first: dict[tuple[int, int], str] = {}
        for each in self.records:
            kind, size, target = each.kind, 0, ""
            if kind is Kind.FILE:
                size = each.blocks * BLOCK if blocks else each.size
                if each.links > 1:
                    path = join(each.parent, each.name)
                    target = first.setdefault((each.device, each.inode), path)
                    if target != path:
                        kind, size = Kind.HARD_LINK, 0
            entries.append(
                Entry(each.parent, each.name, kind, size, (each.mode, 0, 0), 0, target, None)
            )
        return Layer(entries=entries, whiteouts=[])

    def own_blocks(self) -> Mapping[str, int]:
        """Return the bytes on the disk of folders themselves and of what is no file, by folder."""
        result: dict[str, int] = {}
        seen: set[tuple[int, int]] = set()
        for each in self.records:
            if each.kind is Kind.FILE or not each.blocks:
                continue
            if each.kind is Kind.DIRECTORY:
                folder = join(each.parent, each.name)
            else:
                folder = each.parent
                if each.links > 1 and (each.device, each.inode) in seen:
                    continue
                seen.add((each.device, each.inode))
            result[folder] = result.get(folder, 0) + each.blocks * BLOCK
        return result


class Record(NamedTuple):
    """One name of one inode, its path split at the last slash without a leading one."""

    parent: str
    name: str
    kind: Kind
    mode: int
    size: int  # bytes
    blocks: int  # of 512 bytes
    device: int
    inode: int
    links: int


def scan(run: Runner, roots: Sequence[str] = ("/",), mounts: Iterable[str] = ()) -> Listing:
    """List `roots`, each with its own file system, by the first program that works.

    `mounts` are folders and files that are left out, all below them too. Raises ImgdiagError
    when there is no such program.
    """
    reasons: list[str] = []
    missing = True
    for program, ways in _WAYS.items():
        for way in ways:
            try:
                records, skipped = way(run, program, roots)
            except CannotStart as error:
                reasons.append(error.message)
                missing = missing and bool(_NOT_THERE.search(error.message))
                break
            except _CannotUse as error:
                reasons.append(f"{program}: {error}")
                missing = False
                continue
            kept, left_out = _choose(records, roots, mounts)
            return Listing(
                program=program, records=kept, left_out=left_out, skipped=_distinct(skipped)
            )
    if missing:
        raise ImgdiagError(
            "there is no program in the image to measure it with: neither a Python nor a find "
            "(as in distroless images)",
            hint="Leave out --live: the static way needs nothing of the image",
        )
    raise ImgdiagError(
        f"no program in the image could measure it ({'; '.join(reasons)})",
        hint="Leave out --live: the static way needs nothing of the image",
    )


_NOT_THERE = re.compile(r"not found|no such file", re.IGNORECASE)


class _CannotUse(Exception):
    """A program started, and does not give what is needed."""


_Found = tuple[list[Record], list[Skipped]]
_Way = Callable[[Runner, str, Sequence[str]], _Found]

# For every Python since 3.5, started without its site-packages; names stay bytes throughout. The
# line with the dot at the end says that nothing is missing.
_SCRIPT = r"""
import os, sys
out = os.fdopen(1, "wb", 1 << 18)
def show(s, path):
    out.write(b"%x %d %d %d %d %d %s\0" % (
        s.st_mode, s.st_size, s.st_blocks, s.st_dev, s.st_ino, s.st_nlink, path))
def skip(error, path):
    out.write(b"! %d %s\0" % (error.errno or 0, path))
for root in map(os.fsencode, sys.argv[1:]):
    try:
        top = os.lstat(root)
    except OSError as error:
        skip(error, root)
        continue
    show(top, root)
    folders = [root]
    while folders:
        folder = folders.pop()
        try:
            entries = list(os.scandir(folder))
        except OSError as error:
            skip(error, folder)
            continue
        for entry in entries:
            path = entry.path
            try:
                s = entry.stat(follow_symlinks=False)
            except OSError as error:
                skip(error, path)
                continue
            show(s, path)
            if s.st_mode & 0o170000 == 0o040000 and s.st_dev == top.st_dev:
                folders.append(path)
out.write(b".\0")
out.close()
"""


def _by_python(run: Runner, program: str, roots: Sequence[str]) -> _Found:
    output = run([program, "-I", "-S", "-B", "-c", _SCRIPT, *roots])
    if output.exit_code != 0 or not output.stdout.endswith(b".\0"):
        raise _CannotUse(output.complaint)
    records: list[Record] = []
    skipped: list[Skipped] = []
    for line in output.stdout[: -len(b".\0")].split(b"\0")[:-1]:
        if line.startswith(b"! "):
            number, path = _fields(line[2:], 2)
            # What vanished between listing and looking is not there.
            if _number(number) not in (0, 2):
                skipped.append(Skipped(_text(path), os.strerror(_number(number))))
        else:
            records.append(_record(line))
    return records, skipped


def _by_gnu_find(run: Runner, program: str, roots: Sequence[str]) -> _Found:
    output = run([program, *roots, "-xdev", "-printf", r"%y %s %b %D %i %n %p\0"])
    _hold_to_the_end(output)
    records = [_record(line) for line in output.stdout.split(b"\0")[:-1]]
    return records, list(_find_errors(output))


def _by_find_and_stat(run: Runner, program: str, roots: Sequence[str]) -> _Found:
    # Names may hold newlines, and this `stat` ends each line with one. A word that no name in
    # the image can know of begins each record.
    mark = secrets.token_hex(16)
    output = run(
        [program, *roots, "-xdev", "-exec", "stat", "-c", f"{mark} %f %s %b %d %i %h %n", "{}", "+"]
    )
    _hold_to_the_end(output)
    lines = output.stdout.split(f"{mark} ".encode())[1:]
    return [_record(line.removesuffix(b"\n")) for line in lines], list(_find_errors(output))


_WAYS: dict[str, tuple[_Way, ...]] = {
    "python3": (_by_python,),
    "python": (_by_python,),
    "find": (_by_gnu_find, _by_find_and_stat),
}


def _hold_to_the_end(output: Output) -> None:
    """Hold that `find` went to its end: 1 says that it could not read some folder."""
    if output.exit_code not in (0, 1) or not output.stdout:
        raise _CannotUse(output.complaint)


_FIND_ERROR = re.compile(r"(?:find|stat): (?:cannot \w+ )?['‘]?(/.*?)['’]?: ([^:]+)")


def _find_errors(output: Output) -> Iterator[Skipped]:
    """Yield what `find` says it could not read; a line that says something else goes as it is."""
    for line in output.stderr.decode("utf-8", "surrogateescape").splitlines():
        match = _FIND_ERROR.fullmatch(line)
        if match is None:
            yield Skipped("/", line)
        elif match[2] != "No such file or directory":
            yield Skipped(match[1], match[2])


_TYPES = {
    "f": stat.S_IFREG, "d": stat.S_IFDIR, "l": stat.S_IFLNK, "p": stat.S_IFIFO,
    "s": stat.S_IFSOCK, "b": stat.S_IFBLK, "c": stat.S_IFCHR,
}  # fmt: skip
_KINDS = {stat.S_IFREG: Kind.FILE, stat.S_IFDIR: Kind.DIRECTORY, stat.S_IFLNK: Kind.SYMLINK}


def _record(line: bytes) -> Record:
    """Return one record: a mode in hexadecimal or find's letter, five numbers, and the path."""
    letter, size, blocks, device, inode, links, path = _fields(line, 7)
    try:
        word = letter.decode()
        mode = _TYPES[word] if len(word) == 1 else int(word, 16)
        parent, name = split(_text(path))
        return Record(
            parent,
            name,
            _KINDS.get(stat.S_IFMT(mode), Kind.SPECIAL),
            mode,
            int(size),
            int(blocks),
            int(device),
            int(inode),
            int(links),
        )
    except (ValueError, KeyError) as error:
        raise _nonsense(line) from error


def _fields(line: bytes, count: int) -> list[bytes]:
    fields = line.split(b" ", count - 1)
    if len(fields) != count or not fields[-1].startswith(b"/"):
        raise _nonsense(line)
    return fields


def _number(field: bytes) -> int:
    try:
        return int(field)
    except ValueError as error:
        raise _nonsense(field) from error


def _nonsense(line: bytes) -> ImgdiagError:
    return ImgdiagError(
        f"the program in the image gave a line that is no entry: {line[:100]!r}",
        hint="Leave out --live: the static way needs nothing of the image",
    )


def _text(path: bytes) -> str:
    return path.decode("utf-8", "surrogateescape")


def _choose(
    records: list[Record], roots: Sequence[str], mounts: Iterable[str]
) -> tuple[tuple[Record, ...], tuple[str, ...]]:
    """Return the records that are the image's, by folder, and the paths of the others.

    A folder on another device is a mount point. A file's device says nothing: overlayfs may give
    each layer one of its own. So the files that engines mount are known by name.
    """
    tops = {split(root) for root in roots}
    devices = {each.device for each in records if (each.parent, each.name) in tops}
    foreign = {join(*split(path)) for path in mounts}
    dropped = set(foreign)
    kept: list[Record] = []
    left_out: list[str] = []
    before: Record | None = None
    for each in sorted(records, key=lambda record: record[:2]):
        path = join(each.parent, each.name)
        if each.parent in dropped:
            if each.kind is Kind.DIRECTORY:
                dropped.add(path)
        elif path in foreign or path in ENGINE_FILES:
            left_out.append(path)
        elif each.kind is Kind.DIRECTORY and each.device not in devices:
            dropped.add(path)
            left_out.append(path)
        elif before is None or before[:2] != each[:2]:  # a root below another is listed twice
            kept.append(each)
            before = each
    return tuple(kept), tuple(path for path in left_out if path not in _MARKS)


def _distinct(skipped: Iterable[Skipped]) -> tuple[Skipped, ...]:
    return tuple(sorted(set(skipped), key=lambda each: (each.what, each.reason)))


def in_blocks(layer: Layer) -> Layer:
    """Return `layer` with each file's size rounded up to blocks: what a disk would take, about."""
    return replace(
        layer,
        entries=[
            entry._replace(size=-(-entry.size // ESTIMATED_BLOCK) * ESTIMATED_BLOCK)
            for entry in layer.entries
        ],
    )
