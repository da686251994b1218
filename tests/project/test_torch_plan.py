from __future__ import annotations

from pathlib import Path

import pytest

from imgdiag.errors import ImgdiagError
from imgdiag.project.checks import (
    blanket_removal,
    torch_index_not_explicit,
    torch_source_missing,
)
from imgdiag.project.checks._torch import CPU_SOURCE
from imgdiag.project.dockerfile import parse_dockerfile, read_dockerfile
from imgdiag.project.fix.cpu_torch import cpu_torch_patch
from imgdiag.project.fix.patch import NotSure
from imgdiag.project.folder import MAX_BYTES, read_locks
from imgdiag.project.project import Project
from imgdiag.project.torch_plan import is_cpu_index, stale

PYPI = "https://pypi.org/simple"


def lock(version: str, index: str, libraries: str = "") -> str:
    return f"""\
version = 1
requires-python = ">=3.11"
[[package]]
name = "svc"
version = "0"
source = {{ virtual = "." }}
dependencies = [{{ name = "torch" }}, {{ name = "xgboost" }}]
[package.metadata]
[[package]]
name = "torch"
version = "{version}"
source = {{ registry = "{index}" }}
dependencies = [{libraries}]
[[package]]
name = "xgboost"
version = "3"
source = {{ registry = "{PYPI}" }}
dependencies = [{{ name = "nvidia-nccl-cu12" }}]
[[package]]
name = "nvidia-nccl-cu12"
version = "2"
source = {{ registry = "{PYPI}" }}
wheels = [{{ url = "x/nvidia_nccl_cu12-2-py3-none-manylinux1_x86_64.whl", size = 30 }}]
[[package]]
name = "nvidia-cublas-cu12"
version = "12"
source = {{ registry = "{PYPI}" }}
wheels = [{{ url = "x/nvidia_cublas_cu12-12-py3-none-manylinux1_x86_64.whl", size = 400 }}]
"""


def project(folder: Path, **files: str) -> Project:
    for name, text in files.items():
        (folder / name.replace("_", ".")).write_text(text)
    return Project(folder=folder)


CUBLAS = """{ name = "nvidia-cublas-cu12", marker = "sys_platform == 'linux'" }"""


@pytest.mark.parametrize(
    ("text", "variant", "evidence"),
    [
        (lock("2.4.1", PYPI, CUBLAS), "cuda", "nvidia-cublas-cu12 is locked beside it"),
        (lock("2.13.0+cpu", "https://x/whl/cpu"), "cpu", "version 2.13.0+cpu"),
        (lock("2.13.0", "https://mirror/pt/whl/cpu"), "cpu", "from https://mirror/pt/whl/cpu"),
        (lock("2.13.0", "https://x/whl/cu124"), "cuda", "from cu124 of https://x/whl/cu124"),
        (lock("2.4.1+cu121", "https://x"), "cuda", "version 2.4.1+cu121"),
        (lock("2.4.1", PYPI), "cuda", "from PyPI, whose builds for Linux are CUDA builds"),
        (lock("2.4.1", "https://mirror/simple"), "unknown", "nothing says"),
    ],
)
def test_which_torch_is_locked(tmp_path: Path, text: str, variant: str, evidence: str) -> None:
    plan = project(tmp_path, uv_lock=text).torch
    [torch] = plan.locked
    assert (torch.variant, torch.evidence) == (variant, evidence)
    # xgboost's library is told too, but says nothing of torch.
    [(_, gpu)] = plan.gpu
    assert [each.package.name for each in gpu][-1] == "nvidia-nccl-cu12"
    assert sum(each.size or 0 for each in gpu) == (430 if CUBLAS in text else 30)


def test_what_the_project_binds(tmp_path: Path) -> None:
    text = """\
[project]
dependencies = ["torch"]
[[tool.uv.index]]
name = "pytorch-cpu"
url = "https://download.pytorch.org/whl/cpu"
[[tool.uv.index]]
name = "other"
url = "https://other.example/simple"
[tool.uv.sources]
torch = { index = "pytorch-cpu" }
torchvision = { index = "other" }
flask = { index = "pytorch-cpu" }
"""
    plan = project(tmp_path, pyproject_toml=text).torch
    assert plan.wants_torch
    assert [(each.name, each.explicit) for each in plan.cpu_indexes] == [("pytorch-cpu", False)]
    assert [each.name for each in plan.bindings] == ["torch"]
    assert (plan.locked, plan.gpu) == ((), ())


def test_no_torch(tmp_path: Path) -> None:
    plan = project(tmp_path, requirements_txt="flask==3\n").torch
    assert not plan.wants_torch


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://download.pytorch.org/whl/cpu", True),
        ("https://mirror.example/pytorch/whl/cpu/", True),
        ("https://download.pytorch.org/whl/cu121", False),
        ("https://cpu/simple", False),
        ("https://mirror.example/simple?cpu", False),
    ],
)
def test_cpu_indexes(url: str, expected: bool) -> None:
    assert is_cpu_index(url) is expected


@pytest.mark.parametrize(
    ("dependencies", "reason"),
    [
        ('"torch"', ""),
        ('"torch>=2"', ""),
        ('"torch>=2.5"', "it has torch 2.4.1, not 'torch>=2.5'"),
        ('"flask"', "flask is not in it"),
    ],
)
def test_a_lock_that_does_not_fit(tmp_path: Path, dependencies: str, reason: str) -> None:
    text = f"[project]\nname = 'svc'\ndependencies = [{dependencies}]\n"
    found = project(tmp_path, pyproject_toml=text, uv_lock=lock("2.4.1", PYPI))
    assert found.settings is not None
    assert stale(found.settings, found.locks[0]) == reason


def test_files_outside_and_too_large(tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("torch==1\n")
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "requirements.txt").write_text("-r ../secret.txt\n-r /etc/passwd\nflask\n")
    assert [each.name for each in read_locks(folder)[0].packages] == ["flask"]
    with (folder / "uv.lock").open("wb") as file:
        file.truncate(MAX_BYTES + 1)
    with pytest.raises(ImgdiagError, match=r"uv\.lock has more than 67,108,864 bytes"):
        read_locks(folder)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("requirements.txt", "--extra-index-url https://download.pytorch.org/whl/cu118\ntorch\n"),
        (
            "Dockerfile",
            "FROM a\nRUN pip install torch --index-url https://download.pytorch.org/whl/cu121\n",
        ),
    ],
)
def test_an_index_for_a_gpu_says_what_is_meant(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    path = tmp_path / "Dockerfile"
    made = Project(folder=tmp_path, dockerfile=read_dockerfile(path) if path.exists() else None)
    assert "https://download.pytorch.org/whl/cu1" in made.gpu_evidence


EXTRA = """\
[project]
name = "svc"
dependencies = []
optional-dependencies = { ml = ["torch>=2.4", "torchvision"] }
"""


def mend(folder: Path, dockerfile: str, **files: str) -> tuple[str, str]:
    """Return where torch's mend goes, and its lines."""
    made = project(folder, Dockerfile=dockerfile, **files)
    made = Project(folder=folder, dockerfile=read_dockerfile(folder / "Dockerfile"))
    [finding] = torch_source_missing.CHECK.run(made)
    unsure = [each for each in cpu_torch_patch(made, made.torch) if isinstance(each, NotSure)]
    # What 'check' advises is what 'fix' does, or leaves to a line of the Dockerfile.
    assert bool(unsure) == (finding.fix.target == "Dockerfile")
    return finding.fix.target, finding.fix.snippet


def test_the_dockerfile_tells_the_tool_where_no_lock_does(tmp_path: Path) -> None:
    text = "FROM python:3.12\nRUN uv sync --extra ml\n"
    target, lines = mend(tmp_path, text, pyproject_toml=EXTRA)
    assert target == "pyproject.toml"
    assert lines.endswith(
        "[tool.uv.sources]\n"
        'torch = [{ index = "pytorch-cpu" }]\n'
        'torchvision = [{ index = "pytorch-cpu" }]\n'
        "# then: uv lock"
    )


@pytest.mark.parametrize("what", [".[ml]", "'.[ml]'", ".", "-e ./[ml]"])
def test_pip_reads_no_index_from_pyproject_toml(tmp_path: Path, what: str) -> None:
    text = f"FROM python:3.12\nRUN pip install -U pip && pip install {what} && pip check\n"
    assert mend(tmp_path, text, pyproject_toml=EXTRA) == (
        "Dockerfile",
        (
            f"RUN pip install -U pip && pip install {what} "
            "--extra-index-url https://download.pytorch.org/whl/cpu && pip check"
        ),
    )


def test_uv_would_take_other_packages_from_an_index_in_requirements(tmp_path: Path) -> None:
    text = "FROM python:3.12\nRUN uv pip install --system -r requirements.txt\n"
    assert mend(tmp_path, text, requirements_txt="torch==2.4.1\nnumpy==1.26.4\n") == (
        "Dockerfile",
        "RUN uv pip install --system -r requirements.txt --torch-backend=cpu",
    )


CONDA = "FROM condaforge/miniforge3\nRUN mamba env create -f environment.yml\n"


def conda(folder: Path, environment: str) -> list[tuple[int, str]]:
    made = project(folder, Dockerfile=CONDA, environment_yml=environment)
    made = Project(folder=folder, dockerfile=read_dockerfile(folder / "Dockerfile"))
    return [(each.line, each.fix.snippet) for each in torch_source_missing.CHECK.run(made)]


def test_torch_in_condas_list_for_pip(tmp_path: Path) -> None:
    text = "dependencies:\n- numpy\n- pip:\n  - torch == 2.4.1  # big\n  - torchvision\n- torch\n"
    assert conda(tmp_path, text) == [
        (
            4,
            (
                "- pip:\n  - --extra-index-url https://download.pytorch.org/whl/cpu\n"
                "  - torch == 2.4.1+cpu\n  - torchvision"
            ),
        )
    ]


@pytest.mark.parametrize("index", ["cpu", "cu121"])
def test_condas_list_for_pip_with_an_index_is_left_alone(tmp_path: Path, index: str) -> None:
    url = f"https://download.pytorch.org/whl/{index}"
    text = f"dependencies:\n  - pip:\n    - --extra-index-url {url}\n    - torch==2.4.1\n"
    assert conda(tmp_path, text) == []
    text = "dependencies:\n  - pip:\n    - torchmetrics\n  - pytorch-cpu\n"
    assert conda(tmp_path, text) == []


@pytest.mark.parametrize(
    ("find", "mend"),
    [
        (
            "/opt/venv/ -name tests",
            "RUN rm -rf /opt/venv/lib/python3*/site-packages/<package>/tests",
        ),
        (
            "/x/lib/python3.12/site-packages -name '*.dist-info'",
            "RUN rm -rf /x/lib/python3.12/site-packages/<package>/<folder>",
        ),
        ("/ -name docs", "RUN rm -rf <where packages are>/<package>/docs"),
    ],
)
def test_a_blanket_s_mend_names_the_folder_in_hand(tmp_path: Path, find: str, mend: str) -> None:
    text = f"FROM python:3.12\nRUN pip install flask\nRUN find {find} -exec rm -r {{}} +\n"
    made = Project(folder=tmp_path, dockerfile=parse_dockerfile(text, "Dockerfile"))
    [finding] = blanket_removal.CHECK.run(made)
    assert finding.fix.snippet == mend


ROOT = """\
[project]
name = "root"
dependencies = []

[tool.uv.workspace]
members = ["packages/*", "../elsewhere", "/etc"]
exclude = ["packages/old"]
"""
MEMBER = '[project]\nname = "ml"\ndependencies = [\n    "torch>=2.4",\n]\n'


def workspace(folder: Path, member: str = MEMBER, root: str = ROOT) -> Project:
    for name, text in {"ml": member, "old": MEMBER.replace("torch", "vllm")}.items():
        (folder / "packages" / name).mkdir(parents=True)
        (folder / "packages" / name / "pyproject.toml").write_text(text)
    return project(folder, pyproject_toml=root)


@pytest.mark.parametrize("named", [True, False])
def test_torch_of_a_workspace_s_member_takes_the_root_s_source(tmp_path: Path, named: bool) -> None:
    root = ROOT if named else ROOT.partition("\n\n")[2]
    made = workspace(tmp_path, root=root)
    [finding] = torch_source_missing.CHECK.run(made)
    assert finding.place == f"{tmp_path}/packages/ml/pyproject.toml:4"
    assert finding.fix.target == "pyproject.toml"
    # What a member asks for is no dependency of the root.
    assert finding.fix.snippet == f"{CPU_SOURCE}# then: uv lock"
    (tmp_path / "pyproject.toml").write_text(f"{root}\n{CPU_SOURCE}")
    assert list(torch_source_missing.CHECK.run(Project(folder=tmp_path))) == []


def test_a_member_that_has_decided_is_heard(tmp_path: Path) -> None:
    made = workspace(tmp_path, f"{MEMBER}\n{CPU_SOURCE}".replace("explicit = true\n", ""))
    assert list(torch_source_missing.CHECK.run(made)) == []
    [finding] = torch_index_not_explicit.CHECK.run(made)
    assert finding.path == f"{tmp_path}/packages/ml/pyproject.toml"
    [unsure] = cpu_torch_patch(made, made.torch)
    assert isinstance(unsure, NotSure)
    assert "names sources of its own" in unsure.reason


def test_a_member_for_a_gpu_is_heard(tmp_path: Path) -> None:
    made = workspace(tmp_path, MEMBER.replace("torch>=2.4", 'torch", "vllm'))
    assert made.gpu_evidence == "vllm is asked for"
    assert list(torch_source_missing.CHECK.run(made)) == []


@pytest.mark.parametrize(
    ("lines", "mend"),
    [
        ("torch>=2.4\ntorchaudio\n", "--extra-index-url https://download.pytorch.org/whl/cpu"),
        (
            "torch==2.4.1 --hash=sha256:00\n",
            "--extra-index-url https://download.pytorch.org/whl/cpu\ntorch==<version>+cpu",
        ),
    ],
)
def test_what_is_not_pinned_takes_the_index_alone(tmp_path: Path, lines: str, mend: str) -> None:
    made = project(tmp_path, requirements_txt=lines)
    [finding] = torch_source_missing.CHECK.run(made)
    assert (finding.fix.target, finding.fix.snippet) == ("requirements.txt", mend)
    (tmp_path / "requirements.txt").write_text(f"{finding.fix.snippet}\n{lines}")
    if "<" not in mend:  # what is advised is found no more
        assert list(torch_source_missing.CHECK.run(Project(folder=tmp_path))) == []
