"""Byte-code that no interpreter of the image reads.

Python reads `__pycache__/NAME.TAG.pyc` only for a `NAME.py` beside the folder, with its own tag,
and at its own level of optimisation (PEP 3147, PEP 488). A `NAME.pyc` beside other modules is
another thing, a module without source, and is never looked at here.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import dataclass

from imgdiag.filesystem import Directory, File, join
from imgdiag.image import ImageConfig
from imgdiag.scanner.usage import Usage

_CACHED = re.compile(
    r"(?P<stem>.+)\.(?P<tag>(?:cpython|pypy|graalpy)-?\d+t?)(?:-pytest-[\w.+]+?)?"
    r"(?:\.opt-(?P<level>\w+))?\.pyc"
)
_LIBRARY = re.compile(r"(?:python|pypy)(\d)\.(\d+)(t?)$")
_PROGRAM = re.compile(r"(?:lib)?(python|pypy)(\d)\.?(\d+)(t?)(?:\.so[\d.]*|\.zip|_d)?$")


@dataclass(frozen=True, slots=True, kw_only=True)
class ByteCode:
    """Paths of byte-code files: of use to an interpreter of the image, or to none.

    `optimised` has levels that nothing in the image's settings asks for. `foreign` is for other
    interpreters than those of the image, by their tags. `sourceless` has lost its source.
    """

    useful: tuple[str, ...]
    optimised: tuple[str, ...]
    foreign: dict[str, tuple[str, ...]]
    sourceless: tuple[str, ...]


def find_byte_code(usage: Usage, config: ImageConfig) -> ByteCode:
    """Sort all byte-code files below `__pycache__` folders by who reads them."""
    tags = _tags(usage)
    optimises = _optimises(config)
    useful: list[str] = []
    optimised: list[str] = []
    foreign: dict[str, list[str]] = {}
    sourceless: list[str] = []
    for path, folder in usage.directories:
        cache = folder.children.get("__pycache__")
        if not isinstance(cache, Directory):
            continue
        where = join(path, "__pycache__")
        names: list[str] = []
        for name, node in cache.children.items():
            if not name.endswith(".pyc") or not isinstance(node, File):
                continue
            # Nearly every file is of this kind, and needs no more than this.
            stem, _, rest = name.partition(".")
            if rest[:-4] in tags and f"{stem}.py" in folder.children:
                useful.append(f"{where}/{name}")
                continue
            match = _CACHED.fullmatch(name)
            if match is None:
                useful.append(f"{where}/{name}")
            elif not _has_source(names := names or sorted(folder.children), match["stem"]):
                sourceless.append(f"{where}/{name}")
            elif tags and match["tag"] not in tags:
                foreign.setdefault(match["tag"], []).append(f"{where}/{name}")
            elif match["level"] and not optimises:
                optimised.append(f"{where}/{name}")
            else:
                useful.append(f"{where}/{name}")
    return ByteCode(
        useful=tuple(useful),
        optimised=tuple(optimised),
        foreign={tag: tuple(foreign[tag]) for tag in sorted(foreign)},
        sourceless=tuple(sourceless),
    )


def _has_source(names: list[str], stem: str) -> bool:
    """Tell whether one of `names`, which are sorted, could be the source.

    Whatever it ends in: other languages compile to byte-code too.
    """
    first = bisect_left(names, f"{stem}.")
    return first < len(names) and names[first].startswith(f"{stem}.")


def _tags(usage: Usage) -> frozenset[str]:
    """Return the tags of every interpreter that the image may have, rather too many than too few.

    Known by a standard library, a program or a library for programs that embed Python.
    """
    tags: set[str] = set()
    for path, folder in usage.directories:
        if "os.py" in folder.children:  # whatever the folder is called, its own byte-code tells
            cache = folder.children.get("__pycache__")
            for name in cache.children if isinstance(cache, Directory) else ():
                if name.startswith("os.") and (match := _CACHED.fullmatch(name)):
                    tags.add(match["tag"])
        if match := _LIBRARY.search(path):
            tags |= _tag("pypy" if "pypy" in match[0] else "python", *match.groups())
        for name in folder.children:
            if ("python" in name or "pypy" in name) and (match := _PROGRAM.fullmatch(name)):
                tags |= _tag(*match.groups())
    return frozenset(tags)


def _tag(kind: str, major: str, minor: str, threads: str) -> set[str]:
    version = f"{major}{minor}{threads}"
    return {f"pypy{version}"} if kind == "pypy" else {f"cpython-{version}"}


def _optimises(config: ImageConfig) -> bool:
    """Tell whether the image asks for a level of optimisation."""
    if config.environment.get("PYTHONOPTIMIZE", "") not in ("", "0"):
        return True
    words = " ".join((*config.entrypoint, *config.command)).split()
    return any(re.fullmatch(r"-[A-Za-z]*O[A-Za-z]*", word) for word in words)
