from __future__ import annotations

import pytest

from imgdiag.facts.facts import Facts
from imgdiag.image import parse_config
from imgdiag.python.interpreters import Interpreter
from tests.made import facts_of, made_filesystem, made_layer


def found(*paths: str, symlinks: dict[str, str] | None = None) -> list[Interpreter]:
    layer = made_layer(dict.fromkeys(paths, 1), symlinks=symlinks)
    return list(Facts(config=parse_config(b"{}"), filesystem=made_filesystem(layer)).interpreters)


@pytest.mark.parametrize(
    ("library", "program", "version", "implementation"),
    [
        ("usr/lib/python3.11", "usr/bin/python3.11", "3.11", "cpython"),
        ("usr/local/lib/python3.13t", "usr/local/bin/python3.13t", "3.13", "cpython"),
        ("usr/lib64/python3.12", "usr/bin/python3.12", "3.12", "cpython"),
        ("opt/pypy/lib/pypy3.10", "opt/pypy/bin/pypy3.10", "3.10", "pypy"),
        ("root/.pyenv/versions/3.9.1/lib/python3.9", "root/.pyenv/versions/3.9.1/bin/python3.9",
         "3.9", "cpython"),
        ("lib/python3.11", "bin/python3", "3.11", "cpython"),
    ],
)  # fmt: skip
def test_a_library_and_its_program(
    library: str, program: str, version: str, implementation: str
) -> None:
    assert found(f"{library}/os.py", program) == [
        Interpreter(
            path=program,
            prefix=program.rpartition("bin/")[0].rstrip("/"),
            library=library,
            version=version,
            implementation=implementation,
        )
    ]


def test_the_program_is_where_its_links_lead() -> None:
    [each] = found(
        "opt/py/lib/python3.12/os.py",
        "opt/py/libexec/real",
        symlinks={"opt/py/bin/python3.12": "python3", "opt/py/bin/python3": "../libexec/real"},
    )
    assert each.path == "opt/py/libexec/real"


def test_without_its_program_there_is_still_a_library() -> None:
    [each] = found("usr/lib/python3.11/os.pyc")
    assert (each.path, each.library) == ("", "usr/lib/python3.11")


@pytest.mark.parametrize(
    "path",
    [
        "usr/lib/python3.11/dist-packages/os.py",
        "usr/lib/python3/os.py",
        "app/.venv/lib/python3.11/site.py",
        "srv/python3.11/os.py",
        "opt/conda/pkgs/python-3.11-0/lib/python3.11/os.py",
        "usr/lib/python3.11x/os.py",
    ],
)
def test_other_folders_are_none(path: str) -> None:
    assert found(path) == []


def test_several_come_in_the_order_of_their_libraries() -> None:
    facts = facts_of({"usr/local/lib/python3.12/os.py": 1, "usr/lib/python3.11/os.py": 1})
    assert [each.version for each in facts.interpreters] == ["3.11", "3.12"]
