"""A build context: what `COPY . .` takes of a folder, .dockerignore minded.

Source: the Dockerfile reference and moby/patternmatcher: patterns are those of Go's
filepath.Match with `**`; one that starts with `!` takes files back in; the last one that matches
counts, and what matches a folder matches all in it.
"""

from __future__ import annotations

import os
import posixpath
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from imgdiag.errors import ImgdiagError
from imgdiag.gate.globs import expression
from imgdiag.project.folder import own_file


@dataclass(frozen=True, slots=True)
class ContextFile:
    """A regular file of a context: its path below the context's folder, and its size in bytes."""

    path: str
    bytes: int


def ignore_file(folder: Path, dockerfile: Path | None) -> Path | None:
    """Return the file whose patterns count: that of the Dockerfile first, as BuildKit has it.

    Raises ImgdiagError for a link that leads elsewhere.
    """
    candidates = [folder / ".containerignore", folder / ".dockerignore"]
    if dockerfile is not None:
        candidates.insert(0, dockerfile.with_name(f"{dockerfile.name}.dockerignore"))
    found = next((each for each in candidates if each.is_file()), None)
    return None if found is None else own_file(found)


def read_patterns(path: Path | None) -> tuple[str, ...]:
    """Return the patterns of such a file, comments and blank lines left out."""
    if path is None:
        return ()
    try:
        text = path.read_bytes().decode("utf-8", "surrogateescape").removeprefix("\ufeff")
    except OSError as error:
        raise ImgdiagError(f"cannot read {str(path)!r} ({error.strerror or error})") from error
    lines = (line.strip() for line in text.split("\n") if not line.startswith("#"))
    return tuple(line for line in lines if line)


def context_files(folder: Path, patterns: Iterable[str]) -> Iterator[ContextFile]:
    """Yield the files of a context that no pattern leaves out, in no certain order.

    Symbolic links are not followed, and what may not be read is left out.
    """
    rules = [rule for pattern in patterns if (rule := _Rule.of(pattern)) is not None]
    takes_back = any(rule.exception for rule in rules)
    # For each folder: which rules match it or one that it lies in.
    waiting: list[tuple[str, tuple[bool, ...]]] = [("", (False,) * len(rules))]
    while waiting:
        parent, parent_matches = waiting.pop()
        try:
            entries = list(os.scandir(folder / parent))
        except OSError:
            continue
        for entry in entries:
            path = f"{parent}/{entry.name}" if parent else entry.name
            matches = tuple(
                already or rule.expression.match(path) is not None
                for rule, already in zip(rules, parent_matches, strict=True)
            )
            left_out = False
            for rule, match in zip(rules, matches, strict=True):
                if match:
                    left_out = not rule.exception
            try:
                if entry.is_dir(follow_symlinks=False):
                    if not left_out or takes_back:
                        waiting.append((path, matches))
                elif not left_out and entry.is_file(follow_symlinks=False):
                    yield ContextFile(path, entry.stat(follow_symlinks=False).st_size)
            except OSError:
                continue


@dataclass(frozen=True, slots=True)
class _Rule:
    """A pattern as a regular expression; an exception takes back in."""

    expression: re.Pattern[str]
    exception: bool

    @classmethod
    def of(cls, pattern: str) -> _Rule | None:
        exception = pattern.startswith("!")
        text = pattern[1:].strip() if exception else pattern
        # Slashes at the ends mean nothing; normpath keeps two of them at the start.
        text = posixpath.normpath(text.lstrip("/")) if text.strip("/") else "."
        if text == ".":
            return None
        try:
            return cls(re.compile(rf"{expression(text)}\Z"), exception)
        except re.error:  # an open bracket, which Docker refuses
            return None
