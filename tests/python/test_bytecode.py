"""Byte-code: who reads it, and commands that remove what nobody does."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

from imgdiag.facts.facts import Facts
from imgdiag.rules import bytecode_cache, pyc_opt_levels, pyc_orphan
from imgdiag.rules.rule import ExampleLayer
from tests.made import facts_of, made_facts, only

LIBRARY = "usr/lib/python3.11"
PYTHON: dict[str, int | str] = {f"{LIBRARY}/os.py": 1, "usr/bin/python3.11": 1}


def with_cache(*names: str, sources: tuple[str, ...] = ("a.py",), **options: Any) -> Facts:
    files = {f"app/{source}": 1 for source in sources}
    files |= {f"app/__pycache__/{name}": 10 for name in names}
    layer = ExampleLayer(created_by="RUN x", files={**PYTHON, **files})
    return made_facts(layer, **options)


@pytest.mark.parametrize(
    "name",
    [
        "a.cpython-311.pyc",
        "a.cpython-311-pytest-8.3.3.pyc",  # pytest's own
        "b.nbi",  # numba's index
        "a.pyc",  # no tag: not what Python writes here
    ],
)
def test_of_use(name: str) -> None:
    code = with_cache(name).byte_code
    assert not code.optimised
    assert not code.foreign
    assert not code.sourceless
    assert code.useful == ((f"app/__pycache__/{name}",) if name.endswith(".pyc") else ())


@pytest.mark.parametrize("level", ["1", "2"])
def test_levels_that_nothing_asks_for(level: str) -> None:
    name = f"a.cpython-311.opt-{level}.pyc"
    assert with_cache(name).byte_code.optimised == (f"app/__pycache__/{name}",)


@pytest.mark.parametrize(
    "options",
    [
        {"environment": {"PYTHONOPTIMIZE": "2"}},
        {"command": ("python", "-O", "main.py")},
        {"command": ("sh", "-c", "exec python3 -uOO main.py")},
    ],
)
def test_levels_that_something_asks_for(options: dict[str, Any]) -> None:
    assert not with_cache("a.cpython-311.opt-1.pyc", **options).byte_code.optimised


@pytest.mark.parametrize("value", ["", "0"])
def test_a_variable_that_asks_for_none(value: str) -> None:
    facts = with_cache("a.cpython-311.opt-1.pyc", environment={"PYTHONOPTIMIZE": value})
    assert facts.byte_code.optimised


def test_another_interpreters() -> None:
    code = with_cache("a.cpython-312.pyc", "a.cpython-313t.pyc", "a.pypy310.pyc").byte_code
    assert code.foreign == {
        "cpython-312": ("app/__pycache__/a.cpython-312.pyc",),
        "cpython-313t": ("app/__pycache__/a.cpython-313t.pyc",),
        "pypy310": ("app/__pycache__/a.pypy310.pyc",),
    }


@pytest.mark.parametrize(
    "sign",
    [
        {"opt/x/lib/python3.12/os.py": 1},
        {"opt/bin/python3.12": 1},
        {"opt/lib/libpython3.12.so.1.0": 1},
        {"opt/app/python312.zip": 1},
        # An interpreter inside a program, whatever its folders are called.
        {"opt/office/core/os.py": 1, "opt/office/core/__pycache__/os.cpython-312.pyc": 1},
    ],
)
def test_an_interpreter_shows_in_many_ways(sign: dict[str, int | str]) -> None:
    files = {**PYTHON, **sign, "app/a.py": 1, "app/__pycache__/a.cpython-312.pyc": 10}
    assert not facts_of(files).byte_code.foreign


def test_without_any_interpreter_none_is_another_ones() -> None:
    files: dict[str, int | str] = {"app/a.py": 1, "app/__pycache__/a.cpython-312.pyc": 10}
    assert not facts_of(files).byte_code.foreign


def test_without_its_source_it_is_never_read() -> None:
    code = with_cache("b.cpython-311.pyc", "b.cpython-312.opt-1.pyc").byte_code
    assert code.sourceless == (
        "app/__pycache__/b.cpython-311.pyc",
        "app/__pycache__/b.cpython-312.opt-1.pyc",
    )


def test_a_source_in_another_language_is_one() -> None:
    facts = with_cache("b.cpython-311.pyc", sources=("b.hy",))
    assert not facts.byte_code.sourceless


def test_a_module_without_source_is_not_byte_code_of_one() -> None:
    facts = facts_of({**PYTHON, "app/a.pyc": 10, "app/__pycache__/b.txt": 5})
    assert facts.byte_code.useful == facts.byte_code.sourceless == ()
    assert not list(pyc_orphan.RULE.run(facts))


def test_what_nobody_reads_is_not_counted_as_byte_code_too() -> None:
    facts = with_cache("a.cpython-311.pyc", "a.cpython-312.pyc", "a.cpython-311.opt-2.pyc")
    assert only(bytecode_cache.RULE, facts).bytes == 10
    assert only(pyc_orphan.RULE, facts).bytes == 10
    assert only(pyc_opt_levels.RULE, facts).bytes == 10


def test_the_commands_remove_what_is_claimed_and_nothing_else(tmp_path: Path) -> None:
    names = (
        *("a.cpython-311.pyc", "a.cpython-311.opt-1.pyc", "a.cpython-312.pyc", "a.b"),
        *("a.cpython-312.opt-2.pyc", "gone.cpython-311.pyc", "a.cpython-3121.pyc"),
    )
    root = str(tmp_path / "root").strip("/")
    files: dict[str, int | str] = dict(PYTHON)
    files[f"{root}/opt/bin/python3.121"] = 1
    for folder in ("app", "app/it's here"):
        files |= {f"{root}/{folder}/a.py": 1, f"{root}/{folder}/legacy.pyc": 5}
        files |= {f"{root}/{folder}/__pycache__/{name}": 10 for name in names}
    for path in files:
        if path.startswith(root):
            (Path("/") / path).parent.mkdir(parents=True, exist_ok=True)
            (Path("/") / path).write_text("x")
    facts = facts_of(files, "COPY /app /app")
    claimed = set()
    for rule in (pyc_orphan.RULE, pyc_opt_levels.RULE):
        finding = only(rule, facts)
        claimed |= {f"/{path}" for path in finding.claim.sizes}
        first, command = finding.fix.snippet.split("\n", 1)
        assert first == "# in that stage"
        subprocess.run(["sh", "-c", command.removeprefix("RUN ")], check=True)
    left = {str(path) for path in tmp_path.rglob("*") if path.is_file()}
    assert left == {f"/{path}" for path in files if path.startswith(root)} - claimed
    assert len(claimed) == 8


def test_from_the_build_context_it_stays_there() -> None:
    files = {**PYTHON, "app/a.py": 1, "app/__pycache__/a.cpython-312.pyc": 10}
    fix = only(pyc_orphan.RULE, facts_of(files, "COPY . .")).fix
    assert (fix.target, fix.snippet) == (".dockerignore", "**/__pycache__")
