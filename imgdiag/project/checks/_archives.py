"""Archives: which names are archives, and which commands unpack or install them."""

from __future__ import annotations

import fnmatch
import posixpath
import re

from imgdiag.project.checks._tools import call
from imgdiag.project.runs import Placed, Ran, covers
from imgdiag.project.shell import is_shell

_ARCHIVE = re.compile(
    r"\.(?:tar|t(?:ar\.)?(?:gz|bz2|xz|zst|lz4)|tgz|tbz2?|txz|zip|7z|whl|deb|rpm|apk|run|gz|xz|bz2)$"
    r"|(?:conda|forge|mamba)[\w.-]*\.sh$",
    re.IGNORECASE,
)
_UNPACKERS = frozenset(
    ("7z", "7za", "bsdtar", "bunzip2", "dpkg", "gunzip", "rpm", "tar", "unxz", "unzip", "unzstd")
)


def is_archive(name: str) -> bool:
    """Tell whether a file's name is that of an archive, a package or an installer."""
    return _ARCHIVE.search(name.partition("?")[0]) is not None


def unpacks(placed: Placed, ran: Ran, path: str) -> bool:
    """Tell whether a command unpacks or installs the file at `path`, or a folder of them."""
    tool, sub = call(ran.command)
    if not (
        tool in _UNPACKERS
        or is_shell(tool)
        or ran.command.name.endswith((".sh", ".run"))
        or (tool in ("pip", "uv", "apt", "apt-get") and "install" in sub)
    ):
        return False
    return any(names(placed, ran, word, path) for word in ran.command.words)


def removes(placed: Placed, ran: Ran, path: str) -> bool:
    """Tell whether a command deletes the file at `path`."""
    if ran.command.name not in ("rm", "unlink", "shred"):
        return False
    return any(names(placed, ran, word, path) for word in ran.command.arguments)


def names(placed: Placed, ran: Ran, word: str, path: str) -> bool:
    """Tell whether a word is `path`, a pattern that matches it, or a folder that holds it."""
    if word.startswith("-"):
        word = word.partition("=")[2]
    if not word:
        return False
    named = placed.path(word, ran)
    if covers(named, path) or fnmatch.fnmatchcase(path, named):
        return True
    return covers(path, posixpath.dirname(named)) and "*" in named
