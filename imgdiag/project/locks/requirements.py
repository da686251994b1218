"""requirements.txt as pip reads it: what is pinned in it, and from which index.

Source: pip's documentation, "Requirements File Format".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from packaging.utils import canonicalize_name

from imgdiag.project.locks.lock import Lock, LockedPackage, LockedRequirement
from imgdiag.python.requires import parse_requirement

NAMES = ("requirements.txt",)
_MAX_FILES = 100
_COMMENT = re.compile(r"(^|\s)#.*$")
_OPTION = re.compile(r"^(?P<name>-\w|--[\w-]+)(?:\s*=\s*|\s+|(?<=^-\w))(?P<value>.*)$")
_LINE_OPTIONS = re.compile(r"\s--[a-z-]+(?:=|\s).*$")  # --hash and the like, after a requirement

Include = Callable[[str], bytes | None]
"""Gives the content of a file that a requirements file names, None when there is none."""


def read(data: bytes, path: str, include: Include = lambda name: None) -> Lock:
    """Read a requirements file and those that it names with -r, each once.

    A line that pip would refuse is passed over: pip says it better.
    """
    packages: list[LockedPackage] = []
    roots: list[LockedRequirement] = []
    indexes: list[str] = []
    for number, text in _all_lines(data, path, include):
        if option := _OPTION.match(text):
            if option["name"] in ("-i", "--index-url", "--extra-index-url"):
                indexes.append(option["value"].strip())
            continue
        parsed = parse_requirement(_LINE_OPTIONS.sub("", text))
        if parsed is None:
            continue
        pins = [each.version for each in parsed.specifier if each.operator in ("==", "===")]
        name, version = canonicalize_name(parsed.name), pins[0] if len(pins) == 1 else ""
        packages.append(LockedPackage(name=name, version=version, index=parsed.url or "",
                                      line=number))  # fmt: skip
        roots.append(
            LockedRequirement(
                name=name,
                version=version,
                extras=tuple(sorted(parsed.extras)),
                marker=str(parsed.marker or ""),
            )
        )
    return Lock(
        path=path,
        tool="requirements",
        packages=tuple(packages),
        roots=tuple(roots),
        indexes=tuple(dict.fromkeys(indexes)),
    )


def _all_lines(data: bytes, path: str, include: Include) -> Iterator[tuple[int | None, str]]:
    """Yield the logical lines of a file and of those it includes; only its own have numbers."""
    seen = {path}
    queue: list[tuple[bytes, bool]] = [(data, True)]
    while queue:
        data, own = queue.pop(0)
        for number, text in logical_lines(data.decode("utf-8", "replace")):
            option = _OPTION.match(text)
            if option and option["name"] in ("-r", "--requirement"):
                name = option["value"].strip()
                if name not in seen and len(seen) < _MAX_FILES:
                    seen.add(name)
                    content = include(name)
                    queue += [(content, False)] if content is not None else []
            else:
                yield (number if own else None), text


def logical_lines(text: str) -> Iterator[tuple[int, str]]:
    """Yield each line with its number from 1, joined with what continues it; comments left out."""
    start, parts = 0, ""
    for number, line in enumerate(text.splitlines(), 1):
        start = start if parts else number
        line = _COMMENT.sub("", line)
        if line.endswith("\\"):
            parts += f"{line[:-1].strip()} "
            continue
        parts = (parts + line.strip()).strip()
        if parts:
            yield start, parts
        parts = ""
    if parts.strip():
        yield start, parts.strip()
