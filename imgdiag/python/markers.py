"""Whether a marker holds in the image, for its own interpreter and platform, never this machine's.

Source: the PyPA specification "Dependency specifiers", section "Environment markers".
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping

from packaging.markers import Marker, UndefinedComparison, UndefinedEnvironmentName
from packaging.version import InvalidVersion

from imgdiag.filesystem import Filesystem
from imgdiag.image import Platform
from imgdiag.python.environments import Environment, read_configuration

_MACHINES = {"amd64": "x86_64", "arm64": "aarch64", "386": "i686", "loong64": "loongarch64"}
_ARM = {"v5": "armv5tel", "v6": "armv6l", "v8": "armv8l"}  # as uname says it; else armv7l
_SYSTEMS = {"windows": ("nt", "win32", "Windows"), "freebsd": ("posix", "freebsd", "FreeBSD")}
_LINUX = ("posix", "linux", "Linux")
_VERSION = re.compile(r"(\d{1,9})\.(\d{1,9})(?:\.(\d{1,9}))?")
_FULL = re.compile(r"\d+\.\d+\.\d+")

# What no image tells is tried out with these: below and above all that a marker may ask for.
_RELEASES = ("0", "9999")
_PYTHONS = ((2, 7), *((3, minor) for minor in range(31)))
_MICROS = range(31)


class Markers:
    """Answers for one environment of the image.

    What is not known (the running kernel, an interpreter's version of which only `3.11` is known
    or nothing at all) may be anything: a marker holds when it holds for one of the values that
    there can be. So a requirement is rather kept than lost.
    """

    def __init__(
        self, platform: Platform, environment: Environment, version: str | None = None
    ) -> None:
        os_name, sys_platform, system = _SYSTEMS.get(platform.os, _LINUX)
        self._is_pypy = "/pypy" in f"/{environment.path}"
        self._versions = _versions(version or environment.python_version)
        self._known = {
            "os_name": os_name,
            "sys_platform": sys_platform,
            "platform_system": system,
            "platform_machine": _machine(platform),
            "platform_python_implementation": "PyPy" if self._is_pypy else "CPython",
            "implementation_name": "pypy" if self._is_pypy else "cpython",
        }
        self._answers: dict[tuple[str, str], bool] = {}

    def hold(self, marker: Marker | None, extra: str = "") -> bool:
        """Tell whether `marker` can hold when `extra` (normalised) is asked for, "" for none.

        A marker that compares what cannot be compared never holds.
        """
        if marker is None:
            return True
        question = (str(marker), extra)
        if question not in self._answers:
            self._answers[question] = any(
                _holds(marker, {**world, "extra": extra}) for world in self._worlds(question[0])
            )
        return self._answers[question]

    def _worlds(self, text: str) -> Iterator[Mapping[str, str]]:
        """Yield each environment there can be, as far as `text` could tell them apart."""
        versions = self._versions
        if "python_full_version" not in text and "implementation_version" not in text:
            versions = list({full.rpartition(".")[0]: full for full in versions}.values())
        if "version" not in text:
            versions = versions[:1]
        releases = _RELEASES if "platform_" in text else _RELEASES[:1]
        for full, release in itertools.product(versions, releases):
            world = self._known | {
                "python_version": full.rpartition(".")[0],
                "python_full_version": full,
                "implementation_version": full,
                "platform_release": release,
                "platform_version": release,
            }
            yield world
            if self._is_pypy and "implementation_version" in text:
                yield from (world | {"implementation_version": each} for each in _RELEASES)


def installed_for(filesystem: Filesystem, environment: Environment) -> str | None:
    """Return the full version of the Python that a virtual environment was made with, or None.

    It is what its installer held markers against; one that disagrees with the folder's is not used.
    """
    settings = read_configuration(filesystem, environment.prefix)
    match = _FULL.match(settings.get("version") or settings.get("version_info", ""))
    known = environment.python_version
    if match is None or (known and not match[0].startswith(f"{known}.")):
        return None
    return match[0]


def _machine(platform: Platform) -> str:
    if platform.architecture == "arm":
        return _ARM.get(platform.variant, "armv7l")
    return _MACHINES.get(platform.architecture, platform.architecture)


def _versions(known: str | None) -> list[str]:
    """Return the full versions that the interpreter may have."""
    match = _VERSION.match(known or "")
    if match and match[3]:
        return [match[0]]
    pythons = ((int(match[1]), int(match[2])),) if match else _PYTHONS
    return [f"{major}.{minor}.{micro}" for major, minor in pythons for micro in _MICROS]


def _holds(marker: Marker, world: dict[str, str]) -> bool:
    try:
        # Every variable is given, so that none is taken from this machine's Python.
        return marker.evaluate(world)
    except (UndefinedComparison, UndefinedEnvironmentName, InvalidVersion, RecursionError):
        return False
