"""Finding references by bytes: nothing that the syntax tree finds may be missed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgdiag.python.imports import search, syntax
from imgdiag.python.imports.references import How, Reference

NAMES = st.sampled_from(("tests", "test", "docs", "doc", "examples", "benchmarks", "conftest"))
WORDS = st.one_of(NAMES, st.sampled_from(("pkg", "os", "a_tests", "testing", "x", "from_")))
DOTTED = st.lists(WORDS, min_size=1, max_size=4).map(".".join)
IMPORTS = st.one_of(
    DOTTED.map("import {}".format),
    st.tuples(DOTTED, WORDS).map(lambda each: f"import os, {each[0]} as {each[1]}"),
    st.builds("from {}{}{} import {}".format, st.sampled_from(("", ".", "..", ". ")), DOTTED,
              st.sampled_from(("", " ")), WORDS),
    st.builds("from {} import (  # a (comment\n    x,  # {}\n    {},\n)".format,
              st.sampled_from((".", "..", "pkg")), WORDS, WORDS),
    st.builds("from . \\\n  import x, \\\n  {}".format, WORDS),
    st.builds("from\t.{}  import\t*".format, WORDS),
    st.builds("from \\\n .\\\n  {}\\\n .{} import {}".format, WORDS, WORDS, WORDS),
)  # fmt: skip
STRINGS = st.one_of(
    DOTTED.map("x = {!r}".format),
    DOTTED.map('x = f"{{a}}/{}"'.format),
    DOTTED.map('x = f"{{a[0]!r}}.{}.{{b}}"'.format),
    st.builds("x = p / {!r} / {!r}".format, WORDS, WORDS),
    st.builds("x = join({!r}, {!r})".format, WORDS, st.sampled_from(("data", "tests/data"))),
    DOTTED.map('run("python -m {}")'.format),
    DOTTED.map("run(['python', '-m', '{}'])".format),
    DOTTED.map('exec("""\nimport {}\n""")'.format),
    DOTTED.map("x = b'{}'".format),
)
NOISE = st.sampled_from(("", "# tests", '"""the tests of docs"""', "y = 1", "def f(): pass"))
STATEMENTS = st.lists(st.one_of(IMPORTS, STRINGS, NOISE), max_size=5)
SOURCES = st.builds(
    lambda top, inside: "\n".join(
        [*top, "def function():", *(f"    {line}" for part in inside for line in part.split("\n")),
         "    pass", ""]
    ),
    STATEMENTS, STATEMENTS,
)  # fmt: skip


@given(SOURCES)
def test_what_the_tree_has_the_bytes_have(source: str) -> None:
    data = source.encode()
    found = syntax.references(data)
    if found:
        assert search.may_refer(data)


def imported(references: list[Reference]) -> set[tuple[int, str, str]]:
    return {
        (each.level, each.target, name)
        for each in references
        if each.how is not How.NAMED
        for name in each.names or ("",)
    }


@given(SOURCES)
def test_the_bytes_have_every_import_that_the_tree_has(source: str) -> None:
    data = source.encode()
    found = syntax.references(data)
    if found is not None:
        raw = list(search.references(data, unparsed=False))
        assert imported(found) <= imported(raw)
        sure = [each for each in found if each.how is How.IMPORTED]
        assert imported(sure) <= imported([each for each in raw if each.how is How.IMPORTED])


@given(SOURCES, st.sampled_from(("\r\n", "\r")))
def test_line_ends_make_no_difference(source: str, end: str) -> None:
    plain = list(search.references(source.encode(), unparsed=False))
    other = list(search.references(source.replace("\n", end).encode(), unparsed=False))
    assert [each[:5] for each in plain] == [each[:5] for each in other]


def raw(source: str) -> list[tuple[object, ...]]:
    return [
        (each.line, each.how, each.level, each.target, each.names)
        for each in search.references(source.encode(), unparsed=False)
    ]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("import pkg.tests.util as u", [(1, How.IMPORTED, 0, "pkg.tests.util", ())]),
        ("\n  import pkg.tests", [(2, How.DEFERRED, 0, "pkg.tests", ())]),
        ("import os; import pkg.tests", [(1, How.DEFERRED, 0, "pkg.tests", ())]),
        ("try: import pkg.tests\nexcept: pass", [(1, How.DEFERRED, 0, "pkg.tests", ())]),
        ("from .helper import a, b", [(1, How.IMPORTED, 1, "helper", ("a", "b"))]),
        ("from ... import tests as t", [(1, How.IMPORTED, 3, "", ("tests",))]),
        ("from.import tests", [(1, How.IMPORTED, 1, "", ("tests",))]),
        ("from pkg . tests import x", [(1, How.IMPORTED, 0, "pkg.tests", ("x",))]),
        ("from pkg import (a, # b)\n  tests)", [(1, How.IMPORTED, 0, "pkg", ("a", "tests"))]),
        ("\ufeffimport pkg.tests", [(1, How.IMPORTED, 0, "pkg.tests", ())]),
        ("import os, sys", []),
        ("from pkg import testing", []),
        ("print 'tests'", [(1, How.NAMED, 0, "tests", ())]),
        ("x = 'http://pkg.example/tests/x'", []),
        ("# see pkg/tests/readme", []),
    ],
)
def test_references_by_bytes(source: str, expected: list[tuple[object, ...]]) -> None:
    assert raw(source) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("tests", ["tests"]),
        ("pkg.tests.data", ["pkg.tests.data"]),
        ("../tests/data/%s.txt", ["../tests/data/"]),
        ("{}/tests/x", ["/tests/x"]),
        ("%(name)s.tests", [".tests"]),
        ("tests*", []),
        ("(training|test).*", []),
        ("a-test", []),
        ("my tests", []),
        (" tests.", []),
        ("python -m pkg.tests", ["pkg.tests"]),
        ("from pkg.tests import x", ["pkg.tests"]),
        ("possibly from test imports", []),
        ("https://pkg.example/docs/", []),
        ("C:\\pkg\\tests", ["\\pkg\\tests"]),
    ],
)
def test_tokens_of_a_string(value: str, expected: list[str]) -> None:
    assert list(search.tokens(value)) == expected


def test_a_text_names_paths_and_modules() -> None:
    text = b"command = python -m pkg.tests.run\n# the tests\npath: /srv/pkg/tests/data\ntests = 1\n"
    assert [(each.line, each.target) for each in search.texts(text)] == [
        (1, "pkg.tests.run"),
        (3, "/srv/pkg/tests/data"),
    ]


def test_a_line_of_evidence_is_not_too_long() -> None:
    [reference] = search.references(b"from .tests import " + b"a, " * 200, unparsed=False)
    assert len(reference.text) == 160
    assert reference.text.endswith("…")


@pytest.mark.parametrize(
    "data",
    [b"from ", b"import (", b"import \n", b".test", b"'tests'", b"{", b"-m ", b"from .", b"from a.",
     b"from\n", b"#", b"import (#", b"\\\n"],
)  # fmt: skip
def test_a_source_made_to_be_slow_ends(data: bytes) -> None:
    source = data * (300_000 // len(data))
    search.may_refer(source)
    list(search.references(source, unparsed=True))
