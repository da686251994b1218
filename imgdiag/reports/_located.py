"""Findings at their places in a repository: what SARIF, JUnit and annotations have in common."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from imgdiag.analysis import Analysis
from imgdiag.finding import Finding, Fix, Severity
from imgdiag.gate.gate import Gate
from imgdiag.gate.waivers import waiver_lines
from imgdiag.project.check import ProjectFinding
from imgdiag.project.choice import NAMES
from imgdiag.reports import _summary
from imgdiag.text import printable, shortened

_INSTRUCTION = 200  # characters of one, enough to know it by


class Described(Protocol):
    """A rule or a check: its name, and its texts in Markdown."""

    @property
    def name(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def why(self) -> str: ...
    @property
    def fix(self) -> str: ...
    @property
    def ignore_when(self) -> str: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Lines of a file, counted from 1. `path` starts at the repository's root, if it is in one.

    `what` is the instruction or the layer that stands there.
    """

    path: str
    line: int
    end_line: int
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Located:
    """A finding and where to mend it.

    Where `is_known` is false nothing says which line it is, and `place` is the first line of the
    Dockerfile that is most likely. `others` are more lines that have a part in it, `layers` those
    of the image. `fails` tells that the gate does not pass because of it.
    """

    rule: str
    severity: Severity
    message: str
    fix: Fix
    place: Place
    is_known: bool = True
    others: tuple[Place, ...] = ()
    layers: tuple[int, ...] = ()
    fails: bool = False

    @property
    def mend(self) -> str:
        """Return the mend as lines of text."""
        snippet = "\n".join(printable(line) for line in self.fix.snippet.split("\n"))
        return (
            f"{printable(self.fix.summary)}. {printable(_summary.fix_place(self.fix))}:\n{snippet}"
        )


def of_analysis(analysis: Analysis, gate: Gate) -> list[Located]:
    """Return what is to be mended in an image, the most bytes first.

    Notes are left out, and what a waiver accepts.
    """
    failing = {finding for check in gate.checks for finding in check.findings}
    return [
        _of_image(analysis, finding, fails=finding in failing)
        for finding in analysis.findings
        if finding.severity is not Severity.NOTE and gate.waivers.of(finding) is None
    ]


def notes_of(analysis: Analysis, gate: Gate) -> list[str]:
    """Return what a reader should know: what was not read or not checked, warnings, the
    route, waivers.
    """
    notes = [f"Not read: {each.what}: {each.reason}" for each in analysis.skipped]
    notes += analysis.warnings
    notes += [f"Read {analysis.route_note}"] if analysis.route_note else []
    notes += [f"{each.budget.name}: not checked: {each.reason}" for each in gate.not_checked]
    notes += waiver_lines(gate.waivers)
    return [printable(note) for note in notes]


def of_project(
    findings: Iterable[ProjectFinding], failing: Sequence[ProjectFinding]
) -> list[Located]:
    """Return what was found in a project, errors first, then by file and line."""
    failed = {id(each) for each in failing}
    located = [
        Located(
            rule=each.check,
            severity=each.severity,
            message=printable(each.message),
            fix=each.fix,
            place=Place(
                path=in_repository(each.path), line=each.line, end_line=each.end_line, what=""
            ),
            fails=id(each) in failed,
        )
        for each in findings
    ]
    levels = list(Severity)
    return sorted(located, key=lambda each: levels.index(each.severity))


def in_repository(path: str) -> str:
    """Return `path` from the root of the repository, as code hosts know files.

    What lies outside keeps its absolute path.
    """
    root = repository_root()
    whole = os.path.normpath(Path.cwd() / path)  # not resolved: a link in the repository is a file
    return os.path.relpath(whole, root) if Path(whole).is_relative_to(root) else whole


def repository_root() -> Path:
    """Return the nearest folder with a `.git`, from the working folder up, else that itself."""
    here = Path.cwd()
    return next((each for each in (here, *here.parents) if (each / ".git").exists()), here)


def _of_image(analysis: Analysis, finding: Finding, *, fails: bool) -> Located:
    layers = [analysis.layers[index] for index in finding.claim.layers]
    places = dict.fromkeys(
        Place(
            path=in_repository(layer.lines.path),
            line=layer.lines.line,
            end_line=layer.lines.end_line,
            what=shortened(layer.instruction, _INSTRUCTION),
        )
        for layer in layers
        if layer.lines is not None
    )
    known, others = tuple(places)[:1], tuple(places)[1:]
    dockerfile = analysis.dockerfile.path if analysis.dockerfile else NAMES[0]
    what = " ".join(shortened(layer.instruction, _INSTRUCTION) for layer in layers)
    unknown = Place(path=in_repository(dockerfile), line=1, end_line=1, what=what)
    return Located(
        rule=finding.rule,
        severity=finding.severity,
        message=printable(finding.message),
        fix=finding.fix,
        place=known[0] if known else unknown,
        is_known=bool(known),
        others=others,
        layers=tuple(finding.claim.layers),
        fails=fails,
    )
