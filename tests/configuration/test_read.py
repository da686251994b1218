# ruff: noqa: ISC004 - messages that take two lines
from __future__ import annotations

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgdiag.configuration.find import Found
from imgdiag.configuration.read import read_configuration
from imgdiag.configuration.value import Configuration, Option
from imgdiag.errors import ImgdiagError
from imgdiag.gate.budgets import Budget, Limit, Measure
from imgdiag.gate.waivers import Waiver
from imgdiag.project.toml import parse_toml


def read(text: str, path: str = "imgdiag.toml") -> Configuration:
    root = ("tool", "imgdiag") if path == "pyproject.toml" else ()
    return read_configuration(Found(parse_toml(text.encode(), path), root))


def budget(text: str) -> Budget:
    [found] = read(f"[budgets.x]\n{text}\n").budgets
    return found


def error(text: str, path: str = "imgdiag.toml") -> str:
    with pytest.raises(ImgdiagError) as caught:
        read(text, path)
    assert caught.value.hint == "docs/configuration.md lists every key; --no-config does without"
    return caught.value.message


# Budgets


@pytest.mark.parametrize(
    ("text", "measure", "of", "limit"),
    [
        ('max = "3 GB"', Measure.LAYERS, "", Limit(bytes=3 * 10**9)),
        ("max = 12", Measure.LAYERS, "", Limit(bytes=12)),
        ('of = "layers"\nmax = "1GiB"', Measure.LAYERS, "", Limit(bytes=2**30)),
        ('of = "visible"\nmax = 0', Measure.VISIBLE, "", Limit(bytes=0)),
        ('of = "waste"\nmax = "5%"', Measure.WASTE, "", Limit(percent=5)),
        ('of = "download"\nmax = "1 MB"', Measure.DOWNLOAD, "", Limit(bytes=10**6)),
        ('of = "growth"\nmax = "2.5 %"', Measure.GROWTH, "", Limit(percent=2.5)),
        ('layer = "RUN pip*"\nmax = 1', Measure.LAYER, "RUN pip*", Limit(bytes=1)),
        ('package = "nvidia-*"\nmax = 1', Measure.PACKAGE, "nvidia-*", Limit(bytes=1)),
        ('path = "/opt/*/x"\nmax = 1', Measure.PATH, "/opt/*/x", Limit(bytes=1)),
    ],
)
def test_every_kind_of_budget(text: str, measure: Measure, of: str, limit: Limit) -> None:
    assert budget(text) == Budget(name="x", measure=measure, of=of, limit=limit)


def test_names_and_messages() -> None:
    found = read('[budgets."GPU libraries"]\nmax = 0\nmessage = "no"\n[budgets.b]\nmax = 1\n')
    assert [(each.name, each.message) for each in found.budgets] == [
        ("GPU libraries", "no"),
        ("b", ""),
    ]


def test_nothing_is_a_configuration() -> None:
    assert read("") == Configuration(path="imgdiag.toml")
    assert read("[tool.imgdiag]\n", "pyproject.toml") == Configuration(path="pyproject.toml")


# Waivers


def test_a_waiver() -> None:
    text = '[[waivers]]\nrule = "test-dirs"\npath = ["/a", "/b/**"]\npackage = "sympy"\n'
    found = read(text + 'reason = "why"\nexpires = 2027-01-31\n')
    assert found.waivers == (
        Waiver(
            rule="test-dirs",
            paths=("/a", "/b/**"),
            packages=("sympy",),
            reason="why",
            expires=datetime.date(2027, 1, 31),
            line=1,
        ),
    )


def test_a_waiver_of_a_check_is_for_the_project() -> None:
    text = '[[waivers]]\nrule = "full-base"\nreason = "why"\nexpires = 2027-01-31\n'
    assert [(each.rule, each.of_project) for each in read(text).waivers] == [("full-base", True)]


def test_a_date_may_be_text() -> None:
    [found] = read('[[waivers]]\npath = "/a"\nreason = "x"\nexpires = "2027-01-31"\n').waivers
    assert found.expires == datetime.date(2027, 1, 31)


# Options


def test_options_are_kept_with_their_lines() -> None:
    found = read('[analyze]\nfail-on = "safe"\nallow-partial = true\n[check]\nfail-on = "x"\n')
    assert found.options == {
        "analyze": {
            "fail-on": Option(value="safe", place="imgdiag.toml:2: analyze.fail-on"),
            "allow-partial": Option(value=True, place="imgdiag.toml:3: analyze.allow-partial"),
        },
        "check": {"fail-on": Option(value="x", place="imgdiag.toml:5: check.fail-on")},
    }


# What is wrong

W = '[[waivers]]\nreason = "r"\nexpires = 2027-01-31\n'
B = "[budgets.b]\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("# c\nbudget.x = 1", "imgdiag.toml:2: budget is not known; the nearest is 'budgets'"),
        ("[nonsense]", "imgdiag.toml:1: nonsense is not known"),
        ("max-size = 5", "imgdiag.toml:1: max-size is an option; write it in [analyze]"),
        ("[analyze]\nfail-onn = 1", "imgdiag.toml:2: analyze.fail-onn is not known; the nearest is "
         "'fail-on'"),
        ("[analyze]\nquick = true", "imgdiag.toml:2: analyze.quick is not known; the nearest is "
         "'quiet'"),
        ("[analyze]\noutput = 'json=x'", "imgdiag.toml:2: analyze.output is not known"),
        ("analyze = 1", "imgdiag.toml:1: analyze is no table; write it as [analyze]"),
        ("budgets = 5", "imgdiag.toml:1: budgets is no table; write it as [budgets.NAME]"),
        ("[[budgets]]\nmax = 1", "imgdiag.toml:1: budgets is no table; write it as [budgets.NAME]"),
        ("[budgets]\nx = 5", "imgdiag.toml:2: budgets.x is no table; write it as [budgets.x]"),
        (B, 'imgdiag.toml:1: budgets.b has no max; add max = "3 GB"'),
        (B + "max = 1\nmesage = 2", "imgdiag.toml:3: budgets.b.mesage is not known; the nearest is "
         "'message'"),
        (B + "max = 1\nmessage = 2", "imgdiag.toml:3: budgets.b.message is no text; write it in "
         "quotes"),
        (B + "max = 1.5", 'imgdiag.toml:2: budgets.b.max is no size; write it as "3 GB", or as a '
         "whole number of bytes"),
        (B + "max = true", 'imgdiag.toml:2: budgets.b.max is no size; write it as "3 GB", or as a '
         "whole number of bytes"),
        (B + "max = -1", "imgdiag.toml:2: budgets.b.max is no size; write it as 4GB, 3.5GiB, 500MB "
         "or in bytes"),
        (B + "max = '4 gigs'", "imgdiag.toml:2: budgets.b.max is no size; write it as 4GB, 3.5GiB, "
         "500MB or in bytes"),
        (B + "max = 'x%'", "imgdiag.toml:2: budgets.b.max is no percentage; write it as 5%"),
        (B + "max = '5%'", "imgdiag.toml:2: budgets.b.max is in per cent, which only waste and "
         "growth can be"),
        (B + "max = 1\nof = 'wast'", "imgdiag.toml:3: budgets.b.of is 'wast', none of layers, "
         "visible, waste, download, growth; the nearest is 'waste'"),
        (B + "max = 1\nof = 'waste'\npath = '/a'", "imgdiag.toml:1: budgets.b has of and path, of "
         "which a budget has one"),
        (B + "max = 1\npackage = ''", "imgdiag.toml:3: budgets.b.package is empty"),
        (B + "max = 1\npath = '/a[b'", "imgdiag.toml:3: budgets.b.path is '/a[b', which is no "
         "pattern for paths"),
        ("[budgets]\nb = { max = 1, mxa = 2 }", "imgdiag.toml:2: budgets.b.mxa is not known; "
         "the nearest is 'max'"),
        ('[budgets."a b"]\nmax = []', 'imgdiag.toml:2: budgets."a b".max is no size; write it as '
         '"3 GB", or as a whole number of bytes'),
        ('[budgets."  "]\nmax = 1', 'imgdiag.toml:1: budgets."  " has no name'),
        ("[waivers]\nrule = 'x'", "imgdiag.toml:1: waivers is no array of tables; write "
         "[[waivers]]"),
        (W, "imgdiag.toml:1: waivers[1] has neither rule nor path nor package: what is it for?"),
        (W + "rule = 'test-dir'", "imgdiag.toml:4: waivers[1].rule is 'test-dir', no rule and "
         "no check; the nearest is 'test-dirs'"),
        (W + "rule = 'full-bas'", "imgdiag.toml:4: waivers[1].rule is 'full-bas', no rule and "
         "no check; the nearest is 'full-base'"),
        (W + "rule = 'full-base'\npackage = 'x'", "imgdiag.toml:5: waivers[1].package is for what "
         "an image holds, and 'full-base' is a check of a project's files"),
        (W + "rule = ''", "imgdiag.toml:4: waivers[1].rule is '', no rule and no check"),
        (W + "path = '/a'\n" + W + "pth = '/a'", "imgdiag.toml:8: waivers[2].pth is not known; "
         "the nearest is 'path'"),
        (W + "path = 5", "imgdiag.toml:4: waivers[1].path is neither a pattern nor an array of "
         "patterns"),
        (W + "path = ['/a', '']", "imgdiag.toml:4: waivers[1].path is neither a pattern nor an "
         "array of patterns"),
        (W + "package = []", "imgdiag.toml:4: waivers[1].package is empty"),
        ("[[waivers]]\npath = '/a'\nexpires = 2027-01-31", "imgdiag.toml:1: waivers[1] has no "
         'reason; add reason = "sympy.testing is imported by our own checks"'),
        ("[[waivers]]\npath = '/a'\nexpires = 2027-01-31\nreason = ' '", "imgdiag.toml:4: "
         "waivers[1].reason is empty"),
        ("[[waivers]]\npath = '/a'\nreason = 'x'", "imgdiag.toml:1: waivers[1] has no expires; add "
         "expires = 2027-06-30"),
        ("[[waivers]]\npath = '/a'\nreason = 'x'\nexpires = 'soon'", "imgdiag.toml:4: "
         "waivers[1].expires is no date; write it as 2027-06-30"),
        ("[[waivers]]\npath = '/a'\nreason = 'x'\nexpires = 2027-01-31T00:00:00Z",
         "imgdiag.toml:4: waivers[1].expires is no date; write it as 2027-06-30"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_its_line(text: str, message: str) -> None:
    assert error(text) == message


def test_places_in_pyproject_are_whole() -> None:
    text = "[project]\nname = 'x'\n\n[tool.imgdiag.budgets.b]\nmax = 'x'\n"
    assert error(text, "pyproject.toml").startswith(
        "pyproject.toml:5: tool.imgdiag.budgets.b.max is no size"
    )
    assert error("[tool]\nimgdiag = 5\n", "pyproject.toml") == (
        "pyproject.toml:2: tool.imgdiag is no table; write it as [tool.imgdiag]"
    )


_VALUES = st.recursive(
    st.one_of(st.booleans(), st.integers(-5, 5), st.sampled_from(['"x"', '"5%"', '"/a"', "1.5"])),
    lambda inner: st.lists(inner, max_size=2),
    max_leaves=3,
)
_KEYS = st.sampled_from(
    ["budgets", "waivers", "analyze", "x", "max", "of", "path", "rule", "reason", "expires"]
)


def _toml(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return f"[{', '.join(map(_toml, value))}]"
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {_toml(each)}" for key, each in value.items()) + " }"
    return str(value)


@given(
    st.dictionaries(
        _KEYS,
        st.recursive(
            _VALUES,
            lambda inner: (
                st.dictionaries(_KEYS, inner, max_size=3) | st.lists(inner, min_size=1, max_size=2)
            ),
            max_leaves=4,
        ),
        max_size=4,
    )
)
def test_whatever_stands_there_it_is_read_or_said(values: dict[str, object]) -> None:
    text = "".join(f"{key} = {_toml(value)}\n" for key, value in values.items())
    assert _outcome(text) == "" or _outcome(text).startswith("imgdiag.toml:")


def _outcome(text: str) -> str:
    """Return what is said of a file, "" when it is read."""
    try:
        read(text)
    except ImgdiagError as error:
        return error.message
    return ""
