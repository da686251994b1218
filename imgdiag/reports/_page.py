"""A page of text for a terminal: what every report and table for people is printed on."""

from __future__ import annotations

import itertools
import textwrap
from collections.abc import Iterable, Sequence

import click

from imgdiag.reports import Style
from imgdiag.text import cut, printable, shortened, without_command_lines

_NARROWEST = (20, 10)  # columns of a name in a table: as long as that will do, and at all
_NARROWEST_PAGE = 40  # columns; a terminal may have less, and breaks the lines itself
_STACKED = 60  # characters of a cell that has lines of its own


class Page:
    """Lines of text. Everything that goes in is made harmless; only the page adds colour."""

    def __init__(self, style: Style) -> None:
        self.width = max(style.width, _NARROWEST_PAGE)
        self._color = style.color
        self._lines: list[str] = []

    def text(self) -> str:
        return without_command_lines("\n".join(self._lines).rstrip()) + "\n"

    def line(self, text: str = "", *, indent: int = 0, fg: str = "", bold: bool = False) -> None:
        """Add one line, cut at the page's width."""
        clean = cut(printable(text), self.width - indent)
        self._lines.append(" " * indent + self._styled(clean, fg, bold))

    def parts(self, parts: Iterable[tuple[str, str]], *, indent: int = 0) -> None:
        """Add one line of several parts, each with its colour ("bold" is one), cut at the width."""
        left = self.width - indent
        line = " " * indent
        for text, fg in parts:
            clean = cut(printable(text), left) if left else ""
            left -= len(clean)
            line += self._styled(clean, "" if fg == "bold" else fg, fg == "bold")
        self._lines.append(line.rstrip())

    def beside(
        self, mark: str, name: str, text: str, *, width: int, bold: bool, fg: str = "bright_black"
    ) -> None:
        """Add a name `width` columns wide, and beside it text that is broken between words."""
        width = min(width, (self.width - len(mark)) // 2)
        left = self.width - len(mark) - width - 4
        lines = textwrap.wrap(printable(text), left, break_on_hyphens=False) or [""]
        self.parts(
            [
                (mark, ""),
                (f"{cut(printable(name), width):<{width}}  ", "bold" if bold else ""),
                (lines[0], fg),
            ],
            indent=2,
        )
        for line in lines[1:]:
            self.parts([(line, fg)], indent=2 + len(mark) + width + 2)

    def heading(self, text: str) -> None:
        self.line()
        self.line(text, bold=True)

    def listing(self, title: str, lines: Iterable[str]) -> None:
        """Add a heading with a paragraph for each line, nothing where there is none."""
        for number, line in enumerate(lines):
            if not number:
                self.heading(title)
            self.paragraph(line, indent=2)

    def not_read(self, skipped: Iterable[str]) -> None:
        """Add what could not be read, and why."""
        self.listing("Not read: the numbers above leave this out", skipped)

    def paragraph(self, text: str, *, indent: int, fg: str = "", bold: bool = False) -> None:
        """Add text, broken between words."""
        lines = textwrap.wrap(printable(text), self.width - indent, break_on_hyphens=False)
        self._lines += [" " * indent + self._styled(line, fg, bold) for line in lines]

    def verbatim(self, text: str, *, indent: int) -> None:
        """Add lines for a file as they are, however long: they are there to be copied."""
        for line in text.split("\n"):
            self._lines.append(
                (" " * indent + self._styled(printable(line), "cyan", False)).rstrip()
            )

    def table(self, rows: Iterable[Sequence[str]], headers: Sequence[str], right: str) -> None:
        """Add a table; its last column takes the width that is left. `right` names columns by
        an r for each that is aligned to the right.

        Where even the numbers have no place beside each other, each row becomes a paragraph.
        """
        # Imported by whoever prints a table: JSON shares this module and has none.
        from tabulate import MIN_PADDING, tabulate

        cells = [[printable(cell) for cell in row] for row in rows]
        if not cells:
            return
        widths = [
            max(len(header) + MIN_PADDING, *map(len, column))
            for header, *column in zip(headers, *cells, strict=True)
        ]
        over = 2 + sum(widths) + 2 * (len(widths) - 1) - self.width
        # The last column gives first, then the longest names; numbers are never cut.
        texts = [index for index, letter in enumerate(right) if letter == "l"]
        order = (len(widths) - 1, *sorted(texts, key=lambda index: -widths[index]))
        for least, index in itertools.product(_NARROWEST, order):
            kept = min(widths[index], max(widths[index] - over, least))
            over -= widths[index] - kept
            widths[index] = kept
        if over > 0:
            for row in cells:
                self._stacked(headers, row)
            return
        for row in cells:
            row[:] = map(shortened, row, widths)
        aligned = ["right" if letter == "r" else "left" for letter in right]
        text = tabulate(
            cells, headers=headers, tablefmt="plain", colalign=aligned, disable_numparse=True
        )
        first, *rest = text.splitlines()
        self._lines.append("  " + self._styled(first, "bright_black", False))
        self._lines += [f"  {line}" for line in rest]

    def _stacked(self, headers: Sequence[str], row: Sequence[str]) -> None:
        pairs = zip(headers, row, strict=True)
        text = ", ".join(f"{header} {shortened(cell, _STACKED)}".strip() for header, cell in pairs)
        lines = textwrap.wrap(text, self.width - 4, break_on_hyphens=False)
        self._lines += [
            f"{'  ' if number == 0 else '    '}{line}" for number, line in enumerate(lines)
        ]

    def _styled(self, text: str, fg: str, bold: bool) -> str:
        if not self._color or not (fg or bold):
            return text
        return click.style(text, fg=fg or None, bold=bold or None)
