"""Each meaning of 'size', before and after."""

from __future__ import annotations

from dataclasses import dataclass

from imgdiag.analysis import Sizes


@dataclass(frozen=True, slots=True)
class SizeChange:
    """One of the sizes that docs/numbers.md defines, in bytes; None where it is not known."""

    name: str
    base: int | None
    head: int | None

    @property
    def growth(self) -> int | None:
        """Return by how much it grew, negative when it shrank, None where one is not known."""
        return None if self.base is None or self.head is None else self.head - self.base


NAMES = (
    "layer_bytes",
    "visible_bytes",
    "wasted_bytes",
    "transfer_bytes",
    "engine_bytes",
    "symlink_bytes",
)


def compare_sizes(base: Sizes, head: Sizes) -> tuple[SizeChange, ...]:
    """Return all sizes, in the order of `NAMES`."""
    return tuple(SizeChange(name, getattr(base, name), getattr(head, name)) for name in NAMES)
