"""conda's records. Their form was taken from real ones, written by rattler, pixi's installer."""

from __future__ import annotations

import json

import pytest

from imgdiag.facts.facts import Facts
from tests.made import distribution, facts_of

PREFIX = "opt/conda/envs/app"
SITE = f"{PREFIX}/lib/python3.12/site-packages"


def record(name: str, version: str, files: list[str]) -> dict[str, int | str]:
    text = json.dumps(
        {
            "build": "0",
            "depends": ["python"],
            "name": name,
            "version": version,
            "url": f"https://conda.anaconda.org/conda-forge/linux-64/{name}-{version}-0.conda",
            "files": files,
            "paths_data": {"paths_version": 1, "paths": [{"_path": path} for path in files]},
            "link": {"source": "/opt/conda/pkgs", "type": 1},
        }
    )
    return {f"{PREFIX}/conda-meta/{name}-{version}-0.json": text}


def named(facts: Facts) -> tuple[dict[str, tuple[str, int]], dict[str, tuple[str, int]]]:
    """Return Python's distributions and the packages, with evidence or manager, and bytes."""
    return (
        {each.name: (each.evidence, each.bytes) for each in facts.distributions},
        {each.name: (each.manager, each.bytes) for each in facts.system_packages},
    )


def size(files: dict[str, int | str]) -> int:
    return sum(len(each) if isinstance(each, str) else each for each in files.values())


def test_a_package_owns_its_files_and_its_record() -> None:
    files = record("libopenblas", "0.3.27", ["lib/libopenblas.so.0", "lib/gone.so"])
    facts = facts_of({**files, f"{PREFIX}/lib/libopenblas.so.0": 30_000_000})
    assert named(facts) == ({}, {"libopenblas": ("conda", 30_000_000 + size(files))})
    assert facts.system_packages[0].missing == 1


def test_a_package_that_is_a_distribution_counts_once_and_as_that() -> None:
    installed = distribution("numpy", {"numpy/core.so": 20_000}, site=SITE, installer="conda")
    paths = [path.removeprefix(f"{PREFIX}/") for path in installed]
    files = record("numpy", "1.26.4", [*paths, "bin/f2py", "lib/python3.12/site-packages/late"])
    facts = facts_of({**installed, **files, f"{PREFIX}/bin/f2py": 300, f"{SITE}/late": 5})
    assert named(facts) == ({"numpy": ("conda", size(installed) + size(files) + 305)}, {})


def test_a_package_of_two_distributions_keeps_what_neither_names() -> None:
    one = distribution("one", {"one.py": 10}, site=SITE)
    two = distribution("two", {"two.py": 20}, site=SITE)
    paths = [path.removeprefix(f"{PREFIX}/") for path in (*one, *two)]
    files = record("both", "1", [*paths, "share/both.txt"])
    facts = facts_of({**one, **two, **files, f"{PREFIX}/share/both.txt": 7})
    assert named(facts) == (
        {"one": ("record", size(one)), "two": ("record", size(two))},
        {"both": ("conda", 7 + size(files))},
    )


def test_what_pip_put_in_its_place_is_pips() -> None:
    old = distribution("numpy", {"numpy/core.so": 20_000}, site=SITE, version="1.0")
    new = distribution("numpy", {"numpy/core.so": 20_000}, site=SITE, version="2.0")
    paths = [path.removeprefix(f"{PREFIX}/") for path in old]
    files = record("numpy", "1.0", paths)
    facts = facts_of({**new, **files})
    assert named(facts) == (
        {"numpy": ("record", size(new))},
        {"numpy": ("conda", size(files))},
    )


def test_byte_code_of_conda_is_its_packages() -> None:
    cache = f"{PREFIX}/lib/python3.12/__pycache__"
    files = record("python", "3.12.3", ["lib/python3.12/os.py"])
    facts = facts_of(
        {**files, f"{PREFIX}/lib/python3.12/os.py": 40, f"{cache}/os.cpython-312.opt-2.pyc": 8}
    )
    assert named(facts) == ({}, {"python": ("conda", 48 + size(files))})


def test_unpacked_packages_in_the_store_are_none() -> None:
    facts = facts_of({"opt/conda/pkgs/x-1-0/conda-meta/x-1-0.json": '{"name": "x", "files": []}'})
    assert facts.system_packages == ()


@pytest.mark.parametrize(
    "text", ["", "\0" * 99, "[]", "{", '{"files": "x"}', '{"files": [1]}', "[" * 9_999]
)
def test_a_record_that_cannot_be_read_is_told(text: str) -> None:
    facts = facts_of({f"{PREFIX}/conda-meta/x-1-0.json": text, f"{PREFIX}/lib/x.so": 9})
    assert facts.system_packages == ()
    [limit] = facts.limits
    assert limit.startswith("conda: a record cannot be read, so its files count as nobody's: /opt")


def test_the_files_name_stands_in_for_a_name_that_is_missing() -> None:
    facts = facts_of({f"{PREFIX}/conda-meta/my-lib-1.5-h123_0.json": "{}"})
    assert [each.name for each in facts.system_packages] == ["my-lib"]
