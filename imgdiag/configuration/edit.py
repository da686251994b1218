"""pyproject.toml without our table, ready for another to be put at its end."""

from __future__ import annotations

import re
import tomllib

import tomlkit
from tomlkit.exceptions import TOMLKitError

from imgdiag.errors import ImgdiagError
from imgdiag.project.toml import parse_toml, table

HEAD = "What images are held to, written by 'imgdiag init'"

_HEADER = re.compile(r"\s*\[")
_OURS = re.compile(r"""\s*\[\[?\s*["']?tool["']?\s*\.\s*["']?imgdiag["']?\s*[\].]""")


def without_configuration(text: str, path: str, *, force: bool) -> str:
    """Return `text` without [tool.imgdiag], ending in an empty line.

    Raises ImgdiagError when it has one and `force` is false, or when nothing can be put after it.
    """
    values = parse_toml(text.encode("utf-8"), path).values
    if "imgdiag" in table(values, "tool"):
        if not force:
            raise ImgdiagError(f"{path} has a [tool.imgdiag] already", hint="--force replaces it")
        text = _removed(text, path)
    ending = "\r\n" if "\r\n" in text else "\n"
    rest = text.rstrip()
    rest = f"{rest}{ending}{ending}" if rest else ""
    try:
        tomllib.loads(f"{rest}[tool.imgdiag.budgets.image]\nmax = 0\n")
    except tomllib.TOMLDecodeError as error:
        raise ImgdiagError(
            f"no table can be put at the end of {path} ({error})",
            hint="Write [tool] as a table of its own, or use imgdiag.toml",
        ) from error
    return rest


def _removed(text: str, path: str) -> str:
    """Return `text` without our table, and with all else as it was."""
    expected = tomllib.loads(text)
    del expected["tool"]["imgdiag"]
    for left in (_without_tables(text), _without_keys(text)):
        try:
            found = tomllib.loads(left)
        except tomllib.TOMLDecodeError:
            continue
        found.setdefault("tool", {})  # our tables may have been all that it had
        if found == expected:
            return left
    raise ImgdiagError(
        f"cannot take [tool.imgdiag] out of {path} and leave the rest as it is",
        hint="Take it out by hand",
    )


def _without_tables(text: str) -> str:
    """Take out our tables' headers with all that follows them up to the next table of another.

    To a header belongs the comment that stands right above it.
    """
    kept: list[str] = []
    comment: list[str] = []  # that may belong to the header that comes
    is_ours = False
    for line in text.splitlines(keepends=True):
        if line.lstrip().startswith("#"):
            comment.append(line)
            continue
        if _HEADER.match(line):
            is_ours = _OURS.match(line) is not None
        if not is_ours and not (comment and HEAD in comment[0]):
            kept += comment
        comment = []
        if not is_ours:
            kept.append(line)
    if not is_ours:
        kept += comment
    return "".join(kept)


def _without_keys(text: str) -> str:
    """Take our table out where it is written in another way, such as by dotted keys in [tool]."""
    try:
        document = tomlkit.parse(text)
        del document["tool"]["imgdiag"]
        return tomlkit.dumps(document)
    except (TOMLKitError, KeyError, TypeError):
        return text
