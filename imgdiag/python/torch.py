"""Which build of torch an image holds, told from its files: nothing is run."""

from __future__ import annotations

import re
from dataclasses import dataclass

from packaging.version import InvalidVersion, Version

from imgdiag.filesystem import File, Filesystem
from imgdiag.python.distributions import Distribution


@dataclass(frozen=True, slots=True, kw_only=True)
class Torch:
    """torch as it is installed. `variant` is cpu, cuda, rocm, xpu or unknown."""

    distribution: Distribution
    version: str
    variant: str
    toolkit: str  # the version of CUDA or ROCm, "" without
    evidence: str

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

    Strongest first: what torch/version.py says; a CUDA or HIP library in torch/lib; requirements
    on NVIDIA's distributions; a local version such as `+cpu`. A plain version proves nothing.
    """
    return tuple(_examine(filesystem, each) for each in distributions if each.name == "torch")


def _examine(filesystem: Filesystem, distribution: Distribution) -> Torch:
    folder = f"{distribution.environment.path}/torch"
    file = filesystem.find(f"{folder}/version.py")
    values = _assignments(file.content) if isinstance(file, File) and file.content else {}
    version = values.get("__version__") or distribution.version
    for name, variant in (("cuda", "cuda"), ("hip", "rocm"), ("rocm", "rocm"), ("xpu", "xpu")):
        if values.get(name):
            return Torch(
                distribution=distribution,
                version=version,
                variant=variant,
                toolkit=values[name] or "",
                evidence=f"{name} = {values[name]!r} in torch/version.py",
            )
    if "cuda" in values:
        return Torch(
            distribution=distribution,
            version=version,
            variant="cpu",
            toolkit="",
            evidence="cuda = None in torch/version.py",
        )
    for library, variant in (("libtorch_cuda.so", "cuda"), ("libtorch_hip.so", "rocm")):
        if isinstance(filesystem.find(f"{folder}/lib/{library}"), File):
            return Torch(
                distribution=distribution,
                version=version,
                variant=variant,
                toolkit="",
                evidence=f"torch/lib/{library} is there",
            )
    for requirement in distribution.requirements:
        if requirement.startswith(("nvidia-", "cuda-toolkit")):
            return Torch(
                distribution=distribution,
                version=version,
                variant="cuda",
                toolkit="",
                evidence=f"requires {requirement.partition(';')[0].strip()}",
            )
    variant, toolkit = _from_local_version(version)
    return Torch(
        distribution=distribution,
        version=version,
        variant=variant,
        toolkit=toolkit,
        evidence=f"the version {version}" if variant != "unknown" else "nothing says",
    )


_ASSIGNMENT = re.compile(
    r"^(?P<name>__version__|cuda|hip|rocm|xpu)\s*(?::[^=\n]+)?=\s*"
    r"(?:'(?P<single>[^'\n]*)'|\"(?P<double>[^\"\n]*)\"|(?P<none>None))",
    re.MULTILINE,
)


def _assignments(content: bytes) -> dict[str, str | None]:
    """Return the simple assignments of torch/version.py; the first of each name counts."""
    values: dict[str, str | None] = {}
    for match in _ASSIGNMENT.finditer(content.decode("utf-8", "replace")):
        value = None if match["none"] else match["single"] or match["double"] or ""
        values.setdefault(match["name"], value)
    return values


def _from_local_version(version: str) -> tuple[str, str]:
    try:
        local = Version(version).local or ""
    except InvalidVersion:
        return "unknown", ""
    if local == "cpu":
        return "cpu", ""
    if match := re.fullmatch(r"cu(\d+)(\d)", local):
        return "cuda", f"{match[1]}.{match[2]}"
    if match := re.fullmatch(r"rocm([\d.]+)", local):
        return "rocm", match[1]
    return "unknown", ""
