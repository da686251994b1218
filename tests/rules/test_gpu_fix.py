"""The lines that bring a build for a CPU: to be pasted as they are."""

from __future__ import annotations

import pytest

from imgdiag.finding import Fix
from imgdiag.rules import cuda_torch, gpu_build, nvidia_orphans, triton_in_cpu
from imgdiag.rules.rule import ExampleLayer, Rule
from tests.made import SITE, distribution, made_facts, only

Files = dict[str, int | str]
INDEX = "https://download.pytorch.org/whl/cpu"


def fix(rule: Rule, *files: Files, run: str = "RUN pip install -r requirements.txt") -> Fix:
    merged = {path: what for each in files for path, what in each.items()}
    return only(rule, made_facts(ExampleLayer(created_by=run, files=merged))).fix


def torch(
    installer: str = "", version: str = "2.4.1", requires: tuple[str, ...] = ("nvidia-cudnn-cu12",)
) -> Files:
    return {
        **distribution(
            "torch",
            {"torch/version.py": "cuda = '12.1'\n", "torch/lib/libtorch_cuda.so": 80},
            version=version,
            requires=requires,
            installer=installer,
        ),
        **distribution("nvidia-cudnn-cu12", {"nvidia/x.so": 9}, installer=installer),
        "app/.venv/pyvenv.cfg": "version = 3.11\n",
    }


def torchvision(installer: str = "") -> Files:
    return distribution("torchvision", version="0.19.1+cu121", installer=installer)


# torch


def test_pip_gets_requirements() -> None:
    found = fix(cuda_torch.RULE, torch("pip"), torchvision("pip"))
    assert (found.summary, found.target) == (
        "Install the CPU build of torch, torchvision", "requirements.txt",
    )  # fmt: skip
    assert found.snippet == (
        f"--extra-index-url {INDEX}\n# in place of torch, torchvision\n"
        "torch==2.4.1+cpu\ntorchvision==0.19.1+cpu"
    )


def test_what_pip_freeze_named_has_to_go_too() -> None:
    marked: Files = {f"{SITE}/nvidia_cudnn_cu12-1.0.dist-info/REQUESTED": 0}
    found = fix(cuda_torch.RULE, torch("pip"), marked)
    assert found.snippet.endswith("torch==2.4.1+cpu\n# and without: nvidia-cudnn-cu12")
    # uv marks all that it installs.
    assert "without" not in fix(cuda_torch.RULE, torch("uv"), marked).snippet


UV = (
    '[[tool.uv.index]]\nname = "pytorch-cpu"\n'
    f'url = "{INDEX}"\nexplicit = true\n\n'
    '[tool.uv.sources]\ntorch = [{ index = "pytorch-cpu" }]\n'
)


def test_uv_gets_an_explicit_index() -> None:
    found = fix(cuda_torch.RULE, torch("uv"), run="RUN uv sync --locked")
    assert found.target == "pyproject.toml"
    assert found.snippet == (
        "# torch must be a dependency of the project itself for its source to count\n"
        f"{UV}# then: uv lock"
    )


def test_uv_heeds_a_source_only_for_what_the_project_names() -> None:
    app = distribution("easyocr", requires=["torch"])
    vision = torchvision("uv")
    assert fix(cuda_torch.RULE, torch("uv"), vision, app, run="COPY .venv .venv").snippet == (
        "# [project] dependencies: easyocr brings torch in, and uv heeds a source only for\n"
        '# what the project names itself\n"torch==2.4.1",\n\n'
        f'{UV}torchvision = [{{ index = "pytorch-cpu" }}]\n# then: uv lock'
    )


def test_uv_pip_has_a_setting_for_it() -> None:
    found = fix(cuda_torch.RULE, torch("uv"), run="RUN uv pip install --system torch")
    assert (found.target, found.snippet) == (
        "Dockerfile",
        "# before the RUN that installs: uv pip takes the CPU build then\nENV UV_TORCH_BACKEND=cpu",
    )


def test_poetry_gets_a_source() -> None:
    found = fix(cuda_torch.RULE, torch("Poetry 1.8.3"), torchvision())
    assert found.target == "pyproject.toml"
    assert found.snippet == (
        '[[tool.poetry.source]]\nname = "pytorch-cpu"\n'
        f'url = "{INDEX}"\npriority = "explicit"\n\n[tool.poetry.dependencies]\n'
        'torch = { version = "2.4.1", source = "pytorch-cpu" }\n'
        'torchvision = { version = "0.19.1", source = "pytorch-cpu" }\n# then: poetry lock'
    )


def test_conda_gets_a_build() -> None:
    found = fix(cuda_torch.RULE, torch("conda"))
    assert (found.target, found.snippet) == (
        "environment.yml", "# from conda-forge, in place of torch\n- pytorch=2.4.1=cpu*",
    )  # fmt: skip


def test_a_nightly_comes_from_the_nightly_index() -> None:
    snippet = fix(cuda_torch.RULE, torch("pip", "2.16.0.dev20261101")).snippet
    assert "--extra-index-url https://download.pytorch.org/whl/nightly/cpu\n" in snippet


def test_a_version_that_is_none_is_not_pinned() -> None:
    files = torch("pip")
    files[f"{SITE}/torch-2.4.1.dist-info/METADATA"] = (
        "Name: torch\nVersion: 2.4\n --index-url https://evil.example\n"
        "Requires-Dist: nvidia-cudnn-cu12\n"
    )
    assert fix(cuda_torch.RULE, files).snippet.endswith("# in place of torch\ntorch")


# Other libraries


def xgboost(installer: str, version: str = "2.1.3") -> Files:
    return {
        **distribution("xgboost", {"x.so": 238_000_000}, version=version, installer=installer,
                       requires=["nvidia-nccl-cu12"]),
        **distribution("nvidia-nccl-cu12", {"nvidia/nccl.so": 9}, installer=installer),
        "app/.venv/pyvenv.cfg": "version = 3.11\n",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("installer", "target", "snippet"),
    [
        ("pip", "requirements.txt", "# in place of xgboost\nxgboost-cpu==2.1.3"),
        (
            "uv",
            "pyproject.toml",
            '# [project] dependencies, in place of xgboost\n"xgboost-cpu==2.1.3",\n# then: uv lock',
        ),
        (
            "Poetry 2.1",
            "pyproject.toml",
            """# [tool.poetry.dependencies], in place of xgboost
xgboost-cpu = "2.1.3"
# then: poetry lock""",
        ),
    ],
)
def test_a_sibling(installer: str, target: str, snippet: str) -> None:
    found = fix(gpu_build.RULE, xgboost(installer))
    assert (found.target, found.snippet) == (target, snippet)
    assert found.summary == "Install xgboost-cpu in place of xgboost"


FLAML = distribution("flaml", requires=["xgboost"])


def test_what_is_asked_for_by_name_uv_never_installs() -> None:
    assert fix(gpu_build.RULE, xgboost("uv"), FLAML).snippet == (
        '# [project] dependencies, in place of xgboost\n"xgboost-cpu==2.1.3",\n\n'
        "# flaml asks for xgboost by that name, so uv is told never to install it\n"
        "[tool.uv]\noverride-dependencies = [\"xgboost ; sys_platform == 'never'\"]\n"
        "# then: uv lock"
    )


def test_what_is_asked_for_by_name_pip_exchanges_where_it_installs() -> None:
    found = fix(gpu_build.RULE, xgboost("pip"), FLAML)
    assert found.target == "Dockerfile"
    assert found.snippet == (
        "# flaml asks for xgboost by that name: exchange it where it is installed\n\n"
        "RUN pip install -r requirements.txt \\\n"
        " && pip --python /app/.venv uninstall --yes xgboost nvidia-nccl-cu12 \\\n"
        " && pip --python /app/.venv install xgboost-cpu==2.1.3"
    )


def test_uv_pip_exchanges_with_uv() -> None:
    snippet = fix(
        gpu_build.RULE, xgboost("uv"), FLAML, run="RUN uv pip install -r requirements.txt"
    ).snippet
    assert "uv pip uninstall --python /app/.venv xgboost nvidia-nccl-cu12 \\\n" in snippet
    assert snippet.endswith("uv pip install --python /app/.venv xgboost-cpu==2.1.3")


def test_in_another_stage_only_the_command_is_known() -> None:
    assert fix(gpu_build.RULE, xgboost("pip"), FLAML, run="COPY /venv /app/.venv").snippet == (
        "# flaml asks for xgboost by that name: exchange it where it is installed\n"
        "# at the end of the RUN that installs:\n"
        " && pip --python /app/.venv uninstall --yes xgboost nvidia-nccl-cu12 \\\n"
        " && pip --python /app/.venv install xgboost-cpu==2.1.3"
    )


@pytest.mark.parametrize(
    ("name", "version", "requirement"),
    [
        ("xgboost", "3.2.0", "xgboost-cpu==3.2.0"),
        ("xgboost", "2.1.0", "xgboost-cpu"),  # its first is 2.1.1
        ("tensorflow", "2.15.1", "tensorflow-cpu==2.15.1"),
        ("tensorflow-rocm", "2.14.0.600", "tensorflow-cpu==2.14.*"),
        ("onnxruntime-gpu", "1.20.2", "onnxruntime==1.20.*"),  # there is no onnxruntime 1.20.2
        ("onnxruntime-rocm", "1.22.2.post3", "onnxruntime==1.22.*"),
        ("faiss-gpu-cu12", "1.14.1.post1", "faiss-cpu==1.14.*"),
        ("paddlepaddle-gpu", "2.6.1", "paddlepaddle==2.6.*"),  # there is no paddlepaddle 2.6.1
        ("paddlepaddle-gpu", "2.5.2", "paddlepaddle"),
        ("onnxruntime-gpu", "none", "onnxruntime"),
    ],
)
def test_the_version_is_kept_as_far_as_the_sibling_has_it(
    name: str, version: str, requirement: str
) -> None:
    files = distribution(
        name, {"x.so": 3_000_000_000}, version=version, requires=["nvidia-nccl-cu12"]
    )
    nccl = distribution("nvidia-nccl-cu12", {"n.so": 1})
    assert fix(gpu_build.RULE, files, nccl).snippet == f"# in place of {name}\n{requirement}"


def test_jax_without_its_extra() -> None:
    jax = distribution("jax", {"j.py": 1}, version="0.8.0",
                       requires=["jax-cuda12-plugin; extra == 'cuda12'"])  # fmt: skip
    plugin = distribution("jax-cuda12-plugin", {"p.so": 21})
    found = fix(gpu_build.RULE, jax, plugin)
    assert found.summary == "Install jax without its extra for a GPU"
    assert found.snippet == (
        "# in place of jax with the extra that brings jax-cuda12-plugin\njax==0.8.0"
    )


def test_what_is_of_use_on_a_gpu_alone_is_left_out() -> None:
    found = fix(gpu_build.RULE, distribution("cupy-cuda12x", {"c.so": 9}))
    assert (found.summary, found.snippet) == (
        "Leave out cupy-cuda12x", "# without this line:\n# cupy-cuda12x",
    )  # fmt: skip


# What nothing needs


CPU_TORCH = distribution("torch", {"torch/version.py": "cuda = None\n"})
TRITON = distribution("triton", {"triton.so": 9}, installer="uv")
WHISPER = distribution("openai-whisper", requires=["torch", "triton"])


def test_uv_excludes_triton() -> None:
    assert fix(triton_in_cpu.RULE, CPU_TORCH, TRITON, WHISPER).snippet == (
        "# openai-whisper asks for triton\n"
        '[tool.uv]\nexclude-dependencies = ["triton"]\n# then: uv lock'
    )


def test_a_folder_that_fits_no_line_is_not_in_it() -> None:
    site = "a\nRUN evil\n/lib/python3.11/site-packages"
    files = distribution("nvidia-cudnn-cu12", {"n.so": 3}, site=site)
    files["a\nRUN evil\n/pyvenv.cfg"] = "version = 3.11\n"
    snippet = fix(nvidia_orphans.RULE, files).snippet
    assert snippet.endswith("pip --python '<its folder>' uninstall --yes nvidia-cudnn-cu12")
    assert "evil" not in snippet


def test_orphans_are_uninstalled_in_the_run_that_brings_them() -> None:
    assert fix(nvidia_orphans.RULE, distribution("nvidia-cudnn-cu12", {"n.so": 3})).snippet == (
        "# first look for their names in your requirements: without those they do not come at all"
        "\n\nRUN pip install -r requirements.txt \\\n && pip uninstall --yes nvidia-cudnn-cu12"
    )
