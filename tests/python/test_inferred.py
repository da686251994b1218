from __future__ import annotations

import pytest

from imgdiag.python import inferred
from imgdiag.python.inferred import infer_extras
from imgdiag.python.root import Origin
from tests.python.graphs import names, requires_of, root

# As jax, its plugin and NVIDIA's distributions state it, in short.
JAX = {
    "jax": [
        "jaxlib",
        "jaxlib; extra == 'cuda12'",
        "jax-cuda12-plugin[with-cuda]; extra == 'cuda12'",
        "jax-cuda12-plugin; extra == 'cuda12-local'",
        "jax-cuda13-plugin; extra == 'cuda13'",
    ],
    "jaxlib": [],
    "jax-cuda12-plugin": [
        "jax-cuda12-pjrt",
        "nvidia-cublas-cu12>=12; extra == 'with-cuda'",
        "nvidia-cudnn-cu12; extra == 'with-cuda'",
    ],
    "jax-cuda12-pjrt": [],
    "nvidia-cublas-cu12": [],
    "nvidia-cudnn-cu12": ["nvidia-cublas-cu12"],
    "flax": ["jax"],
    "pip": [],
}
VERSIONS = {"nvidia-cublas-cu12": "12.9"}

UVICORN = {
    "fastapi": ["uvicorn"],
    "uvicorn": [
        "click",
        "httptools; extra == 'standard'",
        "uvloop; extra == 'standard' and sys_platform != 'win32'",
        "colorama; extra == 'standard' and sys_platform == 'win32'",
        "click; extra == 'standard'",
    ],
    "click": [],
    "httptools": [],
    "uvloop": [],
}


def test_the_extra_that_explains_most_is_inferred() -> None:
    found = infer_extras(requires_of(JAX, versions=VERSIONS), [])
    assert names(found) == ["jax[cuda12]"]
    assert found[0].origin is Origin.INFERRED


def test_nothing_is_inferred_where_all_is_explained() -> None:
    requires = requires_of(JAX, versions=VERSIONS)
    assert infer_extras(requires, [root("jax[cuda12]")]) == []
    assert infer_extras(requires, [root("jax-cuda12-plugin[with-cuda]")]) == []


def test_an_extra_counts_as_a_whole_for_the_images_platform() -> None:
    assert names(infer_extras(requires_of(UVICORN), [])) == ["uvicorn[standard]"]
    without_one = {name: needs for name, needs in UVICORN.items() if name != "uvloop"}
    assert infer_extras(requires_of(without_one), []) == []


def test_a_version_that_the_extra_does_not_allow_is_none_of_its() -> None:
    requirements = {"tensorflow": [f"nvidia-{each}==1; extra == 'and-cuda'" for each in "ab"],
                    "nvidia-a": [], "nvidia-b": []}  # fmt: skip
    assert infer_extras(requires_of(requirements, versions={"nvidia-b": "2"}), []) == []
    assert names(infer_extras(requires_of(requirements), [])) == ["tensorflow[and-cuda]"]


def test_a_single_one_counts_where_it_is_known_not_to_be_asked_for_by_name() -> None:
    requires = requires_of({"pyjwt": ["cryptography; extra == 'crypto'"], "cryptography": []})
    assert infer_extras(requires, []) == []
    assert names(infer_extras(requires, [root("pyjwt")])) == ["pyjwt[crypto]"]


def test_of_two_that_explain_as_much_none_is_chosen() -> None:
    requirements = {
        "httpx": ["brotli; extra == 'brotli'"],
        "urllib3": ["brotli; extra == 'brotli'"],
        "brotli": [],
    }
    assert infer_extras(requires_of(requirements), [root("httpx"), root("urllib3")]) == []


def test_of_several_extras_of_one_distribution_the_least_is_chosen() -> None:
    requirements = {
        "lib": [
            "one; extra == 'all'",
            "two; extra == 'all'",
            "base; extra == 'all'",
            "one; extra == 'pair'",
            "two; extra == 'pair'",
            "one; extra == 'single'",
        ],
        "base": [],
        "needs-base": ["base"],
        "one": [],
        "two": [],
    }
    assert names(infer_extras(requires_of(requirements), [])) == ["lib[pair]"]


def test_several_extras_are_inferred_one_after_another() -> None:
    both = {**JAX, **UVICORN}
    assert names(infer_extras(requires_of(both, versions=VERSIONS), [])) == [
        "jax[cuda12]", "uvicorn[standard]",
    ]  # fmt: skip


@pytest.mark.parametrize("extra", ["dev", "test", "all-tests", "docs"])
def test_extras_for_developers_are_not_inferred(extra: str) -> None:
    requirements = {
        "lib": [f"pytest; extra == '{extra}'", f"hypothesis; extra == '{extra}'"],
        "pytest": [],
        "hypothesis": [],
    }
    assert infer_extras(requires_of(requirements), []) == []


def test_a_plugin_that_requires_its_host_explains_the_host() -> None:
    requirements = {
        "celery": ["celery-redis; extra == 'redis'", "celery-sqs; extra == 'redis'"],
        "celery-redis": ["celery"],
        "celery-sqs": ["celery"],
    }
    assert infer_extras(requires_of(requirements), []) == []


def test_a_search_that_would_take_too_long_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inferred, "_MOST_STEPS", 0)
    assert infer_extras(requires_of(UVICORN), []) == []


# Everything of lib[all] is there, and three of it for another's sake.
SHARED = {
    "lib": ["lib[one,rest]; extra == 'all'", "one; extra == 'one'",
            *(f"{name}; extra == 'rest'" for name in ("two", "a", "b", "c"))],
    "one": [], "two": [], "a": [], "b": [], "c": [],
    "other": ["a", "b", "c"],
}  # fmt: skip


def test_where_nothing_tells_what_was_asked_for_most_of_an_extra_must_be_its_alone() -> None:
    assert infer_extras(requires_of(SHARED), []) == []
    assert names(infer_extras(requires_of(SHARED), [root("lib"), root("other")])) == ["lib[all]"]
    fewer = {**SHARED, "other": ["a", "b"]}
    assert names(infer_extras(requires_of(fewer), [])) == ["lib[all]"]


def test_and_all_of_it_where_others_require_the_distribution_itself() -> None:
    fewer = {**SHARED, "other": ["a", "b", "lib"]}
    assert infer_extras(requires_of(fewer), []) == []
    alone = {**SHARED, "other": ["lib"]}
    assert names(infer_extras(requires_of(alone), [])) == ["lib[all]"]


def test_only_what_was_asked_for_can_have_been_with_an_extra() -> None:
    requirements = {
        "celery": ["kombu", "kombu[redis]; extra == 'redis'"],
        "kombu": ["redis; extra == 'redis'"],
        "redis": [],
    }
    assert names(infer_extras(requires_of(requirements), [root("celery")])) == ["celery[redis]"]
    assert infer_extras(requires_of(requirements), [root("redis"), root("celery")]) == []
