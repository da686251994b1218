from __future__ import annotations

import pytest

from imgdiag.facts.cuda import library_name
from tests.made import SITE, distribution, facts_of


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("usr/lib/x86_64-linux-gnu/libcudnn.so.9.1.0", "libcudnn"),
        ("x/libcublas.so.12", "libcublas"),
        ("libcublasLt.so.12", "libcublasLt"),
        ("x/libnvrtc-builtins.so.12.4", "libnvrtc-builtins"),
        ("x/libcudnn_engines_precompiled.so.9", "libcudnn_engines_precompiled"),
        ("x/libnppig.so.12", "libnppig"),
        ("x/libcudnn.so", "libcudnn"),
        ("x/libcublas_static.a", None),
        ("x/libcuda.so.1", None),  # the driver's own, which the host brings
        ("x/libcurl.so.4", None),
        ("x/libcublas.so.12.txt", None),
        ("x/libtorch_cuda.so", None),
    ],
)
def test_names_of_libraries(path: str, name: str | None) -> None:
    assert library_name(path) == name


def test_what_is_cudas_and_what_is_not() -> None:
    cuda = facts_of(
        {
            "usr/local/cuda-12.4/bin/nvcc": 1,
            "usr/local/cuda-12.4/targets/x86_64-linux/lib/libcublas.so.12.4": 2,
            "usr/local/cuda-12.4/targets/x86_64-linux/lib/libcublas_static.a": 3,
            "usr/local/cuda-12.4/targets/x86_64-linux/include/cuda.h": 4,
            "usr/local/cudalike/x": 5,
            "usr/lib/x86_64-linux-gnu/libnccl.so.2.21.5": 6,
            "usr/lib/x86_64-linux-gnu/libnccl_static.a": 7,
            "usr/lib/x86_64-linux-gnu/libssl.so.3": 8,
            "root/.cache/uv/archive-v0/x/nvidia/nccl/lib/libnccl.so.2": 9,
            "opt/app/libcudart.so.12": 10,
            **distribution("nvidia-nccl-cu12", {"nvidia/nccl/lib/libnccl.so.2": 11}),
        }
    ).cuda
    lib = "usr/local/cuda-12.4/targets/x86_64-linux/lib"
    assert cuda.libraries.keys() == {
        f"{lib}/libcublas.so.12.4", "usr/lib/x86_64-linux-gnu/libnccl.so.2.21.5",
    }  # fmt: skip
    assert sorted(cuda.files) == [
        "usr/lib/x86_64-linux-gnu/libnccl_static.a",
        "usr/local/cuda-12.4/bin/nvcc",
        "usr/local/cuda-12.4/targets/x86_64-linux/include/cuda.h",
        f"{lib}/libcublas.so.12.4",
        f"{lib}/libcublas_static.a",
    ]
    assert cuda.paths == sorted({*cuda.files, *cuda.libraries})
    assert cuda.compiler == "usr/local/cuda-12.4/bin/nvcc"
    assert set(cuda.files) - set(cuda.development) == {f"{lib}/libcublas.so.12.4"}


def test_conda_has_its_own() -> None:
    cuda = facts_of(
        {
            "opt/conda/conda-meta/history": 0,
            "opt/conda/lib/libcublas.so.12": 5,
            **distribution("numpy", {"n.so": 1}, site="opt/conda/lib/python3.11/site-packages"),
        }
    ).cuda
    assert list(cuda.libraries) == ["opt/conda/lib/libcublas.so.12"]
    assert cuda.files == {}


def test_without_cuda_there_is_none() -> None:
    cuda = facts_of({f"{SITE}/nvidia/cublas/lib/libcublas.so.12": 5}).cuda
    assert (cuda.paths, cuda.compiler, cuda.development) == ([], "", [])
