"""Waivers: findings that are accepted for now, with a reason, until a day."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Generic, Protocol, TypeVar

from packaging.utils import canonicalize_name

from imgdiag.finding import Finding
from imgdiag.gate.globs import at_or_below


class Waivable(Protocol):
    """What a waiver can accept: a finding in an image, or in a project's files."""

    @property
    def label(self) -> str: ...


T = TypeVar("T", bound=Waivable)

Owners = Callable[[], Mapping[str, str]]
"""Gives the package that owns each path; asked only when a waiver names packages."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiver:
    """Findings that are accepted up to and with the day `expires`.

    A finding is covered when it is `rule`'s ("" for any), and when every byte that it claims lies
    at or below one of `paths`, and is owned by one of `packages`: all patterns, () for any. So a
    waiver never accepts more than it names. Where `of_project`, `rule` is a check of a project's
    files and `paths` are those files. `line` is where it stands in the configuration.
    """

    rule: str = ""
    paths: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()
    reason: str
    expires: datetime.date
    of_project: bool = False
    line: int | None = None

    @property
    def about(self) -> str:
        """Return what it is for in words, and its line where it has one."""
        parts = [self.rule or "any rule"]
        if self.paths:
            parts.append(f"at {', '.join(self.paths)}")
        if self.packages:
            parts.append(f"of {', '.join(self.packages)}")
        if self.line is not None:
            parts.append(f"(line {self.line})")
        return " ".join(parts)


@dataclass(frozen=True, slots=True)
class Waived(Generic[T]):
    """A finding that a waiver accepts."""

    finding: T
    waiver: Waiver


@dataclass(frozen=True, slots=True)
class Unused(Generic[T]):
    """A waiver that accepts nothing. `partly` is a finding of which it covers a part, or None."""

    waiver: Waiver
    partly: T | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Waivers(Generic[T]):
    """What the waivers do: the findings they accept, and those of them that accept nothing."""

    waived: tuple[Waived[T], ...] = ()
    expired: tuple[Waiver, ...] = ()
    unused: tuple[Unused[T], ...] = ()

    def __bool__(self) -> bool:
        """Tell whether there is any."""
        return bool(self.waived or self.expired or self.unused)

    def of(self, finding: T) -> Waiver | None:
        """Return the waiver that accepts `finding`, None when none does."""
        return next((each.waiver for each in self.waived if each.finding is finding), None)


def apply(
    findings: Iterable[Finding], waivers: Iterable[Waiver], owners: Owners, today: datetime.date
) -> Waivers[Finding]:
    """Hold `waivers` against what was found in an image; those for projects are left out."""
    return held(
        findings,
        (each for each in waivers if not each.of_project),
        lambda waiver, finding: _covered(waiver, finding, owners),
        today,
    )


def held(
    findings: Iterable[T],
    waivers: Iterable[Waiver],
    covers: Callable[[Waiver, T], tuple[int, int]],
    today: datetime.date,
) -> Waivers[T]:
    """Hold `waivers` against `findings`. The first that covers a finding accepts it.

    `covers` returns how many parts of a finding are the waiver's, and how many there are.
    """
    findings, waivers = tuple(findings), tuple(waivers)
    expired = tuple(each for each in waivers if each.expires < today)
    waived: dict[T, Waiver] = {}
    unused = []
    for waiver in (each for each in waivers if each.expires >= today):
        used, partly = False, None
        for finding in findings:
            covered, claimed = covers(waiver, finding)
            if covered and covered == claimed:
                used = True
                waived.setdefault(finding, waiver)
            elif covered:
                partly = partly or finding
        if not used:
            unused.append(Unused(waiver, partly))
    accepted = tuple(Waived(each, waived[each]) for each in findings if each in waived)
    return Waivers(waived=accepted, expired=expired, unused=tuple(unused))


def _covered(waiver: Waiver, finding: Finding, owners: Owners) -> tuple[int, int]:
    """Return how many of the paths that `finding` claims are the waiver's, and how many there are.

    Empty files do not count beside others. A finding that claims nothing has one, for its rule.
    """
    if waiver.rule and waiver.rule != finding.rule:
        return 0, 1
    tests: list[Callable[[str], bool]] = []
    if waiver.paths:
        tests.append(matcher(waiver.paths))
    if waiver.packages:
        tests.append(_any_owner(waiver.packages, owners()))
    if not tests:
        return 1, 1
    sizes = finding.claim.sizes
    paths = [path for path in sizes if sizes[path]] or list(sizes)
    return sum(all(test(path) for test in tests) for path in paths), max(len(paths), 1)


def matcher(patterns: Iterable[str]) -> Callable[[str], bool]:
    """Return what tells whether a path lies at or below one that a pattern names."""
    expressions: list[re.Pattern[str]] = [at_or_below(each) for each in patterns]
    return lambda path: any(each.match(path) for each in expressions)


def _any_owner(patterns: Iterable[str], owners: Mapping[str, str]) -> Callable[[str], bool]:
    wanted = [canonicalize_name(each) for each in patterns]
    known: dict[str, bool] = {}

    def is_theirs(path: str) -> bool:
        owner = owners.get(path)
        if owner is None:
            return False
        if owner not in known:
            name = canonicalize_name(owner)
            known[owner] = any(fnmatchcase(name, each) for each in wanted)
        return known[owner]

    return is_theirs


def waiver_lines(waivers: Waivers[T]) -> list[str]:
    """Return what the waivers do in words, a line each."""
    lines = [
        f"waived until {each.waiver.expires}: {each.finding.label}: {each.waiver.reason}"
        for each in waivers.waived
    ]
    lines += [
        f"expired on {each.expires}, and no longer holds: {each.about}: {each.reason}"
        for each in waivers.expired
    ]
    for each in waivers.unused:
        why = "nothing is found that it is for"
        if each.partly is not None:
            why = (
                f"it covers only a part of {each.partly.label}, and a waiver is for the whole of a "
                "finding"
            )
        lines.append(f"unused: {each.waiver.about}: {why}")
    return lines
