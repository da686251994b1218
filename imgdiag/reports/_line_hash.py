"""The hash of a line by which GitHub's code scanning knows an alert again.

It is that of CodeQL's `primaryLocationLineHash`, which GitHub's upload action works out for results
without one and holds against those that have one: a value of another kind would be a warning for
each. It covers the line's place and the 100 characters from its start, blanks and tabs left out, so
that it stays when lines are added above. Source: github/codeql-action, `fingerprints.ts` and the
values in its tests.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator

_BLOCK = 100  # characters
_BASE = 37
_MASK = (1 << 64) - 1
_GONE = pow(_BASE, _BLOCK, 1 << 64)  # the weight of a character that leaves the block
_END = 0xFFFF


def line_hashes(text: str) -> tuple[str, ...]:
    """Return the hash of each line of `text`; lines end with LF, CR or both."""
    seen: Counter[int] = Counter()
    hashes: list[str] = []
    block = deque([0] * _BLOCK)
    starts = deque([False] * _BLOCK)
    value = 0
    is_start = True
    for unit in (*_units(text), _END, *[None] * _BLOCK):
        # What is a hundred characters old has its whole block in `value` now.
        if starts.popleft():
            seen[value] += 1
            hashes.append(f"{value:x}:{seen[value]}")
        starts.append(is_start and unit is not None)
        is_start = unit == 0x0A
        value = (value * _BASE + (unit or 0) - _GONE * block.popleft()) & _MASK
        block.append(unit or 0)
    return tuple(hashes)


def _units(text: str) -> Iterator[int]:
    """Yield the UTF-16 units of `text` without blanks and tabs, each end of a line as LF."""
    data = text.replace("\r\n", "\n").replace("\r", "\n").encode("utf-16-le", "surrogatepass")
    units = memoryview(data).cast("H")
    return (unit for unit in units if unit not in (0x20, 0x09))
