"""Budgets and their verdict: what makes a pipeline fail."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from imgdiag import clock
from imgdiag.analysis import Analysis
from imgdiag.finding import Finding, Safety, Severity
from imgdiag.gate import waivers
from imgdiag.gate.budgets import Budget, Limit, Measure, Measured, Part, measure
from imgdiag.gate.waivers import Waiver, Waivers
from imgdiag.units import counted, format_bytes

GOOD_BYTES = 3_000_000_000
NORMAL_BYTES = 5_000_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Budgets:
    """What an image is held to: the limits of the options, None for none, and `named` ones.

    Sizes are in bytes. `fail_on` fails the gate for findings that are at least that safe to mend,
    but for those that `waivers` accept.
    """

    max_size: int | None = None
    max_download: int | None = None
    max_layer: int | None = None
    max_waste: int | None = None
    max_waste_percent: float | None = None
    fail_on: Safety | None = None
    allow_partial: bool = False
    named: tuple[Budget, ...] = ()
    waivers: tuple[Waiver, ...] = ()
    configuration: str = ""  # the file that says so, "" without one

    @property
    def every(self) -> tuple[Budget, ...]:
        """Return every budget: an option's is called as the option."""
        options = (
            ("max-size", Measure.LAYERS, "", Limit(bytes=self.max_size)),
            ("max-download", Measure.DOWNLOAD, "", Limit(bytes=self.max_download)),
            ("max-layer", Measure.LAYER, "*", Limit(bytes=self.max_layer)),
            ("max-waste", Measure.WASTE, "", Limit(bytes=self.max_waste)),
            ("max-waste-percent", Measure.WASTE, "", Limit(percent=self.max_waste_percent)),
        )
        given = (
            Budget(name=name, measure=measured, of=of, limit=limit)
            for name, measured, of, limit in options
            if limit != Limit()
        )
        return (*given, *self.named)


Unit = Literal["bytes", "percent", "count"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One limit held against one number; `actual` is None when it could not be known.

    Without a `budget` it counts findings, or what was not read. `over_bytes` is by how much a
    budget is broken; `parts` have the most of what it limits, and are there when it is broken.
    `findings` are those that it fails for.
    """

    name: str
    limit: float
    actual: float | None
    passed: bool
    detail: str
    budget: Budget | None = None
    over_bytes: int | None = None
    parts: tuple[Part, ...] = ()
    findings: tuple[Finding, ...] = ()

    @property
    def unit(self) -> Unit:
        """Return what `limit` and `actual` are in: bytes, percent or count."""
        if self.budget is None:
            return "count"
        return "bytes" if self.budget.limit.percent is None else "percent"

    @property
    def message(self) -> str:
        """Return what the user wants said when it fails, "" for nothing more."""
        return self.budget.message if self.budget and not self.passed else ""


@dataclass(frozen=True, slots=True)
class NotChecked:
    """A budget that nothing could be held against, and why. It neither passed nor failed."""

    budget: Budget
    reason: str


@dataclass(frozen=True, slots=True)
class Gate:
    """The verdict: passed when all checks did. `not_checked` budgets and `waivers` are told.

    `configuration` is the file that had a say, "" without one.
    """

    checks: tuple[Check, ...]
    not_checked: tuple[NotChecked, ...] = ()
    waivers: Waivers[Finding] = field(default_factory=Waivers)
    configuration: str = ""

    @property
    def passed(self) -> bool:
        """Tell whether every check passed; true without any."""
        return all(check.passed for check in self.checks)


def judge(
    analysis: Analysis,
    budgets: Budgets,
    *,
    today: datetime.date | None = None,
    baseline_bytes: int | None = None,
) -> Gate:
    """Hold `analysis` against `budgets`. A number that is not known does not pass.

    Waivers expire by `today`, else by the day it is. `baseline_bytes` is the sum of the layers of
    the image that this one is compared with; without it, growth is not checked.
    """
    accepted = waivers.apply(
        analysis.findings,
        budgets.waivers,
        lambda: analysis.files.owners,
        today or clock.today(),
    )
    measured = [(each, measure(each, analysis, baseline_bytes)) for each in budgets.every]
    return Gate(
        checks=(
            *(hold(budget, found) for budget, found in measured if not found.unchecked),
            *_fail_on(analysis, budgets.fail_on, accepted),
            *complete(len(analysis.skipped), allow_partial=budgets.allow_partial),
        ),
        not_checked=tuple(
            NotChecked(budget, found.unchecked) for budget, found in measured if found.unchecked
        ),
        waivers=accepted,
        configuration=budgets.configuration,
    )


def verdict(layer_bytes: int) -> str:
    """Judge a size as teams with a science stack do: good, normal, or to be looked into."""
    if layer_bytes < GOOD_BYTES:
        return "good, under 3 GB"
    if layer_bytes <= NORMAL_BYTES:
        return "normal for a full science stack (3 to 5 GB)"
    return "over 5 GB, look into it"


def hold(budget: Budget, found: Measured) -> Check:
    """Hold a budget against what it limits, measured."""
    limit = budget.limit
    passed = found.is_within(limit)
    over = None
    if found.bytes is None:
        detail = f"{found.what}: not known here, as not every layer is stored compressed"
    else:
        if not passed:
            over = max(found.bytes - limit.of(found.whole), 1)
        detail = _percent(budget, found) if limit.percent is not None else _bytes(budget, found)
        detail += f" by {format_bytes(over)}" if over is not None else ""
    return Check(
        name=budget.name,
        limit=limit.percent if limit.percent is not None else limit.of(0),
        actual=found.bytes if limit.percent is None else found.percent,
        passed=passed,
        detail=detail,
        budget=budget,
        over_bytes=over,
        parts=() if passed else found.parts,
    )


def _bytes(budget: Budget, found: Measured) -> str:
    size, most = found.bytes or 0, budget.limit.of(0)
    return (
        f"{found.what}: {format_bytes(size)} ({size:,} bytes), "
        f"{'within' if size <= most else 'over'} {format_bytes(most)} ({most:,} bytes)"
    )


def _percent(budget: Budget, found: Measured) -> str:
    what = "of the layers is never seen" if budget.measure is Measure.WASTE else found.what
    share = f"{found.percent:.1f} % " if found.percent is not None else ""
    text = f"{share}{what}, the limit is {budget.limit.percent:g} %"
    if found.is_within(budget.limit):
        return text
    return f"{text}: {format_bytes(found.bytes or 0)} ({found.bytes:,} bytes), over"


def _fail_on(
    analysis: Analysis, level: Safety | None, accepted: Waivers[Finding]
) -> Iterator[Check]:
    if level is None:
        return
    levels = list(Safety)
    found = [
        finding
        for finding in analysis.findings
        if finding.severity is not Severity.NOTE
        and levels.index(finding.safety) <= levels.index(level)
    ]
    failing = [finding for finding in found if accepted.of(finding) is None]
    names = ", ".join(sorted({finding.rule for finding in failing}))
    detail = "no findings"
    if failing:
        detail = f"{counted(len(failing), 'finding')} of 1 MB or more: {names}"
    if waived := len(found) - len(failing):
        detail += f"; {waived} waived"
    yield Check(
        name=f"fail-on {level}",
        limit=0,
        actual=len(failing),
        passed=not failing,
        detail=detail,
        findings=tuple(failing),
    )


def complete(skipped: int, *, allow_partial: bool) -> Iterator[Check]:
    """Yield the check that fails where so many things could not be read, none where all were."""
    if skipped and not allow_partial:
        yield Check(
            name="complete",
            limit=0,
            actual=skipped,
            passed=False,
            detail="not everything could be read; --allow-partial passes all the same",
        )
