"""CUDA outside of Python packages: from a base image, apt or conda.

Sources: the file lists of NVIDIA's packages for Debian and Ubuntu, and the Dockerfiles of
nvidia/cuda, in which each flavour (base, runtime, devel) adds to the one before.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from imgdiag.filesystem import File, join
from imgdiag.python.environments import Environment
from imgdiag.scanner.usage import Usage

_LIBRARY = re.compile(
    r"(lib(?:cublas|cublasLt|cudart|cudnn[a-z_]*|cufft|cufftw|cufile|cufile_rdma|cupti|curand"
    r"|cusolver|cusolverMg|cusparse|cusparseLt|nccl|npp[a-z]+|nvblas|nvfatbin|nvJitLink|nvjpeg"
    r"|nvrtc|nvrtc-builtins|nvshmem[a-z_]*|nvToolsExt))\.so(?:\.\d+)*"
)
_STATIC = re.compile(r"lib(?:cudnn|nccl)[a-z_]*\.a|lib(?:cudnn|nccl)[a-z_]*_v\d+\.a")
_TOOLKIT = re.compile(r"usr/local/cuda(?:-\d+(?:\.\d+)?)?|opt/nvidia/nsight-[^/]+")
_PLACE = re.compile(
    r"(?:usr/)?(?:local/)?lib(?:64|/[a-z0-9_]+-linux-gnu)?|usr/local/cuda(?:-[^/]+)?/.+"
)
# What nvidia/cuda's devel images have beyond its runtime images: compilers, headers, static
# libraries, stubs to link against, profilers.
_DEVELOPMENT = re.compile(
    r"usr/local/cuda[^/]*/(?:bin|nvvm|nvvm-prev|extras|compute-sanitizer|nsight[^/]*|nvml|src"
    r"|tools|include|targets/[^/]+/include)/.+"
    r"|usr/local/cuda[^/]*/.+/stubs/[^/]+|usr/local/cuda[^/]*/.+\.a"
    r"|(?:usr/)?lib[^/]*/(?:[^/]+-linux-gnu/)?[^/]+\.a|opt/nvidia/nsight-[^/]+/.+"
)


def library_name(path: str) -> str | None:
    """Return the name of a CUDA library without its version, such as libcublas, else None."""
    match = _LIBRARY.fullmatch(path.rpartition("/")[2])
    return match[1] if match else None


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemCuda:
    """CUDA's files outside of Python packages, by path.

    `files` are those of toolkits below /usr/local, and static libraries and profilers that came
    with them; `libraries` are all shared ones, wherever they are.
    """

    files: dict[str, File]
    libraries: dict[str, File]

    @property
    def compiler(self) -> str:
        """Return the path of nvcc, "" without one."""
        return next((path for path in self.files if path.endswith("/bin/nvcc")), "")

    @property
    def paths(self) -> list[str]:
        """Return the paths of all that is CUDA's."""
        return sorted({*self.files, *self.libraries})

    @property
    def development(self) -> list[str]:
        """Return the paths of what only compiling takes, as devel images have it."""
        return [path for path in self.files if _DEVELOPMENT.fullmatch(path)]


def find_cuda(usage: Usage, environments: Iterable[Environment]) -> SystemCuda:
    """Find CUDA's files where packages for the system and for conda put them."""
    conda = {f"{each.prefix}/lib" for each in environments if each.kind == "conda"}
    files = dict(usage.files_in(path for path, _ in usage.directories if _TOOLKIT.fullmatch(path)))
    libraries: dict[str, File] = {}
    for path, directory in usage.directories:
        if not _PLACE.fullmatch(path) and path not in conda:
            continue
        for name, node in directory.children.items():
            if type(node) is not File:
                continue
            if ".so" in name and library_name(name):
                libraries[join(path, name)] = node
            elif name.endswith(".a") and _STATIC.fullmatch(name):
                files[join(path, name)] = node
    return SystemCuda(files=files, libraries=libraries)
