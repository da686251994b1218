"""Budgets and their verdict: what makes a pipeline fail."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from imgdiag.analysis import Analysis
from imgdiag.finding import Finding, Safety, Severity
from imgdiag.text import shortened
from imgdiag.units import format_bytes

GOOD_BYTES = 3_000_000_000
NORMAL_BYTES = 5_000_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Budgets:
    """The limits that the user set; None is no limit. Sizes are in bytes.

    `fail_on` fails the gate for findings that are at least that safe to mend.
    """

    max_size: int | None = None
    max_download: int | None = None
    max_layer: int | None = None
    max_waste: int | None = None
    max_waste_percent: float | None = None
    fail_on: Safety | None = None
    allow_partial: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One limit held against one number; `actual` is None when it could not be known.

    `findings` are those that it fails for.
    """

    name: str
    limit: float
    actual: float | None
    passed: bool
    detail: str
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class Gate:
    """The verdict: passed when all checks did."""

    checks: tuple[Check, ...]

    @property
    def passed(self) -> bool:
        """Tell whether every check passed; true without any."""
        return all(check.passed for check in self.checks)


def judge(analysis: Analysis, budgets: Budgets) -> Gate:
    """Hold `analysis` against `budgets`. A number that is not known does not pass."""
    return Gate(tuple(_checks(analysis, budgets)))


def verdict(layer_bytes: int) -> str:
    """Judge a size as teams with a science stack do: good, normal, or to be looked into."""
    if layer_bytes < GOOD_BYTES:
        return "good, under 3 GB"
    if layer_bytes <= NORMAL_BYTES:
        return "normal for a full science stack (3 to 5 GB)"
    return "over 5 GB, look into it"


def _checks(analysis: Analysis, budgets: Budgets) -> Iterator[Check]:
    sizes = analysis.sizes
    if budgets.max_size is not None:
        yield _size("max-size", budgets.max_size, sizes.layer_bytes, "the sum of the layers")
    if budgets.max_download is not None:
        yield _size(
            "max-download", budgets.max_download, sizes.transfer_bytes, "the compressed layers"
        )
    if budgets.max_layer is not None:
        largest = max(analysis.layers, key=lambda layer: layer.layer_bytes, default=None)
        what = "no layer"
        if largest:
            what = f"layer {largest.index} ({shortened(largest.instruction, 60)})"
        yield _size("max-layer", budgets.max_layer, largest.layer_bytes if largest else 0, what)
    if budgets.max_waste is not None:
        yield _size("max-waste", budgets.max_waste, sizes.wasted_bytes, "shipped and never seen")
    if budgets.max_waste_percent is not None:
        # One division of integers: 30 of 100 bytes are 30 % and no more.
        percent = 100 * sizes.wasted_bytes / sizes.layer_bytes if sizes.layer_bytes else 0.0
        yield Check(
            name="max-waste-percent",
            limit=budgets.max_waste_percent,
            actual=percent,
            passed=percent <= budgets.max_waste_percent,
            detail=f"{percent:.1f} % of the layers is never seen, "
            f"the limit is {budgets.max_waste_percent:g} %",
        )
    if budgets.fail_on is not None:
        levels = list(Safety)
        failing = [
            finding
            for finding in analysis.findings
            if finding.severity is not Severity.NOTE
            and levels.index(finding.safety) <= levels.index(budgets.fail_on)
        ]
        names = ", ".join(sorted({finding.rule for finding in failing}))
        yield Check(
            name=f"fail-on {budgets.fail_on}",
            limit=0,
            actual=len(failing),
            passed=not failing,
            detail=f"{len(failing)} finding{'s' * (len(failing) != 1)} of 1 MB or more: {names}"
            if failing
            else "no findings",
            findings=tuple(failing),
        )
    if analysis.skipped and not budgets.allow_partial:
        yield Check(
            name="complete",
            limit=0,
            actual=len(analysis.skipped),
            passed=False,
            detail="not everything could be read; --allow-partial passes all the same",
        )


def _size(name: str, limit: int, actual: int | None, what: str) -> Check:
    if actual is None:
        detail = f"{what}: not known here, as not every layer is stored compressed"
    else:
        relation = "within" if actual <= limit else "over"
        difference = "" if actual <= limit else f" by {format_bytes(actual - limit)}"
        detail = (
            f"{what}: {format_bytes(actual)} ({actual:,} bytes), "
            f"{relation} {format_bytes(limit)} ({limit:,} bytes){difference}"
        )
    return Check(
        name=name,
        limit=limit,
        actual=actual,
        passed=actual is not None and actual <= limit,
        detail=detail,
    )
