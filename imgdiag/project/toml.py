"""TOML files of a project: their values, and the lines on which these stand."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from imgdiag import tomltext
from imgdiag.errors import ImgdiagError

_HEADER = re.compile(r"^\s*(\[\[?)\s*(?P<name>.+?)\s*\]\]?\s*(?:#.*)?$")
_KEY = re.compile(
    r"""^\s*(?P<key>(?:[\w-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[\w-]+|"[^"]*"|'[^']*'))*)\s*="""
)
_PART = re.compile(r"""[\w-]+|"[^"]*"|'[^']*'""")


@dataclass(frozen=True)
class TomlFile:
    """A TOML file: `values` as tomllib gives them, `text` for the lines."""

    path: str
    text: str
    values: Mapping[str, Any]

    def line(self, *path: str | int) -> int | None:
        """Return the line, from 1, of a key, a table or an item of an array of tables.

        `path` names it from the root, as in ("tool", "uv", "sources", "torch"); a number picks
        the item of an array of tables. A key that shares its line with others has that line. None
        when no line begins with it.
        """
        return self._lines.get(path)

    def line_with(self, part: str, after: int = 1) -> int | None:
        """Return the first line from `after` on that holds `part`, None when there is none."""
        lines = enumerate(self.text.splitlines()[after - 1 :], after)
        return next((number for number, line in lines if part in line), None)

    @cached_property
    def _lines(self) -> dict[tuple[str | int, ...], int]:
        lines: dict[tuple[str | int, ...], int] = {}
        for number, place in self._places():
            lines.setdefault(place, number)
        return lines

    def _places(self) -> Iterator[tuple[int, tuple[str | int, ...]]]:
        """Yield each header and each key that begins a line, with where in the file it stands."""
        table: tuple[str | int, ...] = ()
        items: dict[tuple[str | int, ...], int] = {}
        for number, line in enumerate(self.text.splitlines(), 1):
            header = _HEADER.match(line)
            if header:
                table = self._resolved(tuple(_parts(header["name"])), items)
                if header[1] == "[[":
                    items[table] = items.get(table, -1) + 1
                    table = (*table, items[table])
                yield number, table
            elif key := _KEY.match(line):
                parts = _parts(key["key"])
                for count in range(1, len(parts) + 1):
                    yield number, (*table, *parts[:count])

    @staticmethod
    def _resolved(
        name: tuple[str | int, ...], items: dict[tuple[str | int, ...], int]
    ) -> tuple[str | int, ...]:
        """Return a table's place; below an array of tables it belongs to the last item."""
        place: tuple[str | int, ...] = ()
        for index, part in enumerate(name):
            place = (*place, part)
            if place in items and index < len(name) - 1:
                place = (*place, items[place])
        return place


def _parts(name: str) -> list[str]:
    return [part.strip("\"'") for part in _PART.findall(name)]


def parse_toml(data: bytes, path: str) -> TomlFile:
    """Parse a TOML file. `path` is named in errors. Raises ImgdiagError."""
    try:
        text = data.decode("utf-8-sig")
        return TomlFile(path, text, tomltext.parse(text))
    except ValueError as error:  # UnicodeDecodeError is one too
        raise ImgdiagError(
            f"{path} is not valid TOML ({error})",
            hint="Mend the line that the message names",
        ) from error


def table(values: Any, *path: str) -> Mapping[str, Any]:
    """Return the table at `path`, an empty one when something else or nothing stands there."""
    for key in path:
        values = values.get(key) if isinstance(values, Mapping) else None
    return values if isinstance(values, Mapping) else {}


def tables(values: Any) -> list[Mapping[str, Any]]:
    """Return the tables of an array, those of another kind left out; a lone table is one item."""
    if isinstance(values, Mapping):
        return [values]
    return (
        [each for each in values if isinstance(each, Mapping)] if isinstance(values, list) else []
    )


def strings(values: Any) -> list[str]:
    """Return the strings of an array, others left out."""
    return [each for each in values if isinstance(each, str)] if isinstance(values, list) else []


def string(values: Mapping[str, Any], key: str) -> str:
    """Return the string at `key`, "" when there is none."""
    value = values.get(key)
    return value if isinstance(value, str) else ""
