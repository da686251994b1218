from __future__ import annotations

import tomllib

import pytest

from imgdiag.configuration.documentation import EXAMPLE, option_example, settable
from imgdiag.configuration.find import Found
from imgdiag.configuration.keys import BUDGET, OPTIONS, WAIVER, Key
from imgdiag.configuration.read import read_configuration
from imgdiag.configuration.value import Configuration
from imgdiag.project.toml import parse_toml


def read(text: str) -> Configuration:
    return read_configuration(Found(parse_toml(text.encode(), "imgdiag.toml"), ()))


def test_the_example_is_read_and_has_every_key() -> None:
    found = read(EXAMPLE)
    assert len(found.budgets) == 6
    assert len(found.waivers) == 3
    values = tomllib.loads(EXAMPLE)
    budgets = {key for each in values["budgets"].values() for key in each}
    assert budgets == {key.name for key in BUDGET}
    assert {key for each in values["waivers"] for key in each} == {key.name for key in WAIVER}


@pytest.mark.parametrize("key", BUDGET, ids=lambda key: key.name)
def test_the_example_of_a_budget_s_key_is_read(key: Key) -> None:
    most = "" if key.name == "max" else "max = 1\n"
    assert read(f"[budgets.x]\n{most}{key.name} = {key.example}\n").budgets
    if key.default:
        assert read(f"[budgets.x]\nmax = 1\n{key.name} = {key.default}\n") == read(
            "[budgets.x]\nmax = 1\n"
        )


@pytest.mark.parametrize("key", WAIVER, ids=lambda key: key.name)
def test_the_example_of_a_waiver_s_key_is_read(key: Key) -> None:
    keys = {"rule": '"test-dirs"', "reason": '"x"', "expires": "2027-01-31"}
    keys[key.name] = key.example
    text = "".join(f"{name} = {value}\n" for name, value in keys.items())
    assert read(f"[[waivers]]\n{text}").waivers


def test_every_option_is_its_command_s() -> None:
    found = {(command, name) for command, name, _ in settable()}
    assert found == {(command, name) for command, names in OPTIONS.items() for name in names}


def test_the_examples_of_options_are_read() -> None:
    for command, name, option in settable():
        text = f"[{command}]\n{name} = {option_example(name, option)}\n"
        assert name in read(text).options[command]


def test_nothing_that_runs_writes_or_chooses_an_engine_can_be_set() -> None:
    refused = {"quick", "run", "live", "output", "write", "engine-root", "route", "force"}
    assert not refused & {name for names in OPTIONS.values() for name in names}
