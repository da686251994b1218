"""Taking Dockerfile lines apart, and putting names from images into them."""

from __future__ import annotations

import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgdiag.facts.steps import guarded
from imgdiag.rules._shell import (
    cache_mount,
    chmod_mode,
    chown_owner,
    removal,
    with_copy_flag,
)
from imgdiag.rules.rule import ExampleLayer
from tests.made import made_facts


@pytest.mark.parametrize(
    ("command", "owner"),
    [
        ("chown a b", "a"),
        ("chown a:b c", "a:b"),
        ("chown a: c", "a:"),
        ("chown -hR 1000:1000 c", "1000:1000"),
        ("mkdir x && chown -R a.b:c x", "a.b:c"),
        ("unchown a b", ""),
        ("chownership a b", ""),
        ("true", ""),
    ],
)
def test_chown_owner(command: str, owner: str) -> None:
    assert chown_owner(command) == owner


@pytest.mark.parametrize(
    ("command", "mode"),
    [
        ("chmod 755 a", "755"),
        ("chmod -R 0644 a", "0644"),
        ("chmod u+x,g-w a", ""),
        ("chmod a+rX a", "a+rX"),
        ("true", ""),
    ],
)
def test_chmod_mode(command: str, mode: str) -> None:
    assert chmod_mode(command) == mode


@pytest.mark.parametrize("command", ["a && b", "a | b", "a > b", "a && b && c"])
def test_a_plain_command_is_joined_as_it_is(command: str) -> None:
    assert guarded(command) == command


@pytest.mark.parametrize("command", ["a || b", "a; b", "a & b", "a 2>&1"])
def test_others_are_put_in_parentheses(command: str) -> None:
    assert guarded(command) == f"( {command} )"
    assert guarded(guarded(command)) == guarded(command)


def test_copy_flags_go_first() -> None:
    assert with_copy_flag("ADD --from=x a b", "--chown=c") == "ADD --chown=c --from=x a b"
    assert with_copy_flag("RUN x", "--chown=c") == "RUN x"
    assert with_copy_flag("COPY /a b", "--chown=c") == "COPY --from=<its stage> --chown=c /a b"


def test_a_mount_that_does_not_fit_a_line_is_not_written() -> None:
    facts = made_facts(ExampleLayer(created_by="RUN x"))
    assert cache_mount(facts, 0, "/root/.npm").snippet() == (
        "RUN --mount=type=cache,target=/root/.npm \\\n    x"
    )
    for target in ("/a\nRUN evil/.npm", "/a b/.npm", "/a,source=/etc/.npm", "/$(evil)/.npm"):
        assert cache_mount(facts, 0, target).mounts == ("type=cache,target=<the cache>",)


@given(st.lists(st.text(min_size=1)))
def test_names_never_break_out_of_an_rm(paths: list[str]) -> None:
    text = removal(paths)
    if not any(path.isprintable() for path in paths):
        assert text.startswith("true  # ")
        assert "\n" not in text
        return
    first, *lines = text.split(" \\\n    ")
    assert first == "rm -rf"
    kept = [f"/{path}" for path in paths if path.isprintable()]
    assert shlex.split(" ".join(lines)) == kept
    assert text.count("\n") == len(kept)
