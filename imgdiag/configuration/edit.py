"""pyproject.toml without our table, ready for another to be put at its end."""

from __future__ import annotations

import tomllib

import tomlkit
from tomlkit.container import OutOfOrderTableProxy
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import Table

from imgdiag.errors import ImgdiagError
from imgdiag.project.toml import parse_toml, table


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
    if not expected["tool"]:
        del expected["tool"]
    try:
        document = tomlkit.parse(text)
        tool = document["tool"]
        assert isinstance(tool, Table | OutOfOrderTableProxy)
        del tool["imgdiag"]
        left = tomlkit.dumps(document)
        found = tomllib.loads(left)
        if not found.get("tool", True):
            del found["tool"]
        done = found == expected
    except (TOMLKitError, AssertionError, tomllib.TOMLDecodeError):
        done = False
    if not done:
        raise ImgdiagError(
            f"cannot take [tool.imgdiag] out of {path} and leave the rest as it is",
            hint="Take it out by hand",
        )
    return left
