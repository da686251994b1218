"""What was found in a project, held against --fail-on and the waivers."""

from __future__ import annotations

import datetime
import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from imgdiag import clock
from imgdiag.finding import Severity
from imgdiag.gate import waivers
from imgdiag.gate.waivers import Waiver, Waivers
from imgdiag.project.check import ProjectFinding


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The findings by file and line, those that no waiver accepts, and of these the failing ones.

    `fail_on` is None where nothing was to fail. `configuration` is the file that has the waivers,
    "" without one.
    """

    findings: tuple[ProjectFinding, ...]
    open: tuple[ProjectFinding, ...]
    failing: tuple[ProjectFinding, ...]
    fail_on: Severity | None = None
    waivers: Waivers[ProjectFinding] = field(default_factory=Waivers)
    configuration: str = ""

    @property
    def passed(self) -> bool:
        """Tell whether nothing fails."""
        return not self.failing


def judge(
    findings: Iterable[ProjectFinding],
    *,
    fail_on: Severity | None = None,
    accepted: Iterable[Waiver] = (),
    configuration: str = "",
    today: datetime.date | None = None,
) -> Verdict:
    """Return what fails: findings as severe as `fail_on`, but for those that are `accepted`.

    Patterns for files are from the folder of `configuration`. Waivers of an image's findings are
    left out; they expire by `today`, else by the day it is.
    """
    findings = tuple(findings)
    folder = Path.cwd() / Path(configuration).parent

    def covers(waiver: Waiver, finding: ProjectFinding) -> tuple[int, int]:
        if waiver.rule != finding.check:
            return 0, 1
        path = os.path.relpath(Path.cwd() / finding.path, folder)
        return int(not waiver.paths or waivers.matcher(waiver.paths)(path)), 1

    held = waivers.held(
        findings, (each for each in accepted if each.of_project), covers, today or clock.today()
    )
    left = tuple(each for each in findings if held.of(each) is None)
    levels = list(Severity)
    return Verdict(
        findings=findings,
        open=left,
        failing=tuple(
            each
            for each in left
            if fail_on is not None and levels.index(each.severity) <= levels.index(fail_on)
        ),
        fail_on=fail_on,
        waivers=held,
        configuration=configuration,
    )
