"""A real uv.lock, held against what uv itself says that it installs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from packaging.markers import Marker
from packaging.requirements import Requirement

from imgdiag.project.locks import Choice, select, uv

SERVICE = Path(__file__).parent / "service"
# `python -m uv` finds the program beside this interpreter, in whatever folder it was put.
UV = (sys.executable, "-m", "uv")


def exported(*options: str, environment: dict[str, str]) -> list[str]:
    """Return what `uv export` lists for an environment; a locked project needs no network."""
    done = subprocess.run(
        [
            *(*UV, "export", "--frozen", "--offline", "--quiet", "--no-hashes", "--no-annotate"),
            *("--no-header", "--no-emit-project", "--project", str(SERVICE), *options),
        ],
        check=True,
        capture_output=True,
        text=True,
    )
    requirements = map(Requirement, done.stdout.splitlines())
    return sorted(
        f"{each.name}{each.specifier}"
        for each in requirements
        if each.marker is None or Marker(str(each.marker)).evaluate(environment)
    )


@pytest.mark.parametrize("python", ["3.11", "3.13"])
@pytest.mark.parametrize("groups", [(), ("lint",), ("dev", "lint")], ids=str)
@pytest.mark.parametrize("extra", ["", "old", "new"])
def test_the_same_packages(python: str, groups: tuple[str, ...], extra: str) -> None:
    lock = uv.read((SERVICE / "uv.lock").read_bytes(), "uv.lock")
    found = select(
        lock, Choice(python=python, groups=frozenset(groups), extras=frozenset({extra} - {""}))
    )
    options = ["--no-default-groups", *(f"--group={group}" for group in groups)]
    options += [f"--extra={extra}"] if extra else []
    environment = {
        "python_version": python,
        "python_full_version": f"{python}.0",
        "sys_platform": "linux",
        "platform_system": "Linux",
        "os_name": "posix",
    }
    assert sorted(f"{each.package.name}=={each.package.version}" for each in found) == exported(
        *options, environment=environment
    )


def test_the_sizes_are_those_of_the_wheels() -> None:
    lock = uv.read((SERVICE / "uv.lock").read_bytes(), "uv.lock")
    sizes = {each.package.name: each.size for each in select(lock, Choice())}
    assert None not in sizes.values()
    text = (SERVICE / "uv.lock").read_text()
    for size in sizes.values():
        assert f"size = {size}," in text or f"size = {size} }}" in text
