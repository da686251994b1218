from imgdiag.project.pyproject import Declared, Index, SourceBinding, read_pyproject

UV = b"""\
[project]
name = "svc"
requires-python = ">=3.11"
dependencies = [
    "fastapi",
    "Torch>=2.4 ; sys_platform == 'linux'",
    "!!!",
]
[project.optional-dependencies]
GPU = ["bitsandbytes"]
[dependency-groups]
dev = ["pytest", {include-group = "docs"}]
docs = ["mkdocs"]
[tool.uv]
constraint-dependencies = ["torchvision<1"]
override-dependencies = ["triton ; sys_platform == 'never'"]
[[tool.uv.index]]
name = "mirror"
url = "https://mirror.example/simple"
[[tool.uv.index]]
name = "pytorch-cpu"
url = "https://download.pytorch.org/whl/cpu"
explicit = true
[tool.uv.sources]
torch = [
    { index = "pytorch-cpu", marker = "sys_platform == 'linux'" },
    { git = "https://git.example/torch" },
]
torchvision = { index = "pytorch-cpu" }
"""

POETRY = b"""\
[tool.poetry]
name = "svc"
[tool.poetry.dependencies]
python = "^3.11"
torch = { version = "2.4.1", source = "cpu" }
flask = "^3"
[tool.poetry.group.dev.dependencies]
pytest = "*"
[[tool.poetry.source]]
name = "cpu"
url = "https://download.pytorch.org/whl/cpu"
priority = "explicit"
"""


def test_a_project_of_uv() -> None:
    project = read_pyproject(UV, "pyproject.toml")
    assert (project.name, project.tool, project.requires_python) == ("svc", "uv", ">=3.11")
    assert [(each.name, each.where, each.part, each.line) for each in project.declared] == [
        ("fastapi", "project", "", 5),
        ("torch", "project", "", 6),
        ("bitsandbytes", "optional", "gpu", 10),
        ("pytest", "group", "dev", 12),
        ("mkdocs", "group", "docs", 13),
        ("torchvision", "constraint", "", 15),
        ("triton", "override", "", 16),
    ]
    assert project.declares("torch") == (
        Declared(
            name="torch",
            text="Torch>=2.4 ; sys_platform == 'linux'",
            where="project",
            marker='sys_platform == "linux"',
            path="pyproject.toml",
            line=6,
        ),
    )
    assert project.indexes == (
        Index(
            name="mirror",
            url="https://mirror.example/simple",
            explicit=False,
            path="pyproject.toml",
            line=17,
        ),
        Index(
            name="pytorch-cpu",
            url="https://download.pytorch.org/whl/cpu",
            explicit=True,
            path="pyproject.toml",
            line=20,
        ),
    )
    assert project.bindings == (
        SourceBinding(
            name="torch",
            index="pytorch-cpu",
            marker="sys_platform == 'linux'",
            path="pyproject.toml",
            line=25,
        ),
        SourceBinding(name="torchvision", index="pytorch-cpu", path="pyproject.toml", line=29),
    )
    assert project.default_groups == ("dev",)


def test_a_project_of_poetry() -> None:
    project = read_pyproject(POETRY, "pyproject.toml")
    assert (project.name, project.tool) == ("svc", "poetry")
    assert [(each.name, each.where, each.part, each.line) for each in project.declared] == [
        ("torch", "project", "", 5),
        ("flask", "project", "", 6),
        ("pytest", "group", "dev", 8),
    ]
    assert project.indexes == (
        Index(
            name="cpu",
            url="https://download.pytorch.org/whl/cpu",
            explicit=True,
            path="pyproject.toml",
            line=9,
        ),
    )
    assert project.bindings == (
        SourceBinding(name="torch", index="cpu", path="pyproject.toml", line=5),
    )


def test_a_source_in_poetry_s_old_table_for_developers_binds_too() -> None:
    text = "[tool.poetry.dev-dependencies]\ntorch = { version = '2', source = 'cpu' }\n"
    [binding] = read_pyproject(text.encode(), "pyproject.toml").bindings
    assert (binding.name, binding.index, binding.line) == ("torch", "cpu", 2)


def test_default_groups_of_uv() -> None:
    text = b"[dependency-groups]\nlint = ['ruff']\ntest = ['pytest']\n[tool.uv]\n"
    groups = [
        read_pyproject(text + more, "pyproject.toml").default_groups
        for more in (b"", b"default-groups = ['test', 'gone']", b"default-groups = 'all'")
    ]
    assert groups == [(), ("test",), ("lint", "test")]


def test_values_of_the_wrong_kind_are_passed_over() -> None:
    text = b"project = 3\ndependency-groups = []\n[tool]\nuv = {index = 1, sources = {torch = 2}}\n"
    project = read_pyproject(text, "pyproject.toml")
    assert (project.declared, project.indexes, project.bindings) == ((), (), ())
