from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgdiag.image import Platform
from imgdiag.python.distributions import Distribution
from imgdiag.python.environments import Environment
from imgdiag.python.graph import Graph, build_graph

LINUX = Platform("linux", "amd64")


def graph(
    requirements: Mapping[str, Sequence[str]],
    *,
    platform: Platform = LINUX,
    version: str | None = "3.11",
) -> Graph:
    environment = Environment(path="x", prefix="x", kind="system", python_version=version)
    return build_graph(
        [
            Distribution(
                name=name,
                version="1.0",
                environment=environment,
                metadata_path=name,
                installer="",
                requirements=tuple(needs),
                evidence="record",
                files={},
                bytes=0,
                missing=0,
            )
            for name, needs in requirements.items()
        ],
        platform,
    )


def test_requirements_are_those_that_are_installed() -> None:
    found = graph({"app": ["Lib_One>=1,<2", "gone"], "lib-one": []})
    assert found.requires == {"app": {"lib-one"}, "lib-one": set()}
    assert found.required_by == {"app": set(), "lib-one": {"app"}}
    assert found.roots == ("app",)


@pytest.mark.parametrize(
    ("marker", "platform", "holds"),
    [
        ("sys_platform == 'linux'", LINUX, True),
        ("sys_platform == 'win32' or sys_platform == 'darwin'", LINUX, False),
        ("platform_system == 'Linux'", LINUX, True),
        ("os_name == 'nt'", LINUX, False),
        ("platform_machine == 'x86_64'", LINUX, True),
        ("platform_machine == 'x86_64'", Platform("linux", "arm64"), False),
        ("platform_machine == 'aarch64'", Platform("linux", "arm64"), True),
        ("platform_machine == 'armv7l'", Platform("linux", "arm", "v7"), True),
        ("platform_machine == 'riscv64'", Platform("linux", "riscv64"), True),
        ("python_version < '3.11'", LINUX, False),
        ("python_version >= '3.11'", LINUX, True),
        ("python_full_version >= '3.11.0'", LINUX, True),
        ("implementation_name == 'pypy'", LINUX, False),
        ("platform_python_implementation == 'CPython'", LINUX, True),
        ("extra == 'test'", LINUX, False),
    ],
)
def test_markers_are_the_images(marker: str, platform: Platform, holds: bool) -> None:
    found = graph({"app": [f"lib; {marker}"], "lib": []}, platform=platform)
    assert (found.requires["app"] == {"lib"}) is holds


@pytest.mark.parametrize(
    ("version", "holds"), [("3.9", False), ("3.10", True), ("3.13", True), ("3.14", True)]
)
def test_the_interpreter_is_the_images(version: str, holds: bool) -> None:
    found = graph({"app": ["lib; python_version >= '3.10'"], "lib": []}, version=version)
    assert (found.requires["app"] == {"lib"}) is holds


@pytest.mark.parametrize(
    "requirement",
    [
        "not a requirement !!",
        "lib; nonsense == 'x'",
        "lib; sys_platform ~= 'linux'",
        "lib; python_full_version ~= 'a'",
        "lib; sys_platform == 'darwin' and platform_release >= '20.0'",
        "lib; " + "(" * 5_000 + "os_name == 'posix'" + ")" * 5_000,
        "",
        "\0",
    ],
    ids=["words", "variable", "operator", "version", "release", "nested", "empty", "null"],
)
def test_what_cannot_be_understood_requires_nothing(requirement: str) -> None:
    assert graph({"app": [requirement], "lib": []}).requires["app"] == set()


def test_extras_are_followed() -> None:
    found = graph(
        {
            "torch": ["cuda-toolkit[cublas,CU_FFT]==13"],
            "cuda-toolkit": [
                "nvidia-cublas; extra == 'cublas'",
                "nvidia-cufft; extra == 'cu-fft'",
                "nvidia-curand; extra == 'curand'",
                "nvidia-base",
            ],
            "nvidia-cublas": [],
            "nvidia-cufft": [],
            "nvidia-curand": [],
            "nvidia-base": [],
        }
    )
    assert found.requires["cuda-toolkit"] == {"nvidia-cublas", "nvidia-cufft", "nvidia-base"}
    assert found.roots == ("nvidia-curand", "torch")


def test_an_extra_may_turn_on_another_of_its_own() -> None:
    found = graph(
        {
            "app": ["lib[all]"],
            "lib": ["lib[fast]; extra == 'all'", "speed; extra == 'fast'"],
            "speed": [],
        }
    )
    assert found.requires["lib"] == {"speed"}
    assert found.required_by["lib"] == {"app"}


def test_a_circle_of_extras_ends() -> None:
    found = graph({"a": ["b[x]"], "b": ["a[y]; extra == 'x'"], "y": []})
    assert found.requires == {"a": {"b"}, "b": {"a"}, "y": set()}


def test_circles_have_one_root_each() -> None:
    found = graph({"a": ["b"], "b": ["a", "c"], "c": [], "z": []})
    assert found.roots == ("z", "a")
    assert found.retained("a") == {"a", "b", "c"}
    assert found.retained("b") == {"b", "c"}


def test_retained_is_what_goes_with_it() -> None:
    found = graph(
        {
            "torch": ["cudnn", "cublas", "sympy"],
            "cudnn": ["cublas"],
            "cublas": [],
            "sympy": [],
            "other": ["sympy"],
        }
    )
    assert found.retained("torch") == {"torch", "cudnn", "cublas"}
    assert found.retained("cudnn") == {"cudnn"}
    assert found.retained("sympy") == {"sympy"}


def test_needed_keeps_a_dropped_root_that_is_required() -> None:
    found = graph({"pytest": ["pluggy"], "pluggy": [], "app": ["black"], "black": ["click"],
                   "click": []})  # fmt: skip
    assert found.needed() == set(found.requires)
    assert found.needed(without=["pytest", "black"]) == {"app", "black", "click"}


def test_a_chain_is_a_shortest_one_from_a_root() -> None:
    found = graph(
        {"app": ["long", "b"], "long": ["b2"], "b2": ["target"], "b": ["target"], "target": []}
    )
    assert found.chain("target") == ("app", "b", "target")
    assert found.chain("app") == ("app",)


NAMES = "abcdefgh"
GRAPHS = st.dictionaries(
    st.sampled_from(NAMES), st.sets(st.sampled_from(NAMES)).map(sorted), min_size=1
)


@given(GRAPHS)
def test_all_is_reached_from_the_roots(requirements: dict[str, list[str]]) -> None:
    found = graph(requirements)
    assert found.needed() == set(requirements)
    for name in requirements:
        first, *_, last = (*found.chain(name), name)
        assert (first in found.roots, last) == (True, name)


@given(GRAPHS)
def test_retained_sets_are_right(requirements: dict[str, list[str]]) -> None:
    found = graph(requirements)

    def reachable(without: str) -> set[str]:
        reached = {root for root in found.roots if root != without}
        while True:
            more = {
                need
                for name in reached
                for need in requirements[name]
                if need in requirements and need != without
            }
            if more <= reached:
                return reached
            reached |= more

    for name in requirements:
        assert found.retained(name) == set(requirements) - reachable(without=name)
