from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

import pytest

from imgdiag.facts.facts import Facts
from imgdiag.python.roots import Roots
from imgdiag.rules.rule import ExampleLayer
from tests.made import SITE, distribution, made_facts

SYSTEM = "usr/local/lib/python3.11/site-packages"
VENV = {"app/.venv/pyvenv.cfg": "version = 3.11.2\n"}


def site(
    requires: Mapping[str, Sequence[str]],
    *,
    requested: Sequence[str] = (),
    installer: str = "pip",
    where: str = SITE,
) -> dict[str, int | str]:
    """Return installed distributions, those of `requested` with the mark."""
    files: dict[str, int | str] = {}
    for name, needs in requires.items():
        files |= distribution(
            name, {f"{name}.py": 1}, requires=needs, installer=installer, site=where
        )
        if name in requested:
            files[f"{where}/{name.replace('-', '_')}-1.0.dist-info/REQUESTED"] = ""
    return files


def facts(files: Mapping[str, int | str], *history: str) -> Facts:
    first = ExampleLayer(created_by="COPY . .", files={**VENV, **files})
    return made_facts(*(ExampleLayer(created_by=each) for each in history), first)


def roots(files: Mapping[str, int | str], *history: str, where: str = SITE) -> Roots:
    return facts(files, *history).roots[where]


def said(found: Roots) -> list[str]:
    """Return each root as `name[extras] origin`, with its group, in capitals for developers."""
    return [
        f"{each.name}{str(list(each.extras)).replace(chr(39), '') if each.extras else ''} "
        f"{each.origin}{f' {each.group.upper() if each.dev else each.group}' if each.group else ''}"
        for each in found.asked
    ]


WEB = {"flask": ["click"], "click": [], "pip": []}


def test_the_project_beside_a_virtual_environment() -> None:
    found = roots({**site(WEB), "app/requirements.txt": "Flask==3\nclick; os_name == 'nt'\n"})
    assert said(found) == ["flask project"]
    [root] = found.asked
    assert (root.where, root.text) == ("app/requirements.txt", "Flask==3")
    assert found.project is not None
    assert found.project.path == "app/requirements.txt"


@pytest.mark.parametrize(
    ("path", "history"),
    [
        ("app/requirements.txt", ()),  # a folder above the environment
        ("requirements.txt", ()),
        ("srv/web/requirements.txt", ("WORKDIR /srv/web/src",)),
        ("tmp/requirements.txt", ("RUN pip install -r /tmp/requirements.txt",)),
        ("opt/somewhere/requirements.txt", ()),  # nothing else fits
    ],
)
def test_where_a_project_is_found(path: str, history: tuple[str, ...]) -> None:
    found = made_facts(
        *(ExampleLayer(created_by=each) for each in history),
        ExampleLayer(created_by="COPY . .", files={**VENV, **site(WEB), path: "flask\n"}),
        working_directory="/srv/web/src" if "WORKDIR /srv/web/src" in history else "",
    ).roots[SITE]
    assert said(found) == ["flask project"]


def test_the_nearest_project_that_fits_is_chosen() -> None:
    found = roots(
        {
            **site(WEB),
            "app/requirements.txt": "django\ncelery\nflask\n",  # of another environment
            "requirements.txt": "flask\nclick\nnot-there\n",
        }
    )
    assert found.project is not None
    assert found.project.path == "requirements.txt"
    assert said(found) == ["flask project", "click project"]


def test_far_away_everything_must_fit_and_the_fuller_project_wins() -> None:
    found = roots(
        {
            **site(WEB),
            "opt/a/requirements.txt": "flask\n",
            "opt/b/requirements.txt": "flask\nclick\n",
            "opt/c/requirements.txt": "flask\nclick\npip\nnot-there\n",
            f"{SITE}/flask/requirements.txt": "pip\nflask\nclick\n",
        }
    )
    assert found.project is not None
    assert found.project.path == "opt/b/requirements.txt"


def test_each_environment_has_its_own_project() -> None:
    files = {
        **site(WEB),
        **site({"numpy": [], "pip": []}, where=SYSTEM),
        "app/requirements.txt": "flask\n",
    }
    found = facts(files).roots
    assert said(found[SITE]) == ["flask project"]
    assert said(found[SYSTEM]) == []


GROUPS = """
[project]
name = "web"
dependencies = ["flask"]
[project.optional-dependencies]
gpu = ["cupy"]
fast = ["orjson", "uvloop"]
[dependency-groups]
dev = ["pytest", "click"]
lint = ["ruff", "mypy"]
"""
ALL = {**WEB, "orjson": [], "pytest": ["pluggy"], "pluggy": [], "uvloop": [], "ruff": []}


def test_a_group_counts_when_all_of_it_is_installed() -> None:
    found = roots({**site(ALL), "app/pyproject.toml": GROUPS})
    assert said(found) == [
        "flask project",
        "orjson project fast",
        "uvloop project fast",
        "pytest project DEV",
        "click project DEV",
        "ruff project LINT",  # alone of its group, and nothing else brings it in
    ]


def test_what_a_group_that_is_not_installed_shares_with_others_is_not_its() -> None:
    files = {**site({**WEB, "needs-ruff": ["ruff"], "ruff": []}), "app/pyproject.toml": GROUPS}
    files["app/pyproject.toml"] = GROUPS.replace('["flask"]', '["flask", "needs-ruff"]')
    assert said(roots(files)) == ["flask project", "needs-ruff project"]


def direct_url(name: str, url: str, **more: object) -> dict[str, int | str]:
    path = f"{SITE}/{name}-1.0.dist-info/direct_url.json"
    return {path: json.dumps({"url": url, **more})}


def test_a_project_that_is_installed_itself_states_its_requirements_in_its_metadata() -> None:
    installed = {
        "web": ["flask", "orjson; extra == 'fast'", "uvloop; extra == 'fast'"],
        **ALL,
    }
    files = {**site(installed), "app/pyproject.toml": GROUPS}
    files |= direct_url("web", "file:///app", dir_info={"editable": True})
    found = roots(files)
    assert said(found) == [
        "web project",
        "web[fast] project fast",
        "pytest project DEV",
        "click project DEV",
        "ruff project LINT",
    ]


def test_what_was_installed_from_a_folder_is_a_project_with_or_without_its_files() -> None:
    files = {
        **site({"web": ["lib"], "lib": []}),
        **direct_url("lib", "file:///srv/lib", dir_info={}),
    }
    files |= direct_url("web", "file:///srv/my%20app/", dir_info={})
    [root] = roots(files).asked
    assert (root.name, root.origin, root.where) == ("web", "folder", "srv/my app")


@pytest.mark.parametrize(
    ("text", "installer"),
    [
        ('{"url": "https://h/web.zip", "archive_info": {}}', "pip"),
        ('{"url": "file:///app/web-1.0-py3-none-any.whl", "archive_info": {}}', "pip"),
        ('{"url": "file:///croot/web", "dir_info": {}}', "conda"),
        ('{"url": "file://[", "dir_info": {}}', "pip"),
        ('{"url": 3, "dir_info": {}}', "pip"),
        ("[]", "pip"),
        ("[" * 5_000, "pip"),
        ("not json", "pip"),
    ],
)
def test_other_direct_urls_name_no_project(text: str, installer: str) -> None:
    files = site({"web": []}, installer=installer)
    files[f"{SITE}/web-1.0.dist-info/direct_url.json"] = text
    assert roots(files).asked == ()


def test_marks_of_the_installer() -> None:
    files = site({**WEB, "numpy": [], "pandas": ["numpy"]}, requested=("flask", "numpy", "pandas"))
    assert said(roots(files)) == ["flask requested", "numpy requested", "pandas requested"]


@pytest.mark.parametrize("installer", ["uv", "conda"])
def test_marks_on_everything_tell_nothing(installer: str) -> None:
    assert roots(site(WEB, requested=list(WEB), installer=installer)).asked == ()


PARTS = ["blinker", "click", "itsdangerous", "jinja2", "werkzeug"]
LOCKED = {"flask": PARTS, **dict.fromkeys(PARTS, ()), "pip": []}


def test_a_list_of_everything_is_a_lock_and_its_tops_were_asked_for() -> None:
    files = site(LOCKED, requested=("flask", *PARTS))
    assert roots(files).asked == ()
    files["app/requirements.txt"] = "\n".join(f"{name}==1" for name in (*PARTS, "flask"))
    assert said(roots(files)) == ["flask project"]


def test_a_list_that_leaves_something_out_or_is_short_was_written_by_hand() -> None:
    files = site({**LOCKED, "other": [], "more": []})
    names = ["flask", "click", "jinja2", "werkzeug", "other", "more"]
    files["app/requirements.txt"] = "\n".join(names)
    assert said(roots(files)) == [f"{name} project" for name in names]
    short = {**site({"a": ["b"], "b": []}), "app/requirements.txt": "a==1\nb==1\n"}
    assert said(roots(short)) == ["a project", "b project"]


def test_a_lock_with_groups() -> None:
    lock = "".join(
        f'[[package]]\nname = "{name}"\ngroups = {groups}\n'
        for name, groups in (
            ("flask", ["main"]), ("click", ["main", "dev"]), ("werkzeug", ["main"]),
            ("black", ["dev"]), ("pathspec", ["dev"]), ("gone", ["main"]),
        )
    )  # fmt: skip
    installed = {**LOCKED, "black": ["click", "pathspec"], "pathspec": []}
    found = roots({**site(installed), "app/poetry.lock": lock})
    assert said(found) == ["flask project", "black project DEV"]


def test_a_circle_in_a_lock_has_one_top() -> None:
    lock = json.dumps({"default": {"a": {}, "b": {}}})
    found = roots({**site({"a": ["b"], "b": ["a"]}), "app/Pipfile.lock": lock})
    assert said(found) == ["a project"]


def test_the_history_names_what_it_installed() -> None:
    files = site({"jax": ["numpy"], "numpy": [], "pip": []})
    history = ("RUN pip install --upgrade pip gone", 'RUN pip install "jax[cuda12]"')
    found = roots(files, *history)
    assert said(found) == ["pip command", "jax[cuda12] command"]
    assert found.asked[1].where == 'RUN pip install "jax[cuda12]"'
    assert found.project is None


def test_a_surer_reason_stands_and_a_later_one_adds_its_extras() -> None:
    files = site({**WEB, "orjson": []}, requested=("flask", "orjson"))
    files["app/requirements.txt"] = "flask\n"
    found = roots(files, "RUN pip install flask[async] click flask")
    assert said(found) == [
        "flask project",
        "flask[async] command",
        "click command",
        "orjson requested",
    ]


def test_the_marks_do_not_make_a_developers_tool_one_of_the_projects() -> None:
    files = {
        **site({**WEB, "pytest": []}, requested=("flask", "pytest", "click")),
        "app/requirements.txt": "flask\n",
        "app/requirements-dev.txt": "pytest\nflask\n",
    }
    assert said(roots(files)) == [
        "flask project",
        "pytest project REQUIREMENTS-DEV.TXT",
        "click requested",
    ]


def test_a_folder_in_a_requirements_file_is_what_was_installed_from_it() -> None:
    files = {**site({"lib": [], "web": []}), "app/requirements.txt": "-e ../src/lib\nweb\n-e .\n"}
    files |= direct_url("lib", "file:///src/lib", dir_info={"editable": True})
    assert said(roots(files)) == ["lib project", "web project"]


def test_an_image_without_python() -> None:
    assert facts({}).roots == {}
