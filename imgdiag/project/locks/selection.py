"""From a lock file to what one installation brings: for a platform, a Python, extras and groups."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass

from packaging.markers import InvalidMarker, Marker
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.tags import Tag
from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename

from imgdiag.image import Platform
from imgdiag.project.locks.lock import Lock, Locked, LockedPackage, LockedRequirement
from imgdiag.python.environments import Environment
from imgdiag.python.markers import Markers
from imgdiag.text import whole_number

LINUX = Platform("linux", "amd64")
_PYTHONS = tuple(f"3.{minor}" for minor in range(8, 31))


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What is installed: for which platform and Python, with which of the project's extras and
    groups. `python` is a version such as 3.11, "" for the lowest that the lock allows.
    """

    platform: Platform = LINUX
    python: str = ""
    extras: frozenset[str] = frozenset()
    groups: frozenset[str] = frozenset()


def select(lock: Lock, choice: Choice) -> tuple[Locked, ...]:
    """Return the packages that an installation brings, by name.

    Markers are evaluated for the choice's platform and Python, with its extras and groups.
    """
    python = choice.python or _lowest_python(lock.requires_python)
    walk = _Walk(lock, choice, python)
    walk.run()
    return tuple(
        Locked(
            package=package,
            size=_wheel_size(package, choice.platform, python),
            required_by=tuple(sorted(walk.required_by[package.name, package.version])),
        )
        for package in sorted(walk.found, key=lambda each: (each.name, each.version))
    )


class _Walk:
    """Follows requirements from the roots; iterative, and each package's extra once."""

    def __init__(self, lock: Lock, choice: Choice, python: str) -> None:
        environment = Environment(path="", prefix="", kind="venv", python_version=python)
        self._markers = Markers(choice.platform, environment)
        self._choice = choice
        self._answers: dict[str, bool] = {}
        self._by_name: dict[str, list[LockedPackage]] = defaultdict(list)
        for package in lock.packages:
            self._by_name[package.name].append(package)
        self._queue: list[tuple[str, LockedRequirement]] = [
            ("", root)
            for root in lock.roots
            if (not root.group or root.group in choice.groups)
            and (not root.extra or root.extra in choice.extras)
        ]
        self.found: dict[LockedPackage, None] = {}
        self.required_by: dict[tuple[str, str], set[str]] = defaultdict(set)

    def run(self) -> None:
        done: set[tuple[str, str, str]] = set()
        while self._queue:
            by, requirement = self._queue.pop()
            if not self._holds(requirement.marker):
                continue
            for package in self._candidates(requirement):
                self.found[package] = None
                self.required_by[package.name, package.version].add(by)
                for extra in ("", *requirement.extras):
                    key = (package.name, package.version, extra)
                    if key in done:
                        continue
                    done.add(key)
                    more = package.optional.get(extra, ()) if extra else package.requirements
                    self._queue += [(package.name, each) for each in more]

    def _candidates(self, requirement: LockedRequirement) -> list[LockedPackage]:
        return [
            package
            for package in self._by_name.get(requirement.name, ())
            if requirement.version in ("", package.version)
            and requirement.index in ("", package.index)
        ]

    def _holds(self, text: str) -> bool:
        if not text:
            return True
        if text not in self._answers:
            try:
                self._answers[text] = self._markers.hold(Marker(self._with_choice(text)))
            except (InvalidMarker, RecursionError):
                self._answers[text] = True  # rather told than lost
        return self._answers[text]

    def _with_choice(self, text: str) -> str:
        """Return a marker with what it says of extras and groups answered."""
        text = _CONFLICT.sub(self._conflict_answer, text)
        return _MEMBERSHIP.sub(self._membership_answer, text)

    def _conflict_answer(self, match: re.Match[str]) -> str:
        length = int(match["length"])
        name = match["rest"][length + 1 :]
        chosen = self._choice.extras if match["kind"] == "extra" else self._choice.groups
        return _ANSWERS[(name in chosen) == (match["operator"] == "==")]

    def _membership_answer(self, match: re.Match[str]) -> str:
        chosen = self._choice.extras if match["kind"] == "extras" else self._choice.groups
        return _ANSWERS[(canonicalize_name(match["name"]) in chosen) == (match["not"] is None)]


# uv writes extras that exclude each other as `extra == 'extra-7-project-cpu'`, the number being
# the length of the project's name (uv-resolver, universal_marker.rs).
_CONFLICT = re.compile(
    r"extra\s*(?P<operator>[=!]=)\s*'(?P<kind>extra|group)-(?P<length>\d{1,3})-(?P<rest>[^']*)'"
)
# PEP 751: `'dev' in dependency_groups`.
_MEMBERSHIP = re.compile(
    r"""['"](?P<name>[^'"]*)['"]\s+(?P<not>not\s+)?in\s+(?P<kind>extras|dependency_groups)\b"""
)
_ANSWERS = {True: "os_name != 'none'", False: "os_name == 'none'"}


def _lowest_python(specifier: str) -> str:
    try:
        allowed = SpecifierSet(specifier)
    except InvalidSpecifier:
        return "3.11"
    return next((each for each in _PYTHONS if allowed.contains(f"{each}.99")), "3.11")


def _wheel_size(package: LockedPackage, platform: Platform, python: str) -> int | None:
    """Return the size of the wheel that an installer would take, None without one that fits."""
    fitting = [
        (rank, wheel.size)
        for wheel in package.wheels
        if wheel.size is not None and (rank := _rank(wheel.filename, platform, python)) is not None
    ]
    return max(fitting)[1] if fitting else None


_MACHINES = {"amd64": "x86_64", "arm64": "aarch64"}


def _rank(filename: str, platform: Platform, python: str) -> tuple[int, int] | None:
    """Return how well a wheel fits, higher is better; None when it does not.

    A glibc Linux is assumed; of its platform tags the newest is taken, as installers do.
    """
    try:
        tags = parse_wheel_filename(filename)[3]
    except InvalidWheelFilename:
        return None
    ranks = [rank for tag in tags if (rank := _tag_rank(tag, platform, python)) is not None]
    return max(ranks, default=None)


def _tag_rank(tag: Tag, platform: Platform, python: str) -> tuple[int, int] | None:
    machine = _MACHINES.get(platform.architecture, platform.architecture)
    if tag.platform == "any":
        built_for = 0
    elif tag.platform.startswith(("manylinux", "linux")) and tag.platform.endswith(f"_{machine}"):
        built_for = 1
    else:
        return None
    digits = python.replace(".", "")
    if tag.interpreter == f"cp{digits}" and tag.abi in (f"cp{digits}", "abi3", "none"):
        return built_for, 3
    if tag.abi == "abi3" and tag.interpreter.startswith("cp3"):
        minor, wanted = tag.interpreter[3:], digits[1:]
        least, given = whole_number(minor), whole_number(wanted)
        fits = least is not None and given is not None and least <= given
        return (built_for, 2) if fits else None
    if tag.interpreter in ("py3", f"py{digits}") and tag.abi == "none":
        return built_for, 1
    return None
