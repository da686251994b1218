"""What is read, and what is kept of it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgdiag.python.imports import digest as digests
from imgdiag.python.imports.digest import digest, read_in
from imgdiag.python.imports.names import in_standard_library
from imgdiag.python.imports.references import UNREADABLE, How, Reference, decode, encode, is_digest

SITE = "app/lib/python3.11/site-packages"
IMPORT = b"from pkg.tests import x\n"


@pytest.mark.parametrize(
    ("folder", "name", "read"),
    [
        (f"{SITE}/pkg", "a.py", True),
        (f"{SITE}/pkg/tests", "a.py", True),
        ("srv", "main.py", True),
        ("srv", "run.sh", True),
        ("srv", "pyproject.toml", False),
        (f"{SITE}/pkg", "__init__.pyi", True),
        (f"{SITE}/pkg", "fast.pyx", True),
        (f"{SITE}/pkg", "fast.so", False),
        (f"{SITE}/pkg", "data.bin", False),
        ("app/bin", "tool", True),
        ("app/bin", "tool.bin", False),
        ("app", "tool", False),
        ("usr/lib/python3.11/test", "a.py", False),
        ("usr/lib/python3/dist-packages/pkg", "a.py", True),
        ("usr/lib/python3.11", "a.py", False),
        ("root/.pyenv/versions/3.11.7/lib/python3.11/json", "tool.py", False),
        ("usr/local/lib/python3.11/site-packages", "a.py", True),
        (f"{SITE}/vendored/lib/python3.9/x", "a.py", True),
        ("srv/lib/python/x", "a.py", True),
    ],
)
def test_what_is_read(folder: str, name: str, read: bool) -> None:
    assert bool(read_in(folder)(name)) is read


def test_the_standard_library_of_other_pythons_is_one_too() -> None:
    assert in_standard_library("opt/lib/pypy3.10/json")
    assert in_standard_library("lib64/python3.13t")
    assert not in_standard_library("opt/library/python3.10")


def hows(folder: str, name: str, data: bytes) -> list[How]:
    found = decode(digest(folder, name, data))
    assert found is not None
    return [each.how for each in found]


def test_each_kind_of_file_is_read_as_what_it_is() -> None:
    assert hows(f"{SITE}/pkg", "a.py", IMPORT) == [How.IMPORTED]
    assert hows(f"{SITE}/pkg", "a.py", b"print 1\n" + IMPORT) == [How.UNPARSED]
    assert hows(f"{SITE}/pkg", "a.pyi", IMPORT) == [How.STUB]
    assert hows(f"{SITE}/pkg", "a.pyx", b"cdef int x\n" + IMPORT) == [How.UNPARSED]
    assert hows("app/bin", "tool", b"#!/app/bin/python\n" + IMPORT) == [How.IMPORTED]
    long = b"#!/bin/sh\n'''exec' /a/very/long/python \"$0\" \"$@\"\n' '''\n"
    assert hows("app/bin", "tool", long + IMPORT) == [How.IMPORTED]
    assert hows("app/bin", "tool", b"#!/bin/sh\npython -m pkg.tests\n") == [How.NAMED]
    assert hows("app/bin", "tool", b"\x7fELF" + IMPORT) == []


def test_only_what_may_matter_is_kept() -> None:
    """Outside, absolute imports of other things cannot; inside, helpers beside it can."""
    source = b"import os\nfrom .helper import x\n"
    assert digest("srv", "a.py", b"import os\nx = 1\n") == b""
    assert hows(f"{SITE}/pkg/tests", "a.py", source) == [How.IMPORTED]
    assert hows(f"{SITE}/pkg", "conftest.py", source) == [How.IMPORTED]
    assert digest(f"{SITE}/pkg", "a.py", source) == b""


def test_zeros_are_no_source() -> None:
    assert digest("srv", "a.py", bytes(100)) == UNREADABLE
    assert decode(UNREADABLE) is None


def test_a_file_made_of_references_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(digests, "MAX_REFERENCES", 3)
    assert digest("srv", "a.py", IMPORT * 4) == UNREADABLE
    assert hows("srv", "a.py", IMPORT * 3) == [How.IMPORTED] * 3


REFERENCES = st.lists(
    st.builds(
        Reference, st.integers(0), st.sampled_from(How), st.integers(0), st.text(),
        st.lists(st.text()).map(tuple), st.text(),
    )
)  # fmt: skip


@given(REFERENCES)
def test_a_digest_says_what_it_was_made_from(references: list[Reference]) -> None:
    made = encode(references)
    assert is_digest(made)
    assert decode(made) == references


@given(st.binary())
def test_what_is_no_digest_is_none_or_nothing(data: bytes) -> None:
    decode(b"\0" + data)


@given(
    st.sampled_from((SITE, f"{SITE}/pkg/tests", "app/bin")),
    st.sampled_from(("a.py", "a.pyi", "a.pyx", "a.json", "tool")),
    st.lists(st.sampled_from((b"import ", b"from ", b".tests", b"'", b'"', b"(", b"\n", b"\\", b"a",
                              b"#", b"\xff", b";", b"{", b"}"))).map(b"".join),
)  # fmt: skip
def test_any_file_is_borne(folder: str, name: str, data: bytes) -> None:
    decode(digest(folder, name, data))
