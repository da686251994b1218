from __future__ import annotations

import pytest
from packaging import markers as packaging_markers
from packaging.markers import Marker

from imgdiag.image import Platform
from imgdiag.python.markers import Markers, installed_for
from tests.made import made_filesystem, made_layer
from tests.python.graphs import LINUX, environment


def holds(
    marker: str,
    *,
    platform: Platform = LINUX,
    python: str | None = "3.11",
    path: str = "x",
    extra: str = "",
) -> bool:
    return Markers(platform, environment(python, path)).hold(Marker(marker), extra)


@pytest.mark.parametrize(
    ("marker", "platform", "expected"),
    [
        ("sys_platform == 'linux'", LINUX, True),
        ("sys_platform == 'win32' or sys_platform == 'darwin'", LINUX, False),
        ("platform_system == 'Linux'", LINUX, True),
        ("os_name == 'nt'", LINUX, False),
        ("os_name == 'nt' and sys_platform == 'win32'", Platform("windows", "amd64"), True),
        ("platform_machine == 'x86_64'", LINUX, True),
        ("platform_machine == 'x86_64'", Platform("linux", "arm64"), False),
        ("platform_machine == 'aarch64'", Platform("linux", "arm64"), True),
        ("platform_machine == 'armv7l'", Platform("linux", "arm", "v7"), True),
        ("platform_machine == 'armv6l'", Platform("linux", "arm", "v6"), True),
        ("platform_machine == 'i686'", Platform("linux", "386"), True),
        ("platform_machine == 'riscv64'", Platform("linux", "riscv64"), True),
        ("python_version < '3.11'", LINUX, False),
        ("python_version >= '3.11'", LINUX, True),
        ("'3.11' in python_version", LINUX, True),
        ("python_full_version >= '3.11.0'", LINUX, True),
        ("implementation_name == 'pypy'", LINUX, False),
        ("platform_python_implementation == 'CPython'", LINUX, True),
        ("extra == 'test'", LINUX, False),
    ],
)
def test_markers_are_the_images(marker: str, platform: Platform, expected: bool) -> None:
    assert holds(marker, platform=platform) is expected


def test_nothing_is_this_machines(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> dict[str, str]:
        return dict.fromkeys(packaging_markers.default_environment(), "this machine's")

    for name in packaging_markers.default_environment():
        monkeypatch.setattr(packaging_markers, "default_environment", refuse)
        if name not in ("platform_release", "platform_version"):
            assert not holds(f'{name} == "this machine\'s"'), name


@pytest.mark.parametrize(
    ("python", "expected"), [("3.9", False), ("3.10", True), ("3.13", True), ("3.14.2", True)]
)
def test_the_interpreter_is_the_images(python: str, expected: bool) -> None:
    assert holds("python_version >= '3.10'", python=python) is expected


@pytest.mark.parametrize(
    ("marker", "python", "expected"),
    [
        # Only the minor version is known: the patch may be any.
        ("python_full_version < '3.11.3'", "3.11", True),
        ("python_full_version >= '3.11.3'", "3.11", True),
        ("python_full_version == '3.11.7'", "3.11", True),
        ("python_full_version < '3.11'", "3.11", False),
        ("implementation_version >= '3.12'", "3.11", False),
        # All of it is known.
        ("python_full_version < '3.11.3'", "3.11.2", True),
        ("python_full_version < '3.11.3'", "3.11.3", False),
        # Nothing is known: it is kept when there is any Python for which it holds.
        ("python_version < '3'", None, True),
        ("python_version >= '3.14'", None, True),
        ("python_version < '3.8' and python_version > '3.9'", None, False),
        ("python_version < '3' and sys_platform == 'win32'", None, False),
        # The kernel is the host's that will run the image.
        ("platform_release >= '20.0'", "3.11", True),
        ("platform_release < '20.0'", "3.11", True),
        ("sys_platform == 'darwin' and platform_release >= '20.0'", "3.11", False),
    ],
)
def test_what_is_not_known_may_be_anything(marker: str, python: str | None, expected: bool) -> None:
    assert holds(marker, python=python) is expected


def test_pypy() -> None:
    path = "usr/lib/pypy3.10/site-packages"
    assert holds("platform_python_implementation == 'PyPy'", path=path, python=None)
    assert holds("implementation_name == 'pypy'", path=path)
    assert not holds("implementation_name == 'cpython'", path=path)
    # Its own version is not Python's, and not told.
    assert holds("implementation_version >= '7.3'", path=path, python="3.10")
    assert holds("implementation_version < '7.3'", path=path, python="3.10")


@pytest.mark.parametrize("spelling", ["cu_fft", "CU.FFT", "cu-fft"])
def test_extras_are_compared_by_their_normal_names(spelling: str) -> None:
    assert holds(f"extra == '{spelling}'", extra="cu-fft")


@pytest.mark.parametrize(
    "marker", ["sys_platform ~= 'linux'", "python_full_version ~= 'a'", "os_name > 'a'"]
)
def test_what_cannot_be_compared_never_holds(marker: str) -> None:
    assert not holds(marker)


@pytest.mark.parametrize(
    ("configuration", "known", "expected"),
    [
        ("home = /usr/bin\nversion = 3.11.2\n", "3.11", "3.11.2"),
        ("version_info = 3.11.2.final.0\n", "3.11", "3.11.2"),
        ("version_info=3.11.2\n", None, "3.11.2"),
        ("version = 3.12.1\n", "3.11", None),
        ("version = 3.1.1\n", "3.11", None),
        ("version = 3.11\n", "3.11", None),
        ("virtualenv-version = 20.0.1\n", "3.11", None),
    ],
)
def test_the_version_that_a_virtual_environment_was_made_with(
    configuration: str, known: str | None, expected: str | None
) -> None:
    filesystem = made_filesystem(made_layer({"x/pyvenv.cfg": configuration}))
    assert installed_for(filesystem, environment(known)) == expected
    assert installed_for(made_filesystem(), environment(known)) is None
