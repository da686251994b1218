"""What is known of distributions for GPUs: which are of use on one alone, and what runs without.

Sources: PyPI's lists of files and the METADATA of the wheels there; PyTorch's build scripts
(.github/scripts/generate_binary_build_matrix.py for what its wheels require); uv's and pip's
behaviour as tried. Sizes were measured on installed wheels for CPython 3.11, linux/amd64.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_CUDA = r"cu1\d{1,2}"  # as in -cu11, -cu118, -cu12, -cu13; CUDA 13's own have no suffix any more

_LIBRARY = re.compile(
    # NVIDIA's name is on much that is no library for a GPU (nvidia-ml-py, nvidia-riva-client),
    # so those without a suffix are listed.
    rf"nvidia-[a-z0-9-]+-{_CUDA}"
    r"|nvidia-(?:cublas|cuda-[a-z-]+|cudla|cudnn|cufft|cufile|curand|cusolver|cusparse|cutlass"
    r"|mathdx|nccl|npp|nvfatbin|nvjitlink|nvjpeg|nvml-dev|nvptxcompiler|nvtx|nvvm)"
    r"|nvidia-cudnn-frontend|nvidia-cutlass-dsl(?:-[a-z0-9-]+)?"
    r"|cuda-(?:bindings|cccl|core|pathfinder|python|tile|toolkit)|nvtx"
    r"|(?:pytorch-)?triton(?:-rocm|-xpu)?|rocm|rocm-sdk(?:-[a-z0-9-]+)?"
    r"|amd-torch(?:vision|audio)?-device(?:-[a-z0-9-]+)?"
)
_PROGRAM = re.compile(
    rf"(?!nvidia-)[a-z0-9-]+-{_CUDA}|nvidia-dali-cuda\d+|cupy-(?:cuda|rocm)-?[0-9x-]+|numba-cuda"
    rf"|tensorrt(?:-(?:lean|dispatch))?(?:-{_CUDA})?(?:-(?:libs|bindings))?|tensorrt-llm"
    r"|torch-tensorrt|jax-(?:cuda|rocm)\d+-(?:plugin|pjrt)|flash-attn"
    r"|transformer-engine(?:-torch)?"
)
# What torch's XPU wheels require and its CPU wheels do not. Some are of use elsewhere too, so
# they count only for that torch.
_XPU_RUNTIME = re.compile(
    r"intel-(?:cmplr-lib-rt|cmplr-lib-ur|cmplr-lic-rt|opencl-rt|openmp|pti|sycl-rt)"
    r"|onemkl-(?:license|sycl-[a-z]+)|oneccl(?:-devel)?|impi-rt|dpcpp-cpp-rt|mkl|tbb|tcmlib|umf"
)
# Nobody has these by accident, and they have no counterpart for a CPU.
_NEEDS_GPU = re.compile(
    r"vllm|sglang|flash-attn|transformer-engine(?:-torch)?|tensorrt-llm|torch-tensorrt"
    rf"|tensorrt(?:-(?:lean|dispatch))?(?:-{_CUDA})?|nvidia-dali-cuda\d+|transformer-engine-{_CUDA}"
    rf"|(?:cudf|cuml|cugraph|cuvs|cucim|cuspatial|dask-cudf|rmm)-{_CUDA}"
)


def is_gpu_library(name: str) -> bool:
    """Tell whether a distribution is a library that others load, of use on a GPU alone."""
    return _LIBRARY.fullmatch(name) is not None


def is_gpu_only(name: str) -> bool:
    """Tell whether a distribution is of use on a GPU alone. `name` is normalised (PEP 503)."""
    return is_gpu_library(name) or _PROGRAM.fullmatch(name) is not None


def is_xpu_runtime(name: str) -> bool:
    """Tell whether torch's XPU build requires a distribution, and its CPU build does not."""
    return _XPU_RUNTIME.fullmatch(name) is not None


def needs_gpu(name: str) -> bool:
    """Tell whether a project that asks for a distribution plainly means a GPU."""
    return _NEEDS_GPU.fullmatch(name) is not None


def cuda_major(name: str) -> int | None:
    """Return the major version of CUDA in a distribution's name, None without one."""
    match = re.fullmatch(r"[a-z0-9-]+-cu(1\d)\d?", name)
    return int(match[1]) if match else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sibling:
    """The same library without a GPU under another name.

    `exact` tells that it comes in the same versions; otherwise patch releases differ, and the
    same minor version is asked for. `since` is the first version that both have. `bytes` is what
    one release of it takes installed.
    """

    name: str
    exact: bool
    since: str
    bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """A library for a GPU and what is installed without one.

    `members` are the names of its distributions. With a `sibling`, they are replaced by it.
    Without, they stay, but ask for no GPU any more, or, when `dropped`, go altogether. `always`
    tells that they have code for GPUs whatever they require.
    """

    name: str
    members: re.Pattern[str]
    about: str  # a sentence without its full stop
    sibling: Sibling | None = None
    dropped: bool = False
    always: bool = False


TORCH = Family(
    name="torch",
    members=re.compile(r"torch|torchvision|torchaudio"),
    about="PyPI's torch for Linux is the CUDA build",
)
# The order is that in which libraries which several of them share are given to one.
FAMILIES = (
    TORCH,
    Family(
        name="tensorflow",
        members=re.compile(r"tensorflow(?:-gpu|-rocm)?"),
        about="PyPI's tensorflow for Linux has CUDA code in it, with or without [and-cuda]",
        always=True,
        sibling=Sibling(name="tensorflow-cpu", exact=True, since="2.1", bytes=1_270_000_000),
    ),
    Family(
        name="jax",
        members=re.compile(r"jax"),
        about="Without its extra for CUDA or ROCm jax runs on a CPU",
    ),
    Family(
        name="onnxruntime",
        members=re.compile(r"onnxruntime-(?:gpu|rocm|migraphx)"),
        about="For a CPU the same library is onnxruntime",
        always=True,
        sibling=Sibling(name="onnxruntime", exact=False, since="1.4", bytes=76_000_000),
    ),
    Family(
        name="paddlepaddle",
        members=re.compile(r"paddlepaddle-gpu"),
        about="For a CPU the same library is paddlepaddle",
        always=True,
        sibling=Sibling(name="paddlepaddle", exact=False, since="2.6", bytes=719_000_000),
    ),
    Family(
        name="faiss",
        members=re.compile(rf"faiss-gpu(?:-cuvs)?(?:-{_CUDA})?"),
        about="For a CPU the same library is faiss-cpu",
        always=True,
        sibling=Sibling(name="faiss-cpu", exact=False, since="1.7", bytes=66_000_000),
    ),
    Family(
        name="xgboost",
        members=re.compile(r"xgboost(?:-cu1\d)?"),
        about="On Linux it requires NCCL, which only several GPUs together use",
        sibling=Sibling(name="xgboost-cpu", exact=True, since="2.1.1", bytes=18_000_000),
    ),
    Family(
        name="cupy",
        members=re.compile(r"cupy-(?:cuda|rocm)-?[0-9x-]+"),
        about="CuPy is NumPy for a GPU, and does not run without one",
        dropped=True,
    ),
    Family(
        name="bitsandbytes",
        members=re.compile(r"bitsandbytes"),
        about="Most of it is CUDA code, once for each version of CUDA",
        dropped=True,
    ),
    Family(
        name="xformers",
        members=re.compile(r"xformers|flash-attn"),
        about="What it adds runs on a GPU alone",
        dropped=True,
    ),
)
