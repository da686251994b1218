"""A comparison held against budgets of growth: what an image may be larger than another."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from imgdiag.comparison.comparison import Comparison
from imgdiag.gate import gate
from imgdiag.gate.budgets import Budget, Limit, Measure, growth
from imgdiag.gate.gate import Check, Gate


def max_growth(limit: Limit) -> Budget:
    """Return the budget that the option of this name sets."""
    return Budget(name="max-growth", measure=Measure.GROWTH, limit=limit)


def judge(
    comparison: Comparison,
    budgets: Iterable[Budget],
    *,
    allow_partial: bool = False,
    configuration: str = "",
) -> Gate:
    """Hold the growth of the layers against `budgets`; those of an image itself are left out.

    A comparison with a part of an image does not pass. `configuration` is the file that has some
    of the budgets, "" without one.
    """
    growths = [each for each in budgets if each.measure is Measure.GROWTH]
    return Gate(
        checks=tuple(_checks(comparison, growths, allow_partial)),
        configuration=configuration if growths else "",
    )


def _checks(
    comparison: Comparison, budgets: Iterable[Budget], allow_partial: bool
) -> Iterator[Check]:
    base, head = comparison.base, comparison.head
    found = growth(head.sizes.layer_bytes, base.sizes.layer_bytes)
    for budget in budgets:
        yield gate.hold(budget, replace(found, what="growth"))
    skipped = len(base.skipped) + len(head.skipped)
    yield from gate.complete(skipped, allow_partial=allow_partial)
