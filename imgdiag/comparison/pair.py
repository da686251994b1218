"""What is compared: one thing as it is in two images."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Pair(Generic[T]):
    """A thing of BASE and the one that stands for it in HEAD, None where none does."""

    base: T | None
    head: T | None

    @property
    def shown(self) -> T:
        """Return that of HEAD, or the one that is gone."""
        shown = self.base if self.head is None else self.head
        assert shown is not None
        return shown
