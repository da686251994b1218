"""What an image is meant to run on, a GPU or a CPU: which advice is right depends on it.

Sources: NVIDIA's Container Toolkit documentation (NVIDIA_VISIBLE_DEVICES and its values), the
Dockerfiles of nvidia/cuda and rocm/pytorch, CUDA's programming guide (CUDA_VISIBLE_DEVICES).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from imgdiag.image import ImageConfig


class Target(StrEnum):
    """What an image is meant to run on."""

    GPU = "gpu"
    CPU = "cpu"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Purpose:
    """What an image is meant to run on, and what says so ("" when nothing does).

    `declared` tells that the user said so; all else is only evidence.
    """

    target: Target
    evidence: str = ""
    declared: bool = False

    @property
    def is_gpu(self) -> bool:
        """Tell whether the image is meant for a GPU."""
        return self.target is Target.GPU


def find_purpose(config: ImageConfig, declared: Target | None, needs_gpu: Iterable[str]) -> Purpose:
    """Tell what an image is meant for: what the user says, then its own settings.

    `needs_gpu` are installed distributions that nobody has without meaning a GPU.
    """
    if declared is not None:
        return Purpose(target=declared, evidence=f"--{declared}", declared=True)
    environment = config.environment
    for name, hidden in _HIDES.items():
        if environment.get(name) in hidden:
            return Purpose(target=Target.CPU, evidence=_setting(name, environment[name]))
    for name in sorted(environment, key=lambda name: (_rank(name), name)):
        if _SETS.fullmatch(name) and environment[name]:
            return Purpose(target=Target.GPU, evidence=_setting(name, environment[name]))
    for name in sorted(config.labels):
        if _LABEL.search(name) and config.labels[name]:
            return Purpose(target=Target.GPU, evidence=f"LABEL {name}")
    for name in needs_gpu:
        return Purpose(target=Target.GPU, evidence=f"{name} is installed")
    return Purpose(target=Target.UNKNOWN)


# Values that leave a container without a GPU. An empty CUDA_VISIBLE_DEVICES is one, too.
_HIDES = {
    "NVIDIA_VISIBLE_DEVICES": ("void", "none", ""),
    "CUDA_VISIBLE_DEVICES": ("-1", ""),
}
_FIRST = ("NVIDIA_VISIBLE_DEVICES", "CUDA_VERSION")
_SETS = re.compile(
    r"NVIDIA_(?:VISIBLE_DEVICES|REQUIRE_CUDA|DRIVER_CAPABILITIES)|NV_(?:CUDA|CUDNN|LIB)[A-Z0-9_]*"
    r"|CUDA_(?:VERSION|VISIBLE_DEVICES)|(?:PYTORCH_)?ROCM_[A-Z0-9_]+|HIP_[A-Z0-9_]+"
    r"|ROCR_VISIBLE_DEVICES|HSA_OVERRIDE_GFX_VERSION"
)
_LABEL = re.compile(r"(?:^|\.)(?:nvidia|cuda|cudnn|rocm)(?:\.|$)", re.IGNORECASE)


def _rank(name: str) -> int:
    """Return the place of a setting among the evidence: those that everyone knows first."""
    return _FIRST.index(name) if name in _FIRST else len(_FIRST)


def _setting(name: str, value: str) -> str:
    return f"ENV {name}={value if len(value) <= 40 else value[:39] + '…'}"
