from __future__ import annotations

from collections.abc import Sequence

import pytest

from imgdiag.rules.dev_dependencies import RULE
from tests.made import distribution, facts_of, only


def made(**requires: Sequence[str]) -> dict[str, int | str]:
    files: dict[str, int | str] = {}
    for name, needs in requires.items():
        files |= distribution(name.replace("_", "-"), {f"{name}.py": 100}, requires=needs)
    return files


def gone(files: dict[str, int | str]) -> set[str]:
    claim = only(RULE, facts_of(files)).claim
    names = (path.rpartition("/")[2] for path, _ in claim.paths)
    return {name.removesuffix(".py") for name in names if name.endswith(".py")}


def test_a_tool_goes_with_what_it_alone_requires() -> None:
    files = made(pytest=["pluggy"], pluggy=[], flask=["click"], click=[], black=["click"])
    assert gone(files) == {"pytest", "pluggy", "black"}


def test_a_tool_that_a_runtime_package_requires_is_kept() -> None:
    assert not list(RULE.run(facts_of(made(pytest=["pluggy"], pluggy=[], anyservice=["pytest"]))))


def test_a_plugin_of_a_tool_goes_with_it() -> None:
    assert gone(made(pytest=[], pytest_cov=["pytest", "coverage"], coverage=[])) == {
        "pytest", "pytest_cov", "coverage",
    }  # fmt: skip


def test_tools_and_their_number_are_named() -> None:
    files = made(pytest=["pluggy", "iniconfig"], pluggy=[], iniconfig=[])
    message = only(RULE, facts_of(files)).message
    assert message.startswith("developers' tools in /app/.venv: pytest ")
    assert "and 2 packages that only they bring in" in message


def test_many_tools_are_cut_short() -> None:
    files = made(pytest=[], black=[], mypy=[], ruff=[], tox=[], nox=[], isort=[])
    assert "and 2 more" in only(RULE, facts_of(files)).message


@pytest.mark.parametrize(
    ("installer", "snippet"),
    [
        ("uv", "# first: uv remove pytest && uv add --dev pytest\nRUN uv sync --locked --no-dev"),
        (
            "poetry 1.8.3",
            (
                "# first: poetry remove pytest && poetry add --group dev pytest\n"
                "RUN poetry install --only main"
            ),
        ),
        ("pip", "-r requirements.txt\npytest==1.0"),
        ("", "-r requirements.txt\npytest==1.0"),
    ],
)
def test_the_fix_is_for_the_installer_that_was_used(installer: str, snippet: str) -> None:
    files = distribution("pytest", {"pytest.py": 5}, installer=installer)
    assert only(RULE, facts_of(files)).fix.snippet == snippet
