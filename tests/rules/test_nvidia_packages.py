from __future__ import annotations

import pytest

from imgdiag.finding import Safety
from imgdiag.rules import cuda_torch
from imgdiag.rules._gpu import is_gpu
from imgdiag.rules.nvidia_packages import RULE
from imgdiag.rules.rule import ExampleLayer
from tests.made import SITE, distribution, facts_of, made_facts, only

CPU_INDEX = "https://download.pytorch.org/whl/cpu"
CUDNN = distribution("nvidia-cudnn-cu12", {"nvidia/cudnn/lib.so": 1_000})
NCCL = distribution("nvidia-nccl-cu12", {"nvidia/nccl/lib.so": 500})


def torch(installer: str = "", *, cuda: str | None = "12.1") -> dict[str, int | str]:
    return distribution(
        "torch",
        {
            "torch/version.py": f"__version__ = '2.4.1'\ncuda = {cuda!r}\n",
            "torch/lib/libtorch_cuda.so": 80 if cuda else 0,
        },
        version="2.4.1",
        requires=["nvidia-cudnn-cu12==9.1.0.70"] if cuda else [],
        installer=installer,
    )


@pytest.mark.parametrize(
    "name",
    [
        "nvidia-cublas", "cuda-toolkit", "cuda-bindings", "triton", "pytorch-triton-rocm",
        "jax-cuda12-pjrt", "cupy-cuda12x", "faiss-gpu-cu12", "nvidia-nccl-cu13", "nvtx",
    ],
)  # fmt: skip
def test_gpu_packages_by_name(name: str) -> None:
    assert is_gpu(name)


@pytest.mark.parametrize("name", ["nvidia-ml-py", "torch", "cudaless", "jax", "cupy", "nvidia"])
def test_other_packages_by_name(name: str) -> None:
    assert not is_gpu(name)


def test_who_pulls_them_in_and_what_they_weigh() -> None:
    app = distribution("easyocr", requires=["torch>=2"])
    finding = only(RULE, facts_of({**torch(), **CUDNN, **app}))
    metadata = sum(len(text) for text in CUDNN.values() if isinstance(text, str))
    assert finding.bytes == 1_000 + metadata
    assert "brought in by easyocr → torch;" in finding.message
    assert "1 GPU package of 1." in finding.message
    assert finding.safety is Safety.REVIEW


def test_pip_gets_requirements() -> None:
    vision = distribution("torchvision", version="0.19.1+cu121")
    fix = only(RULE, facts_of({**torch(), **CUDNN, **vision})).fix
    assert fix.target == "requirements.txt"
    assert sorted(fix.snippet.splitlines()) == [
        "# in place of torch, torchvision",
        f"--extra-index-url {CPU_INDEX}", "torch==2.4.1+cpu", "torchvision==0.19.1+cpu",
    ]  # fmt: skip
    assert fix.summary == "Install the CPU build of torch, torchvision"


def test_uv_gets_an_explicit_index() -> None:
    files = {**torch("uv"), **CUDNN, f"{SITE}/nvidia_cudnn_cu12-1.0.dist-info/INSTALLER": "uv\n"}
    fix = only(RULE, facts_of(files)).fix
    assert fix.target == "pyproject.toml"
    assert fix.snippet == (
        "# torch must be a dependency of the project itself for its source to count\n"
        '[[tool.uv.index]]\nname = "pytorch-cpu"\n'
        f'url = "{CPU_INDEX}"\nexplicit = true\n\n'
        '[tool.uv.sources]\ntorch = [{ index = "pytorch-cpu" }]\n# then: uv lock'
    )
    # The same mend as for torch itself, so that reports name it once.
    assert only(cuda_torch.RULE, facts_of(files)).fix.snippet == fix.snippet


def test_poetry_gets_a_source() -> None:
    fix = only(cuda_torch.RULE, facts_of(torch("Poetry 1.8.3"))).fix
    assert fix.target == "pyproject.toml"
    assert '[[tool.poetry.source]]\nname = "pytorch-cpu"' in fix.snippet
    assert fix.snippet.endswith(
        '[tool.poetry.dependencies]\ntorch = { version = "2.4.1", source = "pytorch-cpu" }'
    )


def test_xgboost_brings_nccl_and_torch_is_not_blamed() -> None:
    xgboost = distribution("xgboost", requires=["nvidia-nccl-cu12; platform_system == 'Linux'"])
    finding = only(RULE, facts_of({**torch(cuda=None), **NCCL, **xgboost}))
    assert "brought in by xgboost;" in finding.message
    assert finding.fix.summary == "Install the CPU build of xgboost"
    assert finding.fix.snippet == "# in place of xgboost\nxgboost-cpu==1.0"


def test_xgboost_beside_a_cuda_torch_needs_both() -> None:
    xgboost = distribution("xgboost", requires=["nvidia-nccl-cu12"])
    fix = only(RULE, facts_of({**torch(), **CUDNN, **NCCL, **xgboost})).fix
    assert fix.summary == "Install the CPU build of torch, xgboost"
    assert "torch==2.4.1+cpu" in fix.snippet
    assert "xgboost-cpu" in fix.snippet


def test_a_gpu_build_with_a_sibling_is_replaced_not_uninstalled() -> None:
    faiss = distribution("faiss-gpu-cu12", {"faiss.so": 9}, requires=["nvidia-nccl-cu12"])
    fix = only(RULE, facts_of({**faiss, **NCCL})).fix
    assert fix.snippet == "# in place of faiss-gpu-cu12\nfaiss-cpu==1.0"


def test_what_has_no_known_sibling_promises_none() -> None:
    vllm = distribution("vllm", requires=["nvidia-nccl-cu12"])
    fix = only(RULE, facts_of({**vllm, **NCCL})).fix
    assert fix.summary == "Look for a CPU build of vllm, or do without"


def test_what_nothing_requires_is_left_out_and_names_are_quoted() -> None:
    hostile = distribution("nvidia-x; curl evil", {"x": 3}, version="1")
    finding = only(RULE, facts_of({**NCCL, **hostile}))
    assert "required by nothing installed" in finding.message
    assert "nvidia-nccl-cu12 'nvidia-x; curl evil'" in finding.fix.snippet


@pytest.mark.parametrize(
    ("environment", "evidence"),
    [
        ({"NVIDIA_VISIBLE_DEVICES": "all"}, "ENV NVIDIA_VISIBLE_DEVICES=all"),
        ({"CUDA_VERSION": "12.4.1"}, "ENV CUDA_VERSION=12.4.1"),
    ],
)
def test_an_image_meant_for_a_gpu_makes_it_risky(
    environment: dict[str, str], evidence: str
) -> None:
    layer = ExampleLayer(created_by="RUN x", files={**torch(), **CUDNN})
    facts = made_facts(layer, environment=environment)
    for rule in (RULE, cuda_torch.RULE):
        finding = only(rule, facts)
        assert finding.safety is Safety.RISKY
        assert f"meant for a GPU ({evidence})" in finding.message


@pytest.mark.parametrize("value", ["void", "none", ""])
def test_no_devices_are_no_gpu(value: str) -> None:
    layer = ExampleLayer(created_by="RUN x", files={**torch(), **CUDNN})
    facts = made_facts(layer, environment={"NVIDIA_VISIBLE_DEVICES": value})
    assert only(RULE, facts).safety is Safety.REVIEW


def test_copies_in_other_layers_count() -> None:
    first = ExampleLayer(created_by="RUN pip install torch", files=CUDNN)
    again = ExampleLayer(created_by="RUN chown -R a /app", files=CUDNN, uid=1)
    finding = only(RULE, made_facts(first, again))
    assert finding.claim.layer_bytes == 2 * finding.claim.visible_bytes
    assert "with the copies in other layers" in finding.message
    assert set(finding.claim.layers) == {0, 1}


def test_each_environment_is_a_finding_of_its_own() -> None:
    other = "opt/tool/lib/python3.12/site-packages"
    files = {**NCCL, **distribution("nvidia-nccl-cu12", {"nvidia/x": 7}, site=other)}
    findings = list(RULE.run(facts_of(files)))
    assert len(findings) == 2
    assert "/opt/tool" in findings[1].message


def test_a_version_that_is_none_is_not_pinned() -> None:
    record = torch()
    record[f"{SITE}/torch-2.4.1.dist-info/METADATA"] = (
        "Name: torch\nVersion: 2.4\n --index-url https://evil.example\n"
    )
    fix = only(cuda_torch.RULE, facts_of(record)).fix
    assert "evil" not in fix.snippet
