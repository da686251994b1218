from __future__ import annotations

import pytest

from imgdiag.facts.facts import Facts
from imgdiag.image import parse_config
from imgdiag.python.environments import Environment
from tests.made import distribution, facts_of, made_filesystem, made_layer

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
        ("opt/python/lib/python3.11/site-packages", "opt/python/lib/python3.11/os.py",
         "standalone", "opt/python", "3.11"),
        ("opt/pypy/lib/pypy3.10/site-packages", "opt/pypy/lib/pypy3.10/os.py", "standalone",
         "opt/pypy", "3.10"),
        ("install/lib/python3.11/site-packages", "x", "prefix", "install", "3.11"),
        ("install/local/lib/python3.11/dist-packages", "x", "prefix", "install", "3.11"),
        ("usr/lib/python3/dist-packages", "usr/lib/python3.11/os.py", "system", "usr", "3.11"),
        ("srv/packages", "opt/lib/python3.12/os.py", "target", "srv/packages", "3.12"),
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


@pytest.mark.parametrize(
    ("folder", "marker", "kind", "creator", "version"),
    [
        ("app/.venv/lib/python3.12/site-packages", "uv = 0.5.1", "venv", "uv", "3.12"),
        ("v/lib/python3.12/site-packages", "virtualenv = 20.26", "venv", "virtualenv", "3.12"),
        ("v/lib/python3.12/site-packages", "version = 3.12.1", "venv", "", "3.12"),
        ("v/lib/python3.12/site-packages", "\0\0\0\0", "venv", "", "3.12"),
        ("root/.local/share/virtualenvs/app-x/lib/python3.9/site-packages", "home = /x", "venv",
         "pipenv", "3.9"),
        ("root/.cache/pypoetry/virtualenvs/a/lib/python3.9/site-packages", "virtualenv = 20",
         "venv", "poetry", "3.9"),
        ("root/.local/share/uv/tools/ruff/lib/python3.9/site-packages", "uv = 1", "venv", "uv",
         "3.9"),
        ("root/.local/share/pipx/venvs/x/lib/python3.9/site-packages", "home = /x", "venv", "pipx",
         "3.9"),
    ],
)  # fmt: skip
def test_who_made_a_virtual_environment(
    folder: str, marker: str, kind: str, creator: str, version: str
) -> None:
    prefix = folder.partition("/lib/")[0]
    files: dict[str, int | str] = {f"{folder}/{METADATA}": "", f"{prefix}/pyvenv.cfg": marker}
    [found] = facts_of(files).environments
    assert (found.kind, found.creator, found.python_version) == (kind, creator, version)


@pytest.mark.parametrize(
    ("prefix", "creator"),
    [
        ("root/.local/share/uv/python/cpython-3.12.4-linux-x86_64-gnu", "uv"),
        ("root/.pyenv/versions/3.12.4", "pyenv"),
        ("opt/pyenv/versions/3.12.4", "pyenv"),
        ("opt/python", ""),
    ],
)
def test_who_made_a_standalone_python(prefix: str, creator: str) -> None:
    library = f"{prefix}/lib/python3.12"
    facts = facts_of(
        {
            f"{library}/os.py": 1,
            f"{library}/site-packages/{METADATA}": 1,
            f"{prefix}/bin/python3.12": 5,
        }
    )
    [found] = facts.environments
    assert (found.kind, found.creator, found.prefix) == ("standalone", creator, prefix)


def test_pdms_packages_beside_a_project() -> None:
    [found] = environments(f"app/__pypackages__/3.11/lib/{METADATA}")
    assert (found.kind, found.creator, found.prefix, found.python_version) == (
        "pypackages",
        "pdm",
        "app/__pypackages__/3.11",
        "3.11",
    )


def test_the_default_python_decides_for_debians_folder_beside_two() -> None:
    files = dict.fromkeys(
        ("usr/lib/python3.11/os.py", "usr/lib/python3.12/os.py", "usr/bin/python3.11",
         "usr/bin/python3.12", f"usr/lib/python3/dist-packages/{METADATA}"), 1
    )  # fmt: skip
    for target, version in (("python3.12", "3.12"), ("python3.11", "3.11"), ("gone", None)):
        filesystem = made_filesystem(made_layer(files, symlinks={"usr/bin/python3": target}))
        [found] = Facts(config=parse_config(b"{}"), filesystem=filesystem).environments
        assert found.python_version == version


def test_markers_are_evaluated_for_debians_own_python() -> None:
    site = "usr/lib/python3/dist-packages"
    facts = facts_of(
        {
            **distribution("a", requires=["b; python_version < '3.8'"], site=site),
            **distribution("b", site=site),
            "usr/lib/python3.7/os.py": 1,
        }
    )
    assert facts.graphs[site].requires["a"] == {"b"}


def test_a_source_trees_egg_info_is_no_installation() -> None:
    files = ("app/my.egg-info/PKG-INFO", "app/my.egg-info/SOURCES.txt")
    assert environments(*files) == []
    assert [each.kind for each in environments(*files, "app/my.egg-info/installed-files.txt")] == [
        "target"
    ]


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
