from __future__ import annotations

import pytest

from imgdiag.python.requires import Edge, Requires, extras_named
from tests.python.graphs import LINUX, installed, requires_of


def texts(requires: Requires, name: str, extra: str = "") -> list[str]:
    return [edge.text for edge in requires.edges((name, extra))]


def test_an_edge_says_all_about_a_requirement() -> None:
    requires = requires_of({"app": ["Lib_One[Fast_IO,slow]>=1,<2", "gone"], "lib-one": []})
    assert requires.edges(("app", "")) == (
        Edge(
            source="app",
            extra="",
            target="lib-one",
            extras=("fast-io", "slow"),
            text="Lib_One[Fast_IO,slow]>=1,<2",
        ),
    )
    assert requires.edges(("app", ""))[0].nodes == (("lib-one", "fast-io"), ("lib-one", "slow"))


@pytest.mark.parametrize(
    "requirement",
    [
        "lib",
        "lib (>=1.0)",
        "lib @ https://example.com/lib-1.0-py3-none-any.whl",
        "lib @ git+https://example.com/lib.git@v1 ; python_version > '3'",
        "LIB>=1,!=1.5,<2;os_name=='posix'",
        "lib===1.0-odd",
        "lib==1.*",
    ],
)
def test_all_forms_of_a_requirement(requirement: str) -> None:
    assert texts(requires_of({"app": [requirement], "lib": []}), "app") == [requirement]


@pytest.mark.parametrize(
    "requirement",
    [
        "!!! not a requirement",
        "lib; nonsense == 'x'",
        "lib >= one",
        "lib; " + "(" * 5_000 + "os_name == 'posix'" + ")" * 5_000,
        "",
        "\0",
    ],
    ids=["words", "variable", "version", "nested", "empty", "null"],
)
def test_what_cannot_be_read_requires_nothing_and_is_told(requirement: str) -> None:
    requires = requires_of({"app": [requirement], "lib": []})
    assert texts(requires, "app") == []
    [warning] = requires.warnings
    assert warning.startswith("a requirement that cannot be read: ")
    assert warning.endswith(" of app")


def test_what_is_not_installed_is_not_even_read() -> None:
    requires = requires_of({"app": ["gone; nonsense == 'x'"]})
    assert texts(requires, "app") == []
    assert requires.warnings == ()


def test_an_extra_states_what_it_adds_alone() -> None:
    requires = requires_of(
        {
            "lib": [
                "base",
                "both; extra == 'fast' or os_name == 'posix'",
                "speed; extra == 'fast'",
                "slow; extra == 'Slow_Mode' and os_name == 'posix'",
                "never; extra == 'slow-mode' and os_name == 'nt'",
            ],
            **{name: [] for name in ("base", "both", "speed", "slow", "never")},
        }
    )
    assert [edge.target for edge in requires.edges(("lib", ""))] == ["base", "both"]
    assert [edge.target for edge in requires.edges(("lib", "fast"))] == ["speed"]
    assert [edge.target for edge in requires.edges(("lib", "slow-mode"))] == ["slow"]
    assert requires.edges(("lib", "none-such")) == ()
    assert requires.extras("lib") == ("fast", "slow-mode")


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("lib; extra == 'a'", {"a"}),
        ('lib; (os_name == "x") and extra=="A.b"', {"a-b"}),
        ("lib; 'a' == extra or extra == 'b'", {"a", "b"}),
        ("lib; os_name == 'extra'", set()),
        ("extra-lib; os_name == 'a'", set()),
    ],
)
def test_the_extras_that_a_text_names(text: str, named: set[str]) -> None:
    assert extras_named(text) == named


def test_an_extra_is_satisfied_when_all_of_it_is_installed_in_a_version_it_allows() -> None:
    requires = requires_of(
        {
            "lib": [
                "one==1.0; extra == 'right'",
                "one==2.0; extra == 'wrong'",
                "one; extra == 'part'",
                "gone; extra == 'part'",
                "one; extra == 'elsewhere'",
                "gone; extra == 'elsewhere' and os_name == 'nt'",
                "pre>=1; extra == 'pre'",
                "odd>=1; extra == 'odd'",
            ],
            "one": [],
            "pre": [],
            "odd": [],
        },
        versions={"pre": "2.0rc1", "odd": "not a version"},
    )
    satisfied = [extra for extra in requires.extras("lib") if requires.is_satisfied(("lib", extra))]
    assert satisfied == ["elsewhere", "odd", "pre", "right"]


@pytest.mark.parametrize(
    ("first", "second", "used"),
    [
        # (version, files missing) of each
        (("1.0", 0), ("2.0", 0), "2.0"),
        (("1.0", 3), ("2.0", 0), "2.0"),
        (("1.0", 0), ("2.0", 3), "1.0"),
        (("1.10", 0), ("1.9", 0), "1.10"),
        (("odd", 0), ("1.0", 0), "1.0"),
    ],
)
@pytest.mark.parametrize("reverse", [False, True])
def test_of_two_metadata_folders_the_one_in_place_counts(
    first: tuple[str, int], second: tuple[str, int], used: str, reverse: bool
) -> None:
    both = [
        installed("lib", [f"of-{version}"], version=version, missing=missing)
        for version, missing in (first, second)
    ]
    others = [installed(f"of-{version}") for version in (first[0], second[0])]
    requires = Requires([*(both[::-1] if reverse else both), *others], LINUX)
    assert texts(requires, "lib") == [f"of-{used}"]
    [warning] = requires.warnings
    assert warning.startswith("installed twice in one folder: lib ")
    assert warning.endswith(f"; {used} is taken to be in use")


def test_an_absurd_number_of_requirements_is_cut() -> None:
    requires = requires_of({"app": [f"lib{number}" for number in range(10_001)], "lib10000": []})
    assert texts(requires, "app") == []
    assert requires.warnings == ("more than 10,000 requirements: app",)


def test_an_environment_without_distributions() -> None:
    requires = Requires([], LINUX)
    assert requires.installed == {}
    assert not requires.can_hold(None)
