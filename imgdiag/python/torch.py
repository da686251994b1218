"""Which build of torch an image holds, told from its files: nothing is run.

Sources: torch/version.py of PyTorch's wheels, and their build scripts (.ci/manywheel) for the
libraries that each build has.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from packaging.version import InvalidVersion, Version

from imgdiag.filesystem import File, Filesystem
from imgdiag.python.distributions import Distribution

_COMPANIONS = ("torchaudio", "torchvision")
_GPU_LIBRARY = {
    # The first line are those of today's wheels, measured on 2.4.1, 2.13.0 and 2.15.0; the others
    # are in wheels that bring their CUDA along.
    "cuda": r"lib/[^/]*(?:cuda|nvshmem|nvrtc|cusparseLt)[^/]*"
    r"|lib/lib(?:cublas|cudnn|cufft|cufile|cupti|curand|cusolver|cusparse|nccl|nvJitLink"
    r"|nvToolsExt|nvfuser|nvperf)[^/]*",
    "rocm": r"lib/lib(?:torch_hip|c10_hip|caffe2_nvrtc|MIOpen|amd|aotriton|hip|hsa-|magma|rccl|roc)"
    r"[^/]*|lib/(?:aotriton\.images|hipblaslt|hipsparselt|rocblas)/.+"
    r"|share/(?:miopen/db|rccl/msccl-algorithms)/.+",
    "xpu": r"lib/lib(?:[^/]*xpu|sycl|ur_|pti_view|OpenCL)[^/]*",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Companion:
    """torchvision or torchaudio; `variant` as of torch, unknown for a plain version."""

    distribution: Distribution
    version: str
    variant: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Torch:
    """torch as it is installed. `variant` is cpu, cuda, rocm, xpu or unknown."""

    distribution: Distribution
    version: str
    variant: str
    toolkit: str  # the version of CUDA or ROCm, "" without
    evidence: str
    companions: tuple[Companion, ...] = ()

    @property
    def gpu_libraries(self) -> list[str]:
        """Return the paths of torch's own libraries that its CPU build does not have."""
        pattern = re.compile(f".*/torch/(?:{_GPU_LIBRARY.get(self.variant, '(?!)')})", re.DOTALL)
        return [path for path in self.distribution.files if pattern.fullmatch(path)]

    @property
    def label(self) -> str:
        """Return the build in words, such as "CUDA 12.1 build"."""
        names = {"cpu": "CPU", "cuda": "CUDA", "rocm": "ROCm", "xpu": "XPU"}
        if self.variant not in names:
            return "build of unknown kind"
        return " ".join(part for part in (names[self.variant], self.toolkit, "build") if part)


def find_torch(
    filesystem: Filesystem, distributions: tuple[Distribution, ...]
) -> tuple[Torch, ...]:
    """Return each torch that is installed, with the strongest evidence there is for its build.

    Strongest first: what torch/version.py says; a CUDA, HIP or XPU library in torch/lib;
    requirements on distributions for a GPU; a local version such as `+cpu`. A plain version
    proves nothing.
    """
    return tuple(
        replace(
            _examine(filesystem, each),
            companions=tuple(
                _companion(filesystem, other)
                for other in distributions
                if other.name in _COMPANIONS and other.environment is each.environment
            ),
        )
        for each in distributions
        if each.name == "torch"
    )


def _examine(filesystem: Filesystem, distribution: Distribution) -> Torch:
    values = _version_file(filesystem, distribution)
    version = values.get("__version__") or distribution.version
    variant, toolkit, evidence = (
        _from_version_file(values)
        or _from_libraries(filesystem, distribution)
        or _from_requirements(distribution)
        or _from_local_version(version)
    )
    return Torch(
        distribution=distribution,
        version=version,
        variant=variant,
        toolkit=toolkit,
        evidence=evidence,
    )


def _companion(filesystem: Filesystem, distribution: Distribution) -> Companion:
    # PyPI's wheels are plain versions by name, and say which build they are in version.py.
    values = _version_file(filesystem, distribution)
    version = values.get("__version__") or distribution.version
    return Companion(
        distribution=distribution, version=version, variant=_from_local_version(version)[0]
    )


_Build = tuple[str, str, str]  # variant, toolkit, evidence


def _from_version_file(values: Mapping[str, str | None]) -> _Build | None:
    for name, variant in (("cuda", "cuda"), ("rocm", "rocm"), ("hip", "rocm"), ("xpu", "xpu")):
        if value := values.get(name):
            return variant, value, f"{name} = {value!r} in torch/version.py"
    return ("cpu", "", "cuda = None in torch/version.py") if "cuda" in values else None


def _from_libraries(filesystem: Filesystem, distribution: Distribution) -> _Build | None:
    for name, variant in (("cuda", "cuda"), ("hip", "rocm"), ("xpu", "xpu")):
        library = f"torch/lib/libtorch_{name}.so"
        if isinstance(filesystem.find(f"{distribution.environment.path}/{library}"), File):
            return variant, "", f"{library} is there"
    return None


_REQUIRED = (
    ("cuda", re.compile(r"nvidia-|cuda-toolkit|triton\b(?!-)")),
    ("rocm", re.compile(r"(?:pytorch-)?triton-rocm|rocm\b")),
    ("xpu", re.compile(r"(?:pytorch-)?triton-xpu|intel-sycl-rt")),
)


def _from_requirements(distribution: Distribution) -> _Build | None:
    for requirement in distribution.requirements:
        text, _, marker = requirement.partition(";")
        for variant, pattern in _REQUIRED:
            if pattern.match(text) and "extra" not in marker:
                return variant, "", f"requires {text.strip()}"
    return None


_ASSIGNMENT = re.compile(
    r"^(?P<name>__version__|cuda|hip|rocm|xpu)\s*(?::[^=\n]+)?=\s*"
    r"(?:'(?P<single>[^'\n]*)'|\"(?P<double>[^\"\n]*)\"|(?P<none>None))",
    re.MULTILINE,
)


def _version_file(filesystem: Filesystem, distribution: Distribution) -> dict[str, str | None]:
    """Return the simple assignments of a package's version.py; the first of each name counts."""
    file = filesystem.find(f"{distribution.environment.path}/{distribution.name}/version.py")
    content = file.content if isinstance(file, File) else None
    values: dict[str, str | None] = {}
    for match in _ASSIGNMENT.finditer((content or b"").decode("utf-8", "replace")):
        value = None if match["none"] else match["single"] or match["double"] or ""
        values.setdefault(match["name"], value)
    return values


def _from_local_version(version: str) -> _Build:
    evidence = f"the version {version}"
    try:
        local = Version(version).local or ""
    except InvalidVersion:
        local = ""
    if local in ("cpu", "xpu"):
        return local, "", evidence
    if match := re.fullmatch(r"cu(\d+)(\d)", local):
        return "cuda", f"{match[1]}.{match[2]}", evidence
    if match := re.fullmatch(r"rocm([\d.]+)", local):
        return "rocm", match[1], evidence
    return "unknown", "", "nothing says"
