"""How much an image may grow, and whether it did."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from imgdiag.comparison.comparison import Comparison
from imgdiag.gate import Check, Gate
from imgdiag.units import format_bytes, parse_size

_NUMBER = re.compile(r"[0-9]{1,9}(\.[0-9]{1,9})?", re.ASCII)


@dataclass(frozen=True, slots=True)
class GrowthLimit:
    """The most that the layers may grow: in bytes, or in per cent of BASE's layers."""

    amount: Decimal
    is_percent: bool

    @classmethod
    def parse(cls, text: str) -> GrowthLimit:
        """Return the limit that `text` means, such as 200MB or 5%. Raises ValueError."""
        share = text.strip()
        if share.endswith("%"):
            number = share[:-1].strip()
            if not _NUMBER.fullmatch(number):
                raise ValueError(f"{text!r} is no share; write it as 5% or 0.5%")
            return cls(Decimal(number), True)
        return cls(Decimal(parse_size(text)), False)

    def __str__(self) -> str:
        return f"{self.amount} %" if self.is_percent else format_bytes(int(self.amount))

    def allowed_bytes(self, base_bytes: int) -> int:
        """Return how many bytes an image with `base_bytes` of layers may grow by."""
        return int(base_bytes * self.amount / 100 if self.is_percent else self.amount)


def judge(
    comparison: Comparison, limits: Iterable[GrowthLimit], *, allow_partial: bool = False
) -> Gate:
    """Hold a comparison against limits. One of a part of an image does not pass."""
    return Gate(tuple(_checks(comparison, limits, allow_partial)))


def _checks(
    comparison: Comparison, limits: Iterable[GrowthLimit], allow_partial: bool
) -> Iterator[Check]:
    growth = comparison.growth
    for limit in limits:
        allowed = limit.allowed_bytes(comparison.base.sizes.layer_bytes)
        passed = growth <= allowed
        what = (
            f"grew by {format_bytes(growth)} ({growth:,} bytes)"
            if growth > 0
            else f"shrank by {format_bytes(-growth)} ({-growth:,} bytes)"
            if growth
            else "did not grow"
        )
        relation = "within" if passed else "over"
        over = "" if passed else f" by {format_bytes(growth - allowed)}"
        share = f"{limit.amount} % of BASE, " if limit.is_percent else ""
        yield Check(
            name="max-growth",
            limit=allowed,
            actual=growth,
            passed=passed,
            detail=f"the layers {what}, {relation} {share}{format_bytes(allowed)} "
            f"({allowed:,} bytes){over}",
        )
    skipped = len(comparison.base.skipped) + len(comparison.head.skipped)
    if skipped and not allow_partial:
        yield Check(
            name="complete",
            limit=0,
            actual=skipped,
            passed=False,
            detail="not everything could be read; --allow-partial passes all the same",
        )
