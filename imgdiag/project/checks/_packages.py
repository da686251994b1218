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
# What runs needs of a package of headers, by Debian's names (bookworm; Ubuntu's and trixie's answer
# to them). None where the name changes with the release, or where it is more than one.
_LIBRARIES = {
    "default-libmysqlclient-dev": "libmariadb3",
    "libcairo2-dev": "libcairo2",
    "libcurl4-openssl-dev": "libcurl4",
    "libfreetype6-dev": "libfreetype6",
    "libmagic-dev": "libmagic1",
    "libmariadb-dev": "libmariadb3",
    "libopenblas-dev": "libopenblas0",
    "libpango1.0-dev": "libpango-1.0-0",
    "libpq-dev": "libpq5",
    "libsasl2-dev": "libsasl2-2",
    "libsndfile1-dev": "libsndfile1",
    "libxml2-dev": "libxml2",
    "libxslt1-dev": "libxslt1.1",
    "libyaml-dev": "libyaml-0-2",
    "libzmq3-dev": "libzmq5",
    "portaudio19-dev": "libportaudio2",
    "unixodbc-dev": "unixodbc",
    # Alpine's
    "cairo-dev": "cairo",
    "jpeg-dev": "libjpeg-turbo",
    "libxslt-dev": "libxslt",
    "mariadb-dev": "mariadb-connector-c",
    "postgresql-dev": "libpq",
}
# The headers of what every Python, or every image, has already.
_PRESENT = re.compile(
    r"(libc6|libffi|libssl|openssl|zlib1g|zlib|libbz2|liblzma|libsqlite3|libreadline|libncurses\w*"
    r"|musl|dpkg|python3?[\d.]*|bzip2|xz|sqlite|readline|ncurses|linux-headers|libexpat1)-dev(el)?"
)
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


def library_of(package: str) -> str | None:
    """Return what of a build tool the result needs when it runs, "" for nothing.

    None for a package of headers whose library is not known.
    """
    if package in _LIBRARIES:
        return _LIBRARIES[package]
    if not package.endswith(("-dev", "-devel")) or _PRESENT.fullmatch(package):
        return ""
    return None


def builds(command: Command) -> bool:
    """Tell whether a command compiles something."""
    return command.name in _BUILDING or command.has("--no-binary")


def _names(command: Command) -> tuple[str, ...]:
    virtual = command.value("--virtual") or command.value("-t")
    names = (word for word in command.arguments[1:] if word[:1].isalnum() and word != virtual)
    return tuple(re.split("[=/<>~:]", name)[0] for name in names)
