"""Packages of the system: which a command installs, and which are for building only."""

from __future__ import annotations

import re

from imgdiag.project.checks._tools import call
from imgdiag.project.shell import Command

_TOOLS = frozenset(
    """
    autoconf automake bison build-base build-essential ccache clang cmake cpp dpkg-dev flex
    g++ gcc gfortran golang go libtool linux-headers llvm make meson musl-dev nasm ninja
    ninja-build patch pkg-config pkgconf python3-distutils rustc cargo swig yasm
    """.split()  # noqa: SIM905 - a list of words reads best as words
)
_VERSIONED = re.compile(r"(?:gcc|g\+\+|clang|llvm|gfortran|cpp)-\d+(?:\.\d+)?$")
_BUILDING = frozenset(
    ("c++", "cargo", "cc", "clang", "cmake", "configure", "g++", "gcc", "gfortran", "go", "make",
     "meson", "ninja", "rustc", "scons")
)  # fmt: skip
_MANAGERS = {
    "apk": "add",
    "apt": "install",
    "apt-get": "install",
    "dnf": "install",
    "microdnf": "install",
    "yum": "install",
}
_REMOVALS = frozenset(("del", "purge", "remove", "autoremove", "erase"))


def packages_of(command: Command) -> tuple[str, ...]:
    """Return the packages that a command installs, without versions; none for any other."""
    tool, sub = call(command)
    return _names(command) if _MANAGERS.get(tool) == sub else ()


def removed_by(command: Command) -> tuple[str, ...]:
    """Return the packages that a command takes out again."""
    tool, sub = call(command)
    return _names(command) if tool in _MANAGERS and sub in _REMOVALS else ()


def is_build_tool(package: str) -> bool:
    """Tell whether a package is a compiler, a build system or headers."""
    return (
        package in _TOOLS
        or package.endswith(("-dev", "-devel"))
        or _VERSIONED.fullmatch(package) is not None
    )


def builds(command: Command) -> bool:
    """Tell whether a command compiles something."""
    return command.name in _BUILDING or command.has("--no-binary")


def _names(command: Command) -> tuple[str, ...]:
    virtual = command.value("--virtual") or command.value("-t")
    names = (word for word in command.arguments[1:] if word[:1].isalnum() and word != virtual)
    return tuple(re.split("[=/<>~:]", name)[0] for name in names)
