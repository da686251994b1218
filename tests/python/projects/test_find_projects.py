from __future__ import annotations

import json
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgdiag.python.projects import Project, find_projects
from imgdiag.python.projects.declared import is_for_developers
from tests.made import made_filesystem, made_layer


def projects(files: Mapping[str, int | str], folder: str = "app") -> list[Project]:
    return list(find_projects(made_filesystem(made_layer(files)), folder))


def said(project: Project) -> list[str]:
    """Return each requirement as `text`, with its group in parentheses, in capitals for dev."""
    return [
        each.text + (f" ({each.group.upper() if each.dev else each.group})" if each.group else "")
        for each in project.declared
    ]


PYPROJECT = """
[project]
name = "My_App"
dependencies = ["torch==2.4.1", "uvicorn[standard] ; os_name == 'posix'", "!!", 3]

[project.optional-dependencies]
gpu = ["cupy-cuda12x"]
Test_Tools = ["pytest"]
all = ["my-app[gpu, test.tools]", "extra-one"]

[dependency-groups]
lint = ["ruff", {include-group = "Typing_Tools"}]
typing-tools = ["mypy", {include-group = "lint"}, {include-group = 3}]
serve = ["gunicorn"]

[tool.uv]
dev-dependencies = ["ipython"]

[tool.pdm.dev-dependencies]
notebook = ["jupyter"]
"""


def test_pyproject() -> None:
    [project] = projects({"app/pyproject.toml": PYPROJECT})
    assert (project.folder, project.path) == ("app", "app/pyproject.toml")
    assert (project.name, project.is_lock) == ("my-app", False)
    assert said(project) == [
        "torch==2.4.1",
        "uvicorn[standard] ; os_name == 'posix'",
        "cupy-cuda12x (gpu)",
        "pytest (TEST-TOOLS)",
        "extra-one (all)",
        "pytest (all)",
        "cupy-cuda12x (all)",
        "ruff (LINT)",
        "mypy (LINT)",
        "mypy (TYPING-TOOLS)",
        "ruff (TYPING-TOOLS)",
        "gunicorn (serve)",
        "ipython (DEV)",
        "jupyter (NOTEBOOK)",
    ]
    assert project.declared[1].extras == ("standard",)
    assert str(project.declared[1].marker) == 'os_name == "posix"'


def test_poetry() -> None:
    text = """
[tool.poetry]
name = "app"
[tool.poetry.dependencies]
python = "^3.11"
requests = "^2.0"
Torch = {version = "2.4.1", extras = ["opt"], markers = "sys_platform == 'linux'"}
numpy = [{version = "1", python = "<3.12"}, {version = "2", python = ">=3.12"}]
redis = {version = "5", optional = true}
lone = {git = "https://h/lone.git", optional = true}
odd = 3
[tool.poetry.extras]
cache = ["Redis"]
[tool.poetry.dev-dependencies]
black = "*"
[tool.poetry.group.docs.dependencies]
sphinx = "*"
[tool.poetry.group.prod.dependencies]
gunicorn = "*"
"""
    [project] = projects({"app/pyproject.toml": text})
    assert project.name == "app"
    assert said(project) == [
        'requests = "^2.0"',
        'Torch[opt] = "2.4.1"',
        'numpy = "1"',
        'numpy = "2"',
        'redis = "5" (cache)',
        "lone (optional)",
        "odd",
        'black = "*" (DEV)',
        'sphinx = "*" (DOCS)',
        'gunicorn = "*" (prod)',
    ]


def test_what_pyproject_leaves_open_is_in_the_requirements() -> None:
    [project, alone] = projects(
        {
            "app/pyproject.toml": '[project]\ndynamic = ["dependencies"]\n'
            "[dependency-groups]\ndev = ['pytest']\n",
            "app/requirements.txt": "torch\n",
            "app/requirements-dev.txt": "-r requirements.txt\nruff\n",
        }
    )
    assert said(project) == ["pytest (DEV)", "torch", "ruff (REQUIREMENTS-DEV.TXT)"]
    assert said(alone) == ["torch", "ruff (REQUIREMENTS-DEV.TXT)"]


def test_where_pyproject_says_what_is_needed_only_files_for_developers_add_to_it() -> None:
    project = projects(
        {
            "app/pyproject.toml": "[project]\ndependencies = ['flask']\n",
            "app/requirements.txt": "flask==3.0\nclick==8.0\n",
            "app/dev-requirements.txt": "ruff\n",
        }
    )[0]
    assert said(project) == ["flask", "ruff (DEV-REQUIREMENTS.TXT)"]


def test_a_pyproject_that_only_sets_up_tools_says_nothing() -> None:
    assert projects({"app/pyproject.toml": "[tool.ruff]\nline-length = 100\n"}) == []


@pytest.mark.parametrize("text", ["\0" * 50, "= broken", "[a\n", "", "x = " + "[" * 5_000])
def test_files_that_cannot_be_read_say_nothing(text: str) -> None:
    names = ("pyproject.toml", "uv.lock", "Pipfile", "Pipfile.lock", "poetry.lock", "pylock.toml")
    assert projects({f"app/{name}": text for name in names}) == []


def test_uv_lock() -> None:
    text = """
version = 1
[[package]]
name = "app"
version = "0"
source = { virtual = "." }
dependencies = [
    { name = "torch", extra = ["opt"], marker = "sys_platform == 'linux'", version = "2.4" },
]
[package.optional-dependencies]
gpu = [{ name = "cupy" }]
[package.dev-dependencies]
dev = [{ name = "pytest" }]
[[package]]
name = "member"
source = { editable = "packages/member" }
dependencies = [{ name = "flask" }]
[[package]]
name = "torch"
source = { registry = "https://pypi.org/simple" }
dependencies = [{ name = "sympy" }]
"""
    [project] = projects({"app/uv.lock": text})
    assert (project.path, project.name, project.is_lock) == ("app/uv.lock", "app", False)
    assert said(project) == ["torch[opt]", "cupy (gpu)", "pytest (DEV)"]
    [workspace] = projects({"app/uv.lock": text.replace('virtual = "."', 'virtual = "packages/a"')})
    assert workspace.name == ""
    assert said(workspace) == ["torch[opt]", "cupy (gpu)", "pytest (DEV)", "flask"]


def test_pipenv() -> None:
    pipfile = '[[source]]\nurl = "x"\n[packages]\nflask = "*"\n[dev-packages]\nruff = "*"\n'
    pipfile += '[deploy]\ngunicorn = {version = "*", extras = ["gevent"]}\n'
    lock: dict[str, object] = {
        "_meta": {"x": {}},
        "default": {"flask": {}, "click": {}},
        "develop": {"ruff": {}},
    }
    first, second = projects({"app/Pipfile": pipfile, "app/Pipfile.lock": json.dumps(lock)})
    assert said(first) == ['flask = "*"', 'ruff = "*" (DEV)', 'gunicorn[gevent] = "*" (deploy)']
    assert (second.path, second.is_lock) == ("app/Pipfile.lock", True)
    assert said(second) == ["flask", "click", "ruff (DEV)"]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (
            "poetry.lock",
            (
                '[[package]]\nname = "flask"\ngroups = ["main", "dev"]\n'
                '[[package]]\nname = "ruff"\ngroups = ["dev"]\n'
            ),
        ),
        (
            "poetry.lock",
            (
                '[[package]]\nname = "flask"\ncategory = "main"\n'
                '[[package]]\nname = "ruff"\ncategory = "dev"\n'
            ),
        ),
        (
            "pdm.lock",
            (
                '[[package]]\nname = "flask"\ngroups = ["default"]\n'
                '[[package]]\nname = "ruff"\ngroups = ["dev"]\n'
            ),
        ),
        (
            "pylock.toml",
            (
                'packages = [{name = "flask"}, {name = "ruff", marker = "\'dev\' in '
                'dependency_groups"}]'
            ),
        ),
    ],
)
def test_locks_know_groups(name: str, text: str) -> None:
    [project] = projects({f"app/{name}": text})
    assert (project.path, project.is_lock) == (f"app/{name}", True)
    assert said(project) == ["flask", "ruff (DEV)"]


def test_requirements_files_of_a_folder() -> None:
    [project] = projects(
        {
            "app/requirements.txt": "-r common/requirements.txt\n-r requirements-gpu.txt\ntorch\n",
            "app/common/requirements.txt": "-r ../requirements.txt\n-r gone.txt\nnumpy\n",
            "app/requirements-gpu.txt": "cupy\n",
            "app/requirements/prod.txt": "gunicorn\n",
            "app/requirements/test.txt": "pytest\n",
            "app/requirements/readme.md": "no-requirement\n",
            "app/constraints.txt": "limit==1\n",
            "app/requirements-constraints.txt": "limit==1\n",
            "app/robots.txt": "robot\n",
        }
    )
    assert project.path == "app/requirements.txt"
    assert said(project) == [
        "torch",
        "numpy",
        "cupy (requirements-gpu.txt)",
        "gunicorn",
        "pytest (TEST.TXT)",
    ]
    assert [each.path for each in project.declared][:2] == [
        "app/requirements.txt", "app/common/requirements.txt",
    ]  # fmt: skip


def test_what_was_compiled_says_nothing_beside_its_source() -> None:
    [project] = projects({"app/requirements.in": "flask\n", "app/requirements.txt": "flask==3\n"})
    assert said(project) == ["flask"]


def test_of_a_compiled_file_only_what_was_asked_for() -> None:
    text = (
        "click==8.0\n    # via flask\nflask==3.0\n    # via -r requirements.in\n"
        "werkzeug==3.0\n    # via\n    #   -c limits.txt\n    #   flask\n"
        "own==1\nuvicorn==0.3\n    # via my-project (pyproject.toml)\n"
    )
    [project] = projects({"app/requirements.txt": text})
    assert said(project) == ["flask==3.0", "own==1", "uvicorn==0.3"]


def test_a_folder_is_a_path_of_the_image() -> None:
    [project] = projects(
        {"app/requirements/base.txt": "-e ../lib[x]\n-e .\n-e /\n-e ../../../../up\n"}
    )
    assert [each.folder for each in project.declared] == ["app/lib", "app/requirements", "", "up"]


@pytest.mark.parametrize(
    ("group", "expected"),
    [
        ("dev", True),
        ("Test_Tools", True),
        ("requirements-dev.txt", True),
        ("docs", True),
        ("devices", False),
        ("contest", False),
        ("gpu", False),
        ("", False),
    ],
)
def test_groups_for_developers_go_by_their_words(group: str, expected: bool) -> None:
    assert is_for_developers(group) is expected


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda each: (
        st.lists(each, max_size=3) | st.dictionaries(st.text(max_size=5), each, max_size=3)
    ),
    max_leaves=8,
)
KEYS = st.sampled_from(
    ["project", "dependencies", "name", "package", "packages", "source", "groups", "default",
     "optional-dependencies", "marker", "extras"]
)  # fmt: skip


@given(st.dictionaries(KEYS, st.dictionaries(KEYS, JSON, max_size=3) | JSON, max_size=4))
def test_values_may_be_of_any_type(data: dict[str, object]) -> None:
    for project in projects({"app/Pipfile.lock": json.dumps(data)}):
        assert all(each.name for each in project.declared)
