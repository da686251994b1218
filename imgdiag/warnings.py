"""Warnings of one pass over something hostile: few of each kind, however many there are."""

from __future__ import annotations


class Warnings:
    """Messages by kind (what stands before their colon); after three only their number grows."""

    _SHOWN = 3

    def __init__(self) -> None:
        self._by_kind: dict[str, list[str]] = {}
        self._counts: dict[str, int] = {}

    def add(self, message: str) -> None:
        """Take one warning."""
        kind = message.partition(":")[0]
        shown = self._by_kind.setdefault(kind, [])
        self._counts[kind] = self._counts.get(kind, 0) + 1
        if len(shown) < self._SHOWN:
            shown.append(message)

    def messages(self) -> tuple[str, ...]:
        """Return the warnings kept, and how many more there were of each kind."""
        result: list[str] = []
        for kind, shown in self._by_kind.items():
            result += shown
            if (more := self._counts[kind] - len(shown)) > 0:
                result.append(f"{kind}: {more:,} more")
        return tuple(result)
