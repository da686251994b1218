"""pip's requirements files: what they ask for, apart from how it is to be fetched.

Source: pip's documentation, "Requirements File Format"; pip-tools' and uv's comments `# via`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from packaging.utils import (
    InvalidSdistFilename,
    InvalidWheelFilename,
    canonicalize_name,
    parse_sdist_filename,
    parse_wheel_filename,
)

from imgdiag.python.requires import parse_requirement

_COMMENT = re.compile(r"(?:^|\s)#(.*)$")
_OPTIONS = re.compile(r"\s-{1,2}[a-z]")  # that follow a requirement, such as --hash=…
_INCLUDE = re.compile(r"(?:-r|--requirement)\s*=?\s*(\S.*)")
_EDITABLE = re.compile(r"(?:-e|--editable)(?:\s*=\s*|\s+)(\S.*)")
_EGG = re.compile(r"[#&]egg=([A-Za-z0-9._-]+)")
_EXTRAS = re.compile(r"\[([^\[\]]*)\]$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One thing that a file asks for.

    `name` is normalised; it is "" for a local folder, which then is `folder`, as written. `via`
    are the words of pip-compile's comments: what of the list, or which file, asks for it.
    """

    text: str
    name: str = ""
    folder: str = ""
    extras: tuple[str, ...] = ()
    marker: str = ""
    via: tuple[str, ...] = ()


@dataclass(slots=True)
class RequirementsFile:
    """What a file asks for, the files that it includes, as written, and what is not understood."""

    lines: list[Line] = field(default_factory=list)
    includes: list[str] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)


def parse_requirements(text: str) -> RequirementsFile:
    """Parse a requirements file; constraints (`-c`) and options ask for nothing."""
    result = RequirementsFile()
    latest: Line | None = None
    via: list[str] = []

    def finish() -> None:
        if latest is not None:
            result.lines.append(replace(latest, via=tuple(via)))
        via.clear()

    in_via = False
    for statement, comment in _statements(text):
        if statement:
            finish()
            latest, in_via = None, False
            if match := _INCLUDE.fullmatch(statement):
                result.includes.append(match[1].strip("\"'"))
            elif not statement.startswith("-") or _EDITABLE.fullmatch(statement):
                latest = parse_line(statement)
                if latest is None:
                    result.unread.append(statement)
        # pip-compile says who asked for it, in the same line or in those below.
        word, _, rest = comment.partition(" ")
        if word == "via":
            in_via = True
            comment = rest
        if in_via and comment:
            via += (each.strip() for each in comment.split(",") if each.strip())
    finish()
    return result


def parse_line(statement: str) -> Line | None:
    """Return what a requirement asks for, written as for `pip install`; None when it is none."""
    editable = _EDITABLE.fullmatch(statement)
    text = editable[1] if editable else statement
    if match := _OPTIONS.search(text):
        text = text[: match.start()].rstrip()
    requirement = None if editable else parse_requirement(text)
    if requirement is not None:
        return Line(
            text=text,
            name=canonicalize_name(requirement.name),
            extras=_normalized(requirement.extras),
            marker=str(requirement.marker or ""),
        )
    where, _, marker = (part.strip() for part in text.partition(" ;"))
    extras: tuple[str, ...] = ()
    line = Line(text=statement if editable else text, marker=marker)
    if match := _EXTRAS.search(where):
        extras, where = _normalized(match[1].split(",")), where[: match.start()]
    if name := _name_in(where):
        return replace(line, name=name, extras=extras)
    if "://" in where and not where.startswith("file:"):
        return None
    path = where.removeprefix("file://").removeprefix("file:").partition("#")[0]
    if path.startswith((".", "/")) or editable or "/" in path:
        return replace(line, folder=path, extras=extras) if path.isprintable() else None
    return None


def _name_in(where: str) -> str:
    """Return the name that a URL or the path of a file says, normalised; "" when it says none."""
    if match := _EGG.search(where):
        return canonicalize_name(match[1])
    filename = re.split(r"[?#]", where, maxsplit=1)[0].rpartition("/")[2]
    try:
        if filename.endswith(".whl"):
            return parse_wheel_filename(filename)[0]
        if filename.endswith((".tar.gz", ".zip")):
            return parse_sdist_filename(filename)[0]
    except (InvalidWheelFilename, InvalidSdistFilename):
        pass
    return ""


def _normalized(extras: object) -> tuple[str, ...]:
    assert isinstance(extras, (set, list))
    return tuple(sorted({canonicalize_name(each.strip()) for each in extras if each.strip()}))


def _statements(text: str) -> Iterator[tuple[str, str]]:
    """Yield each line, with those that a backslash joins to it, and its comment."""
    parts: list[str] = []
    for line in (*text.removeprefix("\ufeff").splitlines(), ""):
        if line.endswith("\\") and not line.lstrip().startswith("#"):
            parts.append(line[:-1])
            continue
        whole = " ".join([*parts, line])
        parts = []
        match = _COMMENT.search(whole)
        yield (
            (whole[: match.start()] if match else whole).strip(),
            (match[1] if match else "").strip(),
        )
