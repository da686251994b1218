"""References by the syntax tree: what happens when, and what a string may mean."""

from __future__ import annotations

import warnings

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgdiag.python.imports import syntax
from imgdiag.python.imports.references import How


def hows(source: str) -> list[How]:
    found = syntax.references(source.encode())
    assert found is not None
    return [each.how for each in found]


@pytest.mark.parametrize(
    ("source", "how"),
    [
        ("import pkg.tests", How.IMPORTED),
        ("class A:\n    from pkg import tests", How.IMPORTED),
        ("if sys.version_info > (3,):\n    import pkg.tests", How.IMPORTED),
        ("with a():\n    import pkg.tests", How.IMPORTED),
        ("try:\n    import pkg.tests\nfinally:\n    pass", How.IMPORTED),
        ("try:\n    import pkg.tests\nexcept KeyError:\n    pass", How.IMPORTED),
        ("try:\n    import x\nexcept ImportError:\n    pass\nelse:\n    import pkg.tests",
         How.IMPORTED),
        ("if TYPE_CHECKING:\n    pass\nelse:\n    import pkg.tests", How.IMPORTED),
        ("if not TYPE_CHECKING:\n    import pkg.tests", How.IMPORTED),
        ("@f(1)\ndef g(a=lambda: 1): pass\nfrom .. import tests", How.IMPORTED),
        ("try:\n    import pkg.tests\nexcept ImportError:\n    pass", How.GUARDED),
        ("try:\n    import pkg.tests\nexcept (KeyError, ModuleNotFoundError):\n    pass",
         How.GUARDED),
        ("try:\n    import pkg.tests\nexcept:\n    pass", How.GUARDED),
        ("try:\n    import pkg.tests\nexcept builtins.Exception:\n    pass", How.GUARDED),
        ("try:\n    import x\nexcept ImportError:\n    import pkg.tests", How.GUARDED),
        ("with contextlib.suppress(ImportError):\n    import pkg.tests", How.GUARDED),
        ("def f():\n    import pkg.tests", How.DEFERRED),
        ("async def f():\n    import pkg.tests", How.DEFERRED),
        ("class A:\n    def f(self):\n        from .tests import x", How.DEFERRED),
        ("def f():\n    try:\n        import pkg.tests\n    except ImportError:\n        pass",
         How.DEFERRED),
        ("if __name__ == '__main__':\n    import pkg.tests", How.DEFERRED),
        ("if TYPE_CHECKING:\n    import pkg.tests", How.TYPING),
        ("if typing.TYPE_CHECKING:\n    from . import tests", How.TYPING),
        ("importlib.import_module('pkg.tests')", How.NAMED),
        ("__import__('pkg.tests')", How.NAMED),
        ("pytest_plugins = ['pkg.tests.fixtures']", How.NAMED),
        ("__all__ = ['tests']", How.NAMED),
        ("x = {'module': 'pkg.tests'}", How.NAMED),
        ("x = {'tests': 1}['a']; y = {1: 'tests'}", How.NAMED),
        ("f(b'pkg/tests')", How.NAMED),
        ("f('pkg' '.tests')", How.NAMED),
    ],
)  # fmt: skip
def test_when_it_happens(source: str, how: How) -> None:
    assert hows(source) == [how]


@pytest.mark.parametrize(
    "source",
    [
        '"""The tests/ folder."""',
        "def f():\n    'pkg.tests'",
        "x = 1\n'a comment on pkg.tests'",
        "f'pkg.tests'",
        "if mode == 'test': pass",
        "if mode in ('train', 'test'): pass",
        "x = data['test']",
        "x = {'test': 1}",
        "x = name.startswith('test')",
        "x = getattr(self, 'tests')",
        "import testing, os.path",
        "from pkg.testing import x",
        "raise ValueError('the tests failed')",
        "x = 'https://example.com/docs/tests'",
    ],
)
def test_what_is_no_reference(source: str) -> None:
    assert hows(source) == []


def targets(source: str) -> list[tuple[str, tuple[str, ...]]]:
    found = syntax.references(source.encode())
    assert found is not None
    return sorted({(each.target, each.names) for each in found if each.how is How.NAMED})


def test_parts_of_a_path_are_put_together() -> None:
    assert targets("p = here / 'io' / 'tests' / 'data'") == [("io/tests", ()), ("tests", ())]
    assert targets("p = join(here, 'io', 'tests')") == [("io/tests", ()), ("tests", ())]
    assert targets("p = ('io', 'tests')") == [("io/tests", ()), ("tests", ())]


def test_the_packages_that_a_file_asks_for_come_with_its_strings() -> None:
    source = """
import numpy as np, scipy.stats
from sklearn import datasets as d
a = Path(np.__file__).parent
b = scipy.stats.__path__
c = d.__file__
e = files("xarray.core")
f = join(a, "tests")
"""
    wanted = ("numpy", "scipy.stats", "sklearn.datasets", "xarray.core")
    assert targets(source) == [("tests", wanted)]


def test_evidence_is_the_line() -> None:
    found = syntax.references(b"x = 1\n\n    \nfrom pkg import (  # why\n    tests,\n)\n")
    assert found is not None
    [reference] = found
    assert reference.line == 4
    assert reference.text == "from pkg import ( # why"


@pytest.mark.parametrize(
    "source",
    [b"print 'pkg.tests'", b"\xff\xfe", b"x = (", b"-" * 500_000 + b"1", b"(" * 1000,
     b"x = 'a' * 1\n" * 100_000],
)  # fmt: skip
def test_what_does_not_parse_here_is_said_to(source: bytes) -> None:
    assert syntax.references(source) is None


def test_a_source_too_deep_for_the_parser_is_borne() -> None:
    assert not syntax.references(b"a" + b".b" * 100_000)  # Python 3.14 parses it, others do not


def test_a_sources_own_warnings_are_not_ours() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert syntax.references(b"x = '\\d'; 1 is 1; assert (1, 2)\nimport pkg.tests") is not None


@given(st.text())
def test_any_text_is_borne(source: str) -> None:
    syntax.references(source.encode("utf-8", "surrogatepass"))
