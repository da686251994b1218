from __future__ import annotations

import pytest

from imgdiag.capture import CAPTURE
from imgdiag.layers.walk import split


@pytest.mark.parametrize(
    "path",
    [
        "app/lib/python3.11/site-packages/a-1.dist-info/RECORD",
        "app/lib/python3.11/site-packages/a-1.dist-info/direct_url.json",
        "app/lib/python3.11/site-packages/a-1.egg-info/installed-files.txt",
        "app/lib/python3.11/site-packages/a-1-py3.11.egg/EGG-INFO/PKG-INFO",
        "app/lib/python3.11/site-packages/a.egg-link",
        "app/lib/python3.11/site-packages/a.pth",
        "app/.venv/pyvenv.cfg",
        "opt/conda/conda-meta/a-1-0.json",
        "var/lib/dpkg/status",
        "var/lib/dpkg/diversions",
        "var/lib/dpkg/info/a.list",
        "var/lib/dpkg/status.d/a",
        "var/lib/dpkg/status.d/a.md5sums",
        "lib/apk/db/installed",
        "usr/lib/apk/db/installed",
    ],
)
def test_what_says_what_is_installed_is_read(path: str) -> None:
    parent, name = split(path)
    assert CAPTURE.wanted_in(parent)(name)


@pytest.mark.parametrize(
    "path",
    [
        "app/lib/python3.11/site-packages/a/b.py",
        "var/lib/dpkg/info/a.md5sums",
        "var/lib/dpkg/available",
        "lib/apk/db/scripts.tar",
        "opt/conda/conda-meta/history",
        "etc/shadow",
        "srv/a.egg-link",
    ],
)
def test_nothing_else_is(path: str) -> None:
    parent, name = split(path)
    assert not CAPTURE.wanted_in(parent)(name)


@pytest.mark.parametrize(
    ("folder", "size"), [("bin", 1024), ("app/.venv/bin", 1024), ("app/bin/x", -1), ("", -1)]
)
def test_small_scripts_are_read_where_programs_are(folder: str, size: int) -> None:
    assert CAPTURE.small_in(folder) == size


@pytest.mark.parametrize(
    ("folder", "name", "expected"),
    [
        ("app", "pyproject.toml", True),
        ("", "requirements.txt", True),
        ("app", "requirements-dev.txt", True),
        ("usr/src/app", "dev-requirements.in", True),
        ("app/requirements", "base.txt", True),
        ("app/requirements", "base.md", False),
        ("app", "constraints.txt", False),
        ("app", "notes.txt", False),
        ("usr/share/doc/x", "requirements-dev.txt", False),
        ("app/.venv/lib/python3.11/site-packages/x", "requirements-dev.txt", False),
        ("app/.venv/lib/python3.11/site-packages/x-1.dist-info", "REQUESTED", True),
        ("app/.venv/lib/python3.11/site-packages/x", "METADATA", False),
    ],
)
def test_requirements_files_of_a_project_are_read(folder: str, name: str, expected: bool) -> None:
    assert CAPTURE.wanted_in(folder)(name) is expected
