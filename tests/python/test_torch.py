from __future__ import annotations

import pytest

from imgdiag.python.torch import Torch
from tests.made import SITE, distribution, facts_of


def torch(
    version_py: str | None = None,
    *,
    version: str = "2.4.1",
    library: str = "",
    requires: tuple[str, ...] = (),
) -> Torch:
    files: dict[str, int | str] = {}
    if version_py is not None:
        files["torch/version.py"] = version_py
    if library:
        files[f"torch/lib/{library}"] = 100
    [found] = facts_of(distribution("torch", files, version=version, requires=requires)).torches
    return found


@pytest.mark.parametrize(
    ("text", "variant", "toolkit", "label"),
    [
        ("cuda: Optional[str] = '12.1'\n", "cuda", "12.1", "CUDA 12.1 build"),
        ('cuda = "13.2"\nhip = None\n', "cuda", "13.2", "CUDA 13.2 build"),
        ("cuda = None\nhip: Optional[str] = '6.2.41133'\n", "rocm", "6.2.41133",
         "ROCm 6.2.41133 build"),
        ("cuda = None\nhip = None\nrocm = '7.0'\n", "rocm", "7.0", "ROCm 7.0 build"),
        ("cuda = None\nhip = '7.0.51831'\nrocm = '7.0.0'\n", "rocm", "7.0.0", "ROCm 7.0.0 build"),
        ("cuda = None\nxpu: Optional[str] = '20250101'\n", "xpu", "20250101",
         "XPU 20250101 build"),
        ("cuda: Optional[str] = None\nhip: Optional[str] = None\n", "cpu", "", "CPU build"),
    ],
)  # fmt: skip
def test_version_py_says_it(text: str, variant: str, toolkit: str, label: str) -> None:
    found = torch(f"__version__ = '2.4.1+x'\n{text}")
    assert (found.variant, found.toolkit, found.label) == (variant, toolkit, label)
    assert found.version == "2.4.1+x"
    assert found.evidence.endswith("in torch/version.py")


def test_version_py_is_stronger_than_all_else() -> None:
    found = torch(
        "cuda = None\n",
        version="2.4.1+cu121",
        library="libtorch_cuda.so",
        requires=("nvidia-cudnn-cu12",),
    )
    assert found.variant == "cpu"


def test_the_first_assignment_counts_and_comments_do_not() -> None:
    assert torch("# cuda = '9.9'\ncuda = '12.1'\ncuda = None\n").toolkit == "12.1"


@pytest.mark.parametrize(
    ("library", "variant"),
    [("libtorch_cuda.so", "cuda"), ("libtorch_hip.so", "rocm"), ("libtorch_xpu.so", "xpu")],
)
def test_a_library_comes_next(library: str, variant: str) -> None:
    found = torch("__version__ = '2.4.1'\n", library=library, version="2.4.1+cpu")
    assert (found.variant, found.evidence) == (variant, f"torch/lib/{library} is there")


@pytest.mark.parametrize(
    ("requirement", "variant"),
    [
        ("nvidia-cudnn-cu12==9.1 ; x", "cuda"),
        ("cuda-toolkit[cublas]==13", "cuda"),
        ("triton==3.0.0 ; platform_system == 'Linux'", "cuda"),
        ("pytorch-triton-rocm==3.1.0", "rocm"),
        ("triton-rocm==3.5.0", "rocm"),
        ("rocm[libraries]==7.0", "rocm"),
        ("pytorch-triton-xpu==3.1.0", "xpu"),
        ("triton-xpu==3.5.0", "xpu"),
        ("intel-sycl-rt==2025.2.1", "xpu"),
    ],
)
def test_then_requirements(requirement: str, variant: str) -> None:
    found = torch(requires=("filelock", requirement), version="2.4.1+cpu")
    assert found.variant == variant
    assert found.evidence == f"requires {requirement.partition(';')[0].strip()}"


@pytest.mark.parametrize(
    ("version", "variant", "toolkit"),
    [
        ("2.4.1+cpu", "cpu", ""),
        ("2.4.1+cu121", "cuda", "12.1"),
        ("2.15.0+cu132", "cuda", "13.2"),
        ("2.4.1+rocm6.1", "rocm", "6.1"),
        ("2.11.0+xpu", "xpu", ""),
        ("2.4.1+git123", "unknown", ""),
        ("2.4.1", "unknown", ""),
        ("no version", "unknown", ""),
    ],
)
def test_then_the_local_version_and_a_plain_one_proves_nothing(
    version: str, variant: str, toolkit: str
) -> None:
    found = torch(version=version)
    assert (found.variant, found.toolkit) == (variant, toolkit)
    assert found.evidence == (f"the version {version}" if variant != "unknown" else "nothing says")
    assert found.label


def test_each_environment_has_its_own() -> None:
    other = "opt/lib/python3.11/site-packages"
    files = {
        **distribution("torch", version="2.4.1+cpu"),
        **distribution("torch", version="2.4.1+cu121", site=other),
    }
    assert {each.variant for each in facts_of(files).torches} == {"cpu", "cuda"}


def test_without_torch_there_is_none() -> None:
    assert facts_of({f"{SITE}/torch/version.py": "cuda = '12.1'\n"}).torches == ()


def test_an_extra_is_no_requirement() -> None:
    found = torch(requires=("triton; extra == 'compile'",), version="2.4.1+cpu")
    assert found.variant == "cpu"


LIBRARIES = [
    # CUDA: of today's wheels, and of those that bring CUDA along
    "lib/libtorch_cuda.so", "lib/libtorch_cuda_linalg.so", "lib/libc10_cuda.so",
    "lib/libcusparseLt-f80c68d1.so.0", "lib/libtorch_nvshmem.so", "lib/libcaffe2_nvrtc.so",
    "lib/libcudart-8774224f.so.12", "lib/libcudnn.so.8", "lib/libcublasLt.so.11",
    # ROCm
    "lib/libtorch_hip.so", "lib/libc10_hip.so", "lib/libMIOpen.so", "lib/libamdhip64.so",
    "lib/librocblas.so", "lib/librccl.so", "lib/libhsa-runtime64.so", "lib/libmagma.so",
    "lib/rocblas/library/TensileLibrary_gfx90a.dat", "lib/aotriton.images/amd-gfx90a/x.aks2",
    "share/miopen/db/gfx90a68.HIP.fdb.txt",
    # XPU
    "lib/libtorch_xpu.so", "lib/libc10_xpu.so", "lib/libsycl.so.8", "lib/libur_loader.so.0",
    # every build's
    "lib/libtorch_cpu.so", "lib/libtorch.so", "lib/libc10.so", "lib/libgomp-a34b3233.so.1",
    "lib/libtorch_python.so", "lib/libshm.so", "cuda/amp/autocast_mode.py", "share/cmake/x",
]  # fmt: skip


@pytest.mark.parametrize(
    ("version_py", "first", "last"),
    [
        ("cuda = '12.1'\n", "lib/libtorch_cuda.so", "lib/libcublasLt.so.11"),
        (
            "cuda = None\nhip = '6.1'\n",
            "lib/libtorch_hip.so",
            "share/miopen/db/gfx90a68.HIP.fdb.txt",
        ),
        ("cuda = None\nxpu = '2025'\n", "lib/libtorch_xpu.so", "lib/libur_loader.so.0"),
        ("cuda = None\n", "", ""),
    ],
)
def test_the_libraries_that_a_cpu_build_does_not_have(
    version_py: str, first: str, last: str
) -> None:
    files: dict[str, int | str] = {f"torch/{path}": 1 for path in LIBRARIES}
    files["torch/version.py"] = version_py
    [found] = facts_of(distribution("torch", files)).torches
    expected = LIBRARIES[LIBRARIES.index(first) : LIBRARIES.index(last) + 1] if first else []
    if found.variant == "rocm":
        expected.append("lib/libcaffe2_nvrtc.so")  # of both
    prefix = f"{SITE}/torch/"
    assert {path.removeprefix(prefix) for path in found.gpu_libraries} == set(expected)


def test_companions_say_which_build_they_are() -> None:
    files = {
        **distribution("torch", {"torch/version.py": "cuda = None\n"}),
        **distribution(
            "torchvision", {"torchvision/version.py": "__version__ = '0.19.1+cu121'\n"},
            version="0.19.1",
        ),
        **distribution("torchaudio", version="2.4.1"),
        **distribution("torchvision", version="9", site="opt/lib/python3.11/site-packages"),
    }  # fmt: skip
    [found] = facts_of(files).torches
    assert sorted((each.distribution.name, each.version, each.variant)
                  for each in found.companions) == [
        ("torchaudio", "2.4.1", "unknown"), ("torchvision", "0.19.1+cu121", "cuda"),
    ]  # fmt: skip
