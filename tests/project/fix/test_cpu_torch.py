from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from imgdiag.project.fix.cpu_torch import cpu_torch_patch
from imgdiag.project.fix.patch import NotSure, Patch
from imgdiag.project.project import Project

LOCK = """\
version = 1
requires-python = ">=3.11"
[[package]]
name = "svc"
version = "0"
source = { virtual = "." }
dependencies = [{ name = "sentence-transformers" }]
[package.metadata]
[[package]]
name = "sentence-transformers"
version = "3"
source = { registry = "https://pypi.org/simple" }
dependencies = [{ name = "torch" }]
[[package]]
name = "torch"
version = "2.4.1"
source = { registry = "https://pypi.org/simple" }
"""


def fixes(folder: Path, **files: str) -> list[Patch | NotSure]:
    for name, text in files.items():
        path = folder / {"pyproject": "pyproject.toml", "uv": "uv.lock", "poetry": "poetry.lock",
                         "requirements": "requirements.txt"}[name]  # fmt: skip
        path.write_text(text)
    project = Project(folder=folder)
    return list(cpu_torch_patch(project, project.torch))


def only_patch(found: list[Patch | NotSure]) -> Patch:
    [patch] = found
    assert isinstance(patch, Patch)
    return patch


def test_torch_of_another_package_becomes_the_project_s_own(tmp_path: Path) -> None:
    text = """\
# kept as it is
[project]
name = "svc"
dependencies = [
    "sentence-transformers",  # and why
]
"""
    patch = only_patch(fixes(tmp_path, pyproject=text, uv=LOCK))
    assert (
        patch.diff()
        == """\
--- a/pyproject.toml
+++ b/pyproject.toml
@@ -3,4 +3,13 @@
 name = "svc"
 dependencies = [
     "sentence-transformers",  # and why
+    "torch",
 ]
+
+[[tool.uv.index]]
+name = "pytorch-cpu"
+url = "https://download.pytorch.org/whl/cpu"
+explicit = true
+
+[tool.uv.sources]
+torch = [{ index = "pytorch-cpu" }]
"""
    )
    assert patch.next_steps == ("uv lock",)
    # Done once, nothing is left to do.
    (tmp_path / "pyproject.toml").write_text(patch.after)
    again = Project(folder=tmp_path)
    assert list(cpu_torch_patch(again, again.torch)) == []
    assert again.torch.bound("torch")


@pytest.mark.parametrize(
    "uv",
    [
        "[tool.uv]\ndev-dependencies = ['pytest']\n",
        "[[tool.uv.index]]\nname = 'mirror'\nurl = 'https://mirror.example/simple'\n",
        "[tool.uv]\nindex = [{ name = 'mirror', url = 'https://mirror.example/simple' }]\n",
        "[tool.uv.sources]\nother = { path = '../other' }\n[tool.ruff]\nline-length = 100\n",
    ],
)
def test_whatever_stands_there_stays(tmp_path: Path, uv: str) -> None:
    text = f"[project]\nname = 'svc'\ndependencies = ['torch']\n{uv}"
    patch = only_patch(fixes(tmp_path, pyproject=text, uv=LOCK))
    before, after = tomllib.loads(text), tomllib.loads(patch.after)
    indexes = after["tool"]["uv"].pop("index")
    assert indexes[-1] == {
        "name": "pytorch-cpu",
        "url": "https://download.pytorch.org/whl/cpu",
        "explicit": True,
    }
    assert after["tool"]["uv"]["sources"].pop("torch") == [{"index": "pytorch-cpu"}]
    if not after["tool"]["uv"]["sources"]:
        del after["tool"]["uv"]["sources"]
    assert indexes[:-1] == before["tool"].get("uv", {}).pop("index", [])
    assert after == before | {"tool": {"uv": {}, **before["tool"]}}


def test_an_index_that_is_not_explicit_becomes_so_and_the_family_is_bound(tmp_path: Path) -> None:
    text = """\
[project]
name = "svc"
dependencies = ["torch", "torchvision"]
[[tool.uv.index]]
name = "cpu"
url = "https://mirror.example/pytorch/whl/cpu/"
[tool.uv.sources]
torch = { index = "cpu" }
"""
    patch = only_patch(fixes(tmp_path, pyproject=text))
    after = tomllib.loads(patch.after)["tool"]["uv"]
    assert after["index"] == [
        {"name": "cpu", "url": "https://mirror.example/pytorch/whl/cpu/", "explicit": True}
    ]
    assert after["sources"] == {"torch": {"index": "cpu"}, "torchvision": [{"index": "cpu"}]}
    assert patch.reasons == (
        "the index cpu is explicit: nothing else comes from it",
        "torchvision from cpu",
    )


POETRY = """\
[tool.poetry]
name = "svc"
[tool.poetry.dependencies]
python = "^3.11"
torch = "2.4.1"
torchvision = { version = "0.19.1", optional = true }
"""


def test_poetry(tmp_path: Path) -> None:
    patch = only_patch(fixes(tmp_path, pyproject=POETRY))
    after = tomllib.loads(patch.after)["tool"]["poetry"]
    assert after["dependencies"] == {
        "python": "^3.11",
        "torch": {"version": "2.4.1", "source": "pytorch-cpu"},
        "torchvision": {"version": "0.19.1", "optional": True, "source": "pytorch-cpu"},
    }
    assert after["source"] == [
        {
            "name": "pytorch-cpu",
            "url": "https://download.pytorch.org/whl/cpu",
            "priority": "explicit",
        }
    ]
    assert patch.next_steps == ("poetry lock",)
    assert "\n\n[[tool.poetry.source]]\n" in patch.after
    assert "\n\n\n" not in patch.after
    assert patch.after.startswith(POETRY.partition("torch =")[0])


def test_requirements(tmp_path: Path) -> None:
    text = "flask\ntorch==2.4.1 ; python_version > '3'  # big\nTorchvision == 0.19.1\n"
    text += "torchaudio>=2\n"
    [unsure, patch] = fixes(tmp_path, requirements=text)
    assert isinstance(unsure, NotSure)
    assert unsure.reason.startswith("line 4: torchaudio has no plain pin")
    assert isinstance(patch, Patch)
    assert patch.after == (
        "--extra-index-url https://download.pytorch.org/whl/cpu\nflask\n"
        "torch==2.4.1+cpu ; python_version > '3'  # big\nTorchvision == 0.19.1+cpu\n"
        "torchaudio>=2\n"
    )


@pytest.mark.parametrize(
    "text",
    [
        "torch>=2\n",
        "torch\n",
        "torch==2.4.1 \\\n    --hash=sha256:00\n",
        "torch==2.4.1 ; python_version > '3' \\\n    --hash=sha256:00\n",
        "torch==2.4.1 ; python_version > '3' --hash=sha256:00\n",
        "torch[opt]==2.4.1\n",
    ],
)
def test_requirements_that_nothing_can_be_sure_of(tmp_path: Path, text: str) -> None:
    [unsure] = fixes(tmp_path, requirements=text)
    assert isinstance(unsure, NotSure)
    assert unsure.path == "requirements.txt"


EXTRAS = """\
[project]
optional-dependencies = { a = ["torch"], b = ["torch"] }
[tool.uv.sources]
torch = [{ index = "x", extra = "a" }, { index = "y", extra = "b" }]
"""


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (
            "[project]\ndependencies=['torch']\n[[tool.uv.index]]\nurl='https://x/whl/cu124'\n",
            "it names the index https://x/whl/cu124: torch for a GPU seems to be meant",
        ),
        (
            EXTRAS,
            "torch has sources for extras or groups: which one is installed decides",
        ),
        (
            "[project]\ndependencies=['torch']\n[tool]\nuv = { package = false }\n",
            "[tool.uv] is written in one line, which sources do not fit",
        ),
    ],
)
def test_a_choice_that_was_made_is_left_alone(tmp_path: Path, text: str, reason: str) -> None:
    assert fixes(tmp_path, pyproject=text) == [NotSure("pyproject.toml", reason)]


def test_no_torch_no_patch(tmp_path: Path) -> None:
    assert fixes(tmp_path, pyproject="[project]\ndependencies=['flask']\n[tool.uv]\n") == []
    assert fixes(tmp_path, requirements="flask\ntorchmetrics==1\n") == []


@pytest.mark.parametrize(
    "tool",
    [
        '[tool.poetry]\nname = "svc"\n[tool.poetry.dependencies]\ntorch = "2.4.1"\n',
        '[project]\ndependencies = ["torch"]\n[tool.uv]\npackage = false\n',
        '[project]\ndependencies = ["torch"]\n[tool.uv.sources]\nx = { path = "x" }\n',
    ],
)
def test_a_blank_line_before_the_table_that_follows(tmp_path: Path, tool: str) -> None:
    after = only_patch(fixes(tmp_path, pyproject=f"{tool}\n[build-system]\nrequires = []\n")).after
    before, _, _ = after.partition("[build-system]")
    assert before.endswith("\n\n")
    assert "\n\n\n" not in after


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("tool = 1\n[project]\ndependencies = ['torch']\n", "tool is not what uv reads there"),
        ("[project]\ndependencies = 'torch'\n[tool.uv]\n", "project.dependencies is not what uv"),
        ("project = 1\n[tool.uv]\n", "project is not what uv reads there"),
        ("[tool]\nuv = 1\n", "tool.uv is not what uv reads there"),
        ("[tool.uv]\nsources = 3\n", "tool.uv.sources is not what uv reads there"),
        ("[tool.uv]\nindex = 3\n", "tool.uv.index is not what uv reads there"),
        ("[tool.uv]\nindex = ['x', { name = 'x' }]\n", "tool.uv.index is not what uv reads there"),
        ("[tool.uv]\nindex = { name = 'x', url = 'https://x/whl/cpu' }\n", "tool.uv.index is not"),
        ("tool.poetry = { source = [{ name = 'x', url = 'https://x/whl/cpu' }] }\n",
         "the index x is not one of uv's, which installs torch"),
    ],
)  # fmt: skip
def test_what_nothing_can_be_added_to_is_left_alone(tmp_path: Path, text: str, reason: str) -> None:
    [unsure] = fixes(tmp_path, pyproject=text, uv=LOCK)
    assert isinstance(unsure, NotSure)
    assert unsure.reason.startswith(reason)


def test_poetry_s_sources_in_one_line(tmp_path: Path) -> None:
    text = (
        "[tool.poetry]\nsource = [{ name = 'x', url = 'https://x.y/simple' }]\n"
        "[tool.poetry.dependencies]\ntorch = '2.4.1'\n"
    )
    patch = only_patch(fixes(tmp_path, pyproject=text))
    source = tomllib.loads(patch.after)["tool"]["poetry"]["source"]
    assert [each["name"] for each in source] == ["x", "pytorch-cpu"]


def test_dotted_keys_that_tables_cannot_follow(tmp_path: Path) -> None:
    text = "tool.poetry.dependencies.torch = '2.4.1'\nproject.name = 'svc'\n"
    [unsure] = fixes(tmp_path, pyproject=text)
    assert isinstance(unsure, NotSure)
    assert unsure.reason == "tool is written without a header, which tables do not follow"


def test_tables_in_parts_with_others_between_them(tmp_path: Path) -> None:
    text = (
        "[tool.uv]\npackage = false\n\n[project]\nname = 'svc'\ndependencies = []\n\n"
        "[tool.uv.sources]\nflask = { path = 'flask' }\n\n[project.scripts]\na = 'b:c'\n"
    )
    after = tomllib.loads(only_patch(fixes(tmp_path, pyproject=text, uv=LOCK)).after)
    assert after["project"] == {
        "name": "svc",
        "dependencies": ["torch"],
        "scripts": {"a": "b:c"},
    }
    assert after["tool"]["uv"]["package"] is False
    assert [each["name"] for each in after["tool"]["uv"]["index"]] == ["pytorch-cpu"]
    assert after["tool"]["uv"]["sources"] == {
        "flask": {"path": "flask"},
        "torch": [{"index": "pytorch-cpu"}],
    }
