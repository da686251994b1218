"""Removing hundreds of folders: what the lines remove when they are run, and what they leave."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imgdiag.facts.facts import Facts
from imgdiag.python.imports import Candidate, Verdict
from imgdiag.python.imports.names import BENCHMARKS, TESTS
from imgdiag.rules import _compact
from imgdiag.rules._compact import Removal, compact_removal
from imgdiag.rules._shell import removal as named
from tests.made import made_checked

SITE = "app/lib/python3.11/site-packages"
NAMES = TESTS | BENCHMARKS
SHELLS = [shell for shell in ("sh", "bash", "busybox") if shutil.which(shell)]


def folders(facts: Facts) -> list[Candidate]:
    """Return the safe folders of the names that test-dirs removes."""
    assert facts.imports is not None
    return [
        each.candidate
        for each in facts.imports.proofs
        if each.verdict is Verdict.SAFE and each.candidate.name in NAMES
    ]


def written(facts: Facts) -> str:
    """Return the command that removes all safe folders."""
    removal = compact_removal(facts, folders(facts))
    return removal.write(removal.paths)


def left(files: list[str], removal: Removal, shell: str = "sh") -> set[str]:
    """Return the files that are left when the removal is run where they are."""
    with tempfile.TemporaryDirectory() as root:
        for path in files:
            (Path(root) / path).parent.mkdir(parents=True, exist_ok=True)
            (Path(root) / path).touch()
        command = removal.write(removal.paths).replace("/app/", f"{root}/app/")
        program = [shell, "sh"] if shell == "busybox" else [shell]
        subprocess.run([*program, "-ec", f"true && ( {command} )"], check=True, cwd=root)
        return {str(path.relative_to(root)) for path in Path(root).rglob("*") if not path.is_dir()}


def not_in(files: list[str], removal: Removal) -> set[str]:
    return {path for path in files if not path.startswith(tuple(f"{p}/" for p in removal.paths))}


PARTS = st.sampled_from(("tests", "test", "benchmarks", "docs", "a", "b", ".hidden", "x y", "*"))
PATHS = st.builds(
    lambda package, parts, name: "/".join([SITE, package, *parts, name]),
    st.sampled_from(("pkg", "other", "third", "dir with blank", "-n")),
    st.lists(PARTS, max_size=4),
    st.sampled_from(("x.py", "y.txt", "test.py")),
)


@settings(deadline=None, max_examples=25)
@given(st.lists(PATHS, min_size=1, max_size=25, unique=True), st.lists(PATHS, max_size=3))
def test_the_lines_remove_what_is_claimed_and_nothing_else(
    paths: list[str], imported: list[str]
) -> None:
    """Some folders are imported and must stay, whatever stands beside them."""
    files: dict[str, int | str] = dict.fromkeys([*paths, *imported], "x = 1")
    modules = [path.removeprefix(f"{SITE}/").removesuffix(".py").replace("/", ".")
               for path in imported if path.endswith(".py")]  # fmt: skip
    needed = [module for module in modules if all(map(str.isidentifier, module.split(".")))]
    files["srv/main.py"] = "\n".join(f"import {module}" for module in needed)
    facts = made_checked(files)
    with patch.object(_compact, "NAMED", 1), patch.object(_compact, "_SHARE", 0.0):
        removal = compact_removal(facts, folders(facts))
    if removal.paths:
        assert left(list(files), removal) == not_in(list(files), removal)


def many(packages: int) -> dict[str, int | str]:
    return {
        f"{SITE}/p{index}/{folder}/t.py": "x = 1"
        for index in range(packages)
        for folder in ("tests", "sub/tests", "sub/deep/test")
    }


@pytest.mark.parametrize("shell", SHELLS)
def test_hundreds_go_in_a_few_lines_in_any_shell(shell: str) -> None:
    files = {**many(100), f"{SITE}/p0/a.py": "from . import tests"}
    facts = made_checked(files)
    removal = compact_removal(facts, folders(facts))
    assert len(removal.paths) == 299
    assert len(removal.write(removal.paths).splitlines()) < 15
    assert left(list(files), removal, shell) == {
        f"{SITE}/p0/a.py",
        f"{SITE}/p0/tests/t.py",
    }


def test_it_is_no_error_when_a_package_is_not_there() -> None:
    facts = made_checked(many(100))
    removal = compact_removal(facts, folders(facts))
    some = [path for path in many(100) if "/p7" in path]
    assert left(some, removal) == set()
    assert left([f"{SITE}/other.py"], removal) == {f"{SITE}/other.py"}


def test_the_lines() -> None:
    files = {**many(7), f"{SITE}/p1/a.py": "from . import tests", f"{SITE}/p1/docs/tests/x.py": ""}
    facts = made_checked(files)
    assert written(facts) == named(each.path for each in folders(facts))
    files |= {f"{SITE}/p8/tests/x.py": "x = 1"}
    facts = made_checked(files)
    assert (
        written(facts)
        == f"""\
cd /{SITE} \\
 && for p in p0 p1 p2 p3 p4 p5 p6 p8; do \\
    if [ -d $p ]; then find $p \\
        \\( -path p1/docs/tests -o -path p1/tests \\) \\
        -prune -o \\
        -type d \\( -name test -o -name tests \\) \\
        -prune -exec rm -rf {{}} +; fi; done"""
    )


def test_packages_that_hold_next_to_nothing_are_not_worth_their_names() -> None:
    files: dict[str, int | str] = {
        f"{SITE}/p{index}/tests/t.txt": 1_000_000 if index < 5 else 1 for index in range(50)
    }
    facts = made_checked(files)
    removal = compact_removal(facts, folders(facts))
    assert sorted(removal.paths) == [f"{SITE}/p{index}/tests" for index in range(5)]


def test_each_environment_is_swept() -> None:
    other = "app/two/lib/python3.12/site-packages"
    files = {**many(5), **{path.replace(SITE, other): what for path, what in many(5).items()}}
    facts = made_checked(files)
    removal = compact_removal(facts, folders(facts))
    assert len(removal.paths) == 30
    assert left(list(files), removal) == set()


def test_a_package_with_too_much_to_pass_over_waits() -> None:
    files: dict[str, int | str] = {
        f"{SITE}/big/s{index}/tests/t.py": "x" * 50 for index in range(99)
    }
    files[f"{SITE}/big/a.py"] = "\n".join(f"from .s{index} import tests" for index in range(60))
    files |= many(10)
    facts = made_checked(files)
    removal = compact_removal(facts, folders(facts))
    assert not any("/big/" in path for path in removal.paths)
    assert len(removal.paths) == 30
