from __future__ import annotations

import pytest

from imgdiag.python.environments import Environment
from tests.made import facts_of

METADATA = "a-1.dist-info/METADATA"


def environments(*paths: str) -> list[Environment]:
    return list(facts_of(dict.fromkeys(paths, 1)).environments)


@pytest.mark.parametrize(
    ("folder", "marker", "kind", "prefix", "version"),
    [
        ("app/.venv/lib/python3.11/site-packages", "app/.venv/pyvenv.cfg", "venv", "app/.venv",
         "3.11"),
        ("venv/lib64/python3.13t/site-packages", "venv/pyvenv.cfg", "venv", "venv", "3.13"),
        ("opt/conda/lib/python3.12/site-packages", "opt/conda/conda-meta/history", "conda",
         "opt/conda", "3.12"),
        ("usr/local/lib/python3.11/site-packages", "x", "system", "usr/local", "3.11"),
        ("usr/lib/python3/dist-packages", "x", "system", "usr", None),
        ("usr/local/lib/python3.11/dist-packages", "x", "system", "usr", "3.11"),
        ("lib/python3.11/site-packages", "x", "system", "", "3.11"),
        ("root/.local/lib/python3.11/site-packages", "x", "user", "root/.local", "3.11"),
        ("srv/packages", "x", "target", "srv/packages", None),
    ],
)  # fmt: skip
def test_kinds(folder: str, marker: str, kind: str, prefix: str, version: str | None) -> None:
    assert environments(f"{folder}/{METADATA}", marker) == [
        Environment(path=folder, prefix=prefix, kind=kind, python_version=version)
    ]


@pytest.mark.parametrize("line", ["version = 3.12.4", "version_info = 3.12.4.final.0"])
def test_pyvenv_cfg_tells_the_version_where_the_path_does_not(line: str) -> None:
    files: dict[str, int | str] = {
        "venv/lib/pypy/site-packages/x.py": 1,
        "venv/pyvenv.cfg": f"home = /usr/bin\n{line}\n",
    }
    [found] = facts_of(files).environments
    assert (found.kind, found.prefix, found.python_version) == ("venv", "venv", "3.12")


def test_empty_package_folders_are_left_out() -> None:
    assert environments("usr/lib/python3.11/other/a") == []


@pytest.mark.parametrize(
    "store",
    [
        "root/.cache/uv/archive-v0/abc",
        "root/.cache/uv/builds-v0/x/lib/python3.11/site-packages",
        "opt/conda/pkgs/numpy-1/lib/python3.11/site-packages",
        "var/uv/wheels-v5/pypi/a",
    ],
)
def test_stores_are_no_environments(store: str) -> None:
    assert environments(f"{store}/{METADATA}") == []


def test_poetrys_own_environments_lie_in_its_cache() -> None:
    prefix = "root/.cache/pypoetry/virtualenvs/app-py3.11"
    folder = f"{prefix}/lib/python3.11/site-packages"
    [found] = environments(f"{folder}/{METADATA}", f"{prefix}/pyvenv.cfg")
    assert (found.kind, found.prefix) == ("venv", prefix)


def test_vendored_metadata_inside_an_environment_is_none_of_its_own() -> None:
    folder = "usr/lib/python3.11/site-packages"
    [found] = environments(f"{folder}/setuptools/_vendor/{METADATA}")
    assert found.path == folder


def test_a_folder_named_like_metadata_without_any_is_no_target() -> None:
    assert environments("srv/a.dist-info/RECORD") == []


def test_several_come_in_the_order_of_their_paths() -> None:
    paths = ["b/lib/python3.11/site-packages", "a/lib/python3.12/site-packages", "c/target"]
    found = environments(*(f"{path}/{METADATA}" for path in paths))
    assert [each.path for each in found] == sorted(paths)
