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
    names = (path.rpartition("/")[2] for path in claim.sizes)
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


GROUPS = """
[project]
name = "service"
dependencies = ["flask", "ipython", "click"]
[project.optional-dependencies]
test = ["coverage", "flask"]
[dependency-groups]
dev = ["pytest", "click"]
"""


def findings(files: dict[str, int | str]) -> list[tuple[set[str], str, str]]:
    """Return each finding's distributions, its message and its snippet."""
    return [
        (
            {
                path.rpartition("/")[2].removesuffix(".py")
                for path, _ in each.claim.paths
                if path.endswith(".py")
            },
            each.message,
            each.fix.snippet,
        )
        for each in RULE.run(facts_of(files))
    ]


def test_what_only_the_projects_groups_reach_goes() -> None:
    files = made(
        flask=["click"], click=[], ipython=[], pytest=["pluggy", "click"], pluggy=[], coverage=[]
    )
    [(gone, message, snippet)] = findings({**files, "app/pyproject.toml": GROUPS})
    # ipython is a tool, and the project says that it needs it.
    assert gone == {"pytest", "pluggy", "coverage"}
    assert message.startswith(
        "what only the groups dev and test of /app/pyproject.toml ask for in /app/.venv: pytest "
    )
    assert "and 1 package that only they bring in" in message
    assert snippet == "RUN pip install .  # and neither .[dev,test] nor --group"


def test_beside_groups_a_tool_that_nothing_asks_for_is_known_by_name() -> None:
    files = {**made(flask=[], pytest=[], ruff=[]), "app/pyproject.toml": GROUPS.replace(
        '"ipython", "click"', ""
    ).replace(', "click"', "")}  # fmt: skip
    first, second = findings(files)
    assert (first[0], second[0]) == ({"pytest"}, {"ruff"})
    assert second[1].startswith("developers' tools in /app/.venv: ruff ")


def test_a_project_without_groups_has_its_tools_known_by_name() -> None:
    files = {**made(flask=[], pytest=[]), "app/requirements.txt": "flask\npytest\n"}
    [(gone, message, _)] = findings(files)
    assert gone == {"pytest"}
    assert message.startswith("developers' tools in ")


def test_a_file_for_developers() -> None:
    files = {
        **made(flask=[], black=["click"], click=[]),
        "app/requirements.txt": "flask\n",
        "app/requirements/dev.txt": "black\nflask\n",
    }
    [(gone, message, snippet)] = findings(files)
    assert gone == {"black", "click"}
    assert message.startswith("what only /app/requirements/dev.txt asks for in /app/.venv: black ")
    assert snippet == "RUN pip install -r requirements.txt  # and not dev.txt"


@pytest.mark.parametrize(
    ("installer", "path", "text", "snippet"),
    [
        (
            "uv",
            "app/pyproject.toml",
            "[project]\ndependencies=['flask']\n[dependency-groups]\ndev=['pytest']\n",
            "RUN uv sync --locked --no-dev",
        ),
        (
            "uv",
            "app/pyproject.toml",
            "[project]\ndependencies=['flask']\n[dependency-groups]\nlint=['pytest']\n",
            "RUN uv sync --locked --no-default-groups  # and no --group or --extra for lint",
        ),
        (
            "poetry 2.1.0",
            "app/pyproject.toml",
            (
                "[tool.poetry.dependencies]\nflask='*'\n[tool.poetry.group.dev.dependencies]\n"
                "pytest='*'\n"
            ),
            "RUN poetry install --only main",
        ),
        (
            "pdm",
            "app/pyproject.toml",
            "[project]\ndependencies=['flask']\n[tool.pdm.dev-dependencies]\nx=['pytest']\n",
            "RUN pdm sync --prod",
        ),
        (
            "pip",
            "app/Pipfile",
            "[packages]\nflask='*'\n[dev-packages]\npytest='*'\n",
            "RUN pipenv sync  # and not --dev",
        ),
    ],
)
def test_the_line_that_installs_without_the_groups(
    installer: str, path: str, text: str, snippet: str
) -> None:
    files = {
        **distribution("pytest", {"pytest.py": 5}, installer=installer),
        **distribution("flask", {"flask.py": 5}, installer=installer),
        path: text,
    }
    [(gone, _, found)] = findings(files)
    assert (gone, found) == ({"pytest"}, snippet)
