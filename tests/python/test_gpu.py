from __future__ import annotations

import pytest

from imgdiag.python.gpu import (
    FAMILIES,
    cuda_major,
    is_gpu_library,
    is_gpu_only,
    is_xpu_runtime,
    needs_gpu,
)

LIBRARIES = [
    "nvidia-cublas", "nvidia-cublas-cu12", "nvidia-cudnn-cu13", "nvidia-cuda-nvrtc-cu118",
    "nvidia-cuda-runtime", "nvidia-nvshmem-cu13", "nvidia-cusparselt-cu12", "nvidia-nvtx",
    "nvidia-libnvcomp-cu12", "nvidia-cutlass-dsl", "nvidia-cutlass-dsl-libs-base",
    "cuda-toolkit", "cuda-bindings", "cuda-pathfinder", "cuda-python", "cuda-core", "cuda-tile",
    "triton", "pytorch-triton", "pytorch-triton-rocm", "pytorch-triton-xpu", "triton-xpu", "nvtx",
    "rocm", "rocm-sdk-core", "amd-torch-device-gfx12-0",
]  # fmt: skip
PROGRAMS = [
    "jax-cuda12-plugin", "jax-cuda13-pjrt", "jax-rocm7-plugin", "cupy-cuda12x", "cupy-cuda111",
    "cupy-rocm-5-0", "cudf-cu12", "cuml-cu13", "rmm-cu12", "faiss-gpu-cu12", "xgboost-cu13",
    "tensorrt", "tensorrt-cu12", "tensorrt-cu12-libs", "tensorrt-lean-cu13-bindings",
    "nvidia-dali-cuda120", "numba-cuda", "flash-attn", "mxnet-cu112",
]  # fmt: skip
NEITHER = [
    "nvidia-ml-py", "nvidia-ml-py3", "pynvml", "nvidia-riva-client", "nvidia-nat", "nvidia-smi",
    "nvidia-pyindex", "nvidia", "torch", "jax", "jaxlib", "cupy", "cudaless", "cuda-available",
    "faiss-cpu", "onnxruntime", "tritonclient", "xgboost", "mkl", "numba", "nvtx-mock",
]  # fmt: skip


@pytest.mark.parametrize("name", LIBRARIES)
def test_libraries_for_a_gpu(name: str) -> None:
    assert is_gpu_library(name)
    assert is_gpu_only(name)


@pytest.mark.parametrize("name", PROGRAMS)
def test_programs_for_a_gpu(name: str) -> None:
    assert is_gpu_only(name)
    assert not is_gpu_library(name)


@pytest.mark.parametrize("name", NEITHER)
def test_what_works_without_a_gpu(name: str) -> None:
    assert not is_gpu_only(name)
    assert not needs_gpu(name)


@pytest.mark.parametrize("name", ["vllm", "flash-attn", "cudf-cu12", "tensorrt-cu12", "sglang"])
def test_what_nobody_has_without_meaning_a_gpu(name: str) -> None:
    assert needs_gpu(name)


@pytest.mark.parametrize(
    "name", ["triton", "nvidia-cudnn-cu12", "xformers", "bitsandbytes", "cupy-cuda12x"]
)
def test_what_comes_along_proves_nothing(name: str) -> None:
    assert not needs_gpu(name)


@pytest.mark.parametrize("name", ["intel-sycl-rt", "onemkl-sycl-blas", "tcmlib", "mkl", "umf"])
def test_the_runtime_of_xpu(name: str) -> None:
    assert is_xpu_runtime(name)
    assert not is_gpu_only(name), "it counts only beneath torch's XPU build"


@pytest.mark.parametrize(
    ("name", "major"),
    [
        ("nvidia-cublas-cu11", 11), ("nvidia-cublas-cu116", 11), ("nvidia-nccl-cu12", 12),
        ("nvidia-cudnn-cu13", 13), ("nvidia-cublas", None), ("torch", None),
    ],
)  # fmt: skip
def test_the_version_of_cuda_in_a_name(name: str, major: int | None) -> None:
    assert cuda_major(name) == major


def test_families_are_apart_and_replaced_or_dropped() -> None:
    names = ["torch", "torchvision", "xgboost", "tensorflow", "jax", "cupy-cuda12x", "xformers",
             "onnxruntime-gpu", "faiss-gpu-cu12", "paddlepaddle-gpu", "bitsandbytes"]  # fmt: skip
    for name in names:
        assert len([each for each in FAMILIES if each.members.fullmatch(name)]) == 1, name
    for family in FAMILIES:
        assert family.about[-1] != "."
        assert not (family.sibling and family.dropped)
        if family.sibling:
            assert family.members.fullmatch(family.sibling.name) is None
            assert not is_gpu_only(family.sibling.name)


@pytest.mark.parametrize("name", ["catboost", "lightgbm", "ctranslate2", "onnxruntime-openvino"])
def test_what_has_no_smaller_build_is_in_no_family(name: str) -> None:
    assert not any(each.members.fullmatch(name) for each in FAMILIES)
