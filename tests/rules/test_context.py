"""git-dir and machine-leftovers: what is safe to leave out, and where it is kept out."""

from __future__ import annotations

from typing import Any

import pytest

from imgdiag.finding import Safety
from imgdiag.rules import git_dir, machine_leftovers
from imgdiag.rules.rule import ExampleLayer
from tests.made import distribution, facts_of, made_facts, only

GIT: dict[str, int | str] = {"app/.git/HEAD": 5, "app/.git/objects/x": 100}


def test_from_the_context_git_is_kept_out_of_it() -> None:
    finding = only(git_dir.RULE, facts_of(GIT, "COPY . . # buildkit"))
    assert finding.safety is Safety.SAFE
    assert (finding.fix.target, finding.fix.snippet) == (".dockerignore", "**/.git")


def test_a_clone_is_cleaned_in_its_run() -> None:
    finding = only(git_dir.RULE, facts_of(GIT, "RUN git clone https://x /app"))
    assert finding.fix.snippet == "RUN git clone https://x /app \\\n && rm -rf \\\n    /app/.git"


@pytest.mark.parametrize(
    "reader",
    [{"usr/bin/git": 9}, distribution("gitpython", {"git.py": 1}), distribution("dulwich")],
)
def test_where_something_reads_it_it_is_for_review(reader: dict[str, int | str]) -> None:
    finding = only(git_dir.RULE, facts_of({**GIT, **reader}, "COPY . ."))
    assert finding.safety is Safety.REVIEW
    assert "could read it" in finding.message


def test_a_folder_named_git_without_a_head_is_none() -> None:
    assert not list(git_dir.RULE.run(facts_of({"app/.git/x": 5}, "COPY . .")))


def test_the_base_images_is_information() -> None:
    facts = made_facts(
        ExampleLayer(created_by="Imported from -", files={"opt/pyenv/.git/HEAD": 7}),
        ExampleLayer(created_by="COPY . .", files=GIT),
    )
    own, base = git_dir.RULE.run(facts)
    assert (own.bytes, own.informational) == (105, False)
    assert (base.bytes, base.informational, base.in_base) == (7, True, True)
    assert base.fix.snippet == "FROM <a base without it>"


def test_tools_caches_are_safe_and_named_once() -> None:
    files = {
        "app/.mypy_cache/a": 50,
        "app/lib/.mypy_cache/b": 5,
        "app/.pytest_cache/c": 7,
        "app/.tox/py311/lib/.mypy_cache/d": 1,
        "usr/lib/python3.11/site-packages/x/.idea/e": 9,
    }
    finding = only(machine_leftovers.RULE, facts_of(files, "COPY . ."))
    assert finding.bytes == 63
    assert finding.safety is Safety.SAFE
    assert finding.fix.snippet.split("\n") == ["**/.mypy_cache", "**/.pytest_cache", "**/.tox"]


@pytest.mark.parametrize(
    "options",
    [
        {"command": (".tox/py311/bin/python", "main.py")},
        {"environment": {"PATH": "/app/.tox/py311/bin:/usr/bin"}},
    ],
)
def test_what_the_image_names_is_in_use(options: dict[str, Any]) -> None:
    layer = ExampleLayer(created_by="COPY . .", files={"app/.tox/py311/a": 5})
    assert not list(machine_leftovers.RULE.run(made_facts(layer, **options)))


def test_made_by_a_run_they_are_removed_there() -> None:
    finding = only(machine_leftovers.RULE, facts_of({"app/.ruff_cache/a": 5}, "RUN ruff check ."))
    assert finding.fix.snippet == "RUN ruff check . \\\n && rm -rf \\\n    /app/.ruff_cache"


@pytest.mark.parametrize("program", ["usr/bin/node", "usr/bin/nodejs", "root/.bun/bin/bun"])
def test_modules_with_something_to_run_them(program: str) -> None:
    files = {program: 9, "app/node_modules/a/index.js": 5}
    assert not list(machine_leftovers.RULE.run(facts_of(files, "COPY . .")))


def test_an_environment_from_another_machine() -> None:
    files = {"app/.venv/pyvenv.cfg": "version = 3.12.1\n", **distribution("a", {"a.py": 1_000})}
    links = {
        "app/.venv/bin/python": "/home/me/.pyenv/versions/3.12.1/bin/python3.12",
        "app/.venv/bin/python3": "python",
    }
    layer = ExampleLayer(created_by="COPY . .", files=files, symlinks=links)
    finding = only(machine_leftovers.RULE, made_facts(layer))
    assert finding.safety is Safety.REVIEW
    assert finding.bytes > 1_000
    assert finding.fix.snippet == "**/.venv"
    here = ExampleLayer(
        created_by="RUN x", files={"home/me/.pyenv/versions/3.12.1/bin/python3.12": 1}
    )
    assert not list(machine_leftovers.RULE.run(made_facts(here, layer)))


def test_a_circle_of_links_leads_nowhere_and_does_no_harm() -> None:
    files = {"app/.venv/pyvenv.cfg": "version = 3.12.1\n", **distribution("a", {"a.py": 1_000})}
    links = {"app/.venv/bin/python": "python3", "app/.venv/bin/python3": "python"}
    layer = ExampleLayer(created_by="COPY . .", files=files, symlinks=links)
    assert only(machine_leftovers.RULE, made_facts(layer)).fix.snippet == "**/.venv"


def test_large_logs() -> None:
    files = {"app/train.log": 2_000_000, "app/small.log": 5}
    finding = only(machine_leftovers.RULE, facts_of(files, "COPY . ."))
    assert finding.bytes == 2_000_000
    assert finding.fix.snippet == "**/*.log"


def test_a_name_that_fits_no_line_is_not_put_into_one() -> None:
    files = {"app/.git\nRUN evil/.git/HEAD": 5}
    finding = only(git_dir.RULE, facts_of(files, "COPY . ."))
    assert finding.fix.snippet == "**/.git"
    assert "\n" not in only(git_dir.RULE, facts_of(files, "RUN x")).fix.snippet.replace(" \\\n", "")
