"""Base images of CUDA: which one an image was built on, as far as it says."""

from __future__ import annotations

import re

from imgdiag.facts.cuda import library_name
from imgdiag.facts.facts import Facts
from imgdiag.python.gpu import is_gpu_library


def packaged_libraries(facts: Facts) -> dict[str, int]:
    """Return the bytes of CUDA's libraries in Python packages, by name without version."""
    found: dict[str, int] = {}
    for each in facts.distributions:
        if is_gpu_library(each.name):
            for path, file in each.files.items():
                if name := library_name(path):
                    found[name] = found.get(name, 0) + file.size
    return found


def twice(facts: Facts) -> frozenset[str]:
    """Return the names of the libraries that are in the system and in Python packages."""
    system = {library_name(path) for path in facts.cuda.libraries}
    return frozenset(name for name in packaged_libraries(facts) if name in system)


def cuda_tag(facts: Facts, flavour: str) -> str:
    """Return nvidia/cuda's tag of a flavour (base, runtime) for this image's CUDA and system.

    "" when the image does not say what it was built on.
    """
    version = facts.config.environment.get("CUDA_VERSION", "")
    system = _system(facts)
    if not re.fullmatch(r"\d{1,4}\.\d{1,4}\.\d{1,4}", version) or not system:
        return ""
    cudnn = _cudnn(facts, version) if flavour == "runtime" else ""
    return f"nvidia/cuda:{version}-{cudnn}{flavour}-{system}"


def _cudnn(facts: Facts, version: str) -> str:
    """Return the part of a tag that asks for cuDNN; since CUDA 12.4 it has no version."""
    stated = facts.config.environment.get("NV_CUDNN_VERSION") or facts.config.labels.get(
        "com.nvidia.cudnn.version", ""
    )
    match = re.match(r"\d+", stated)
    if match is None:
        return ""
    major, minor = version.split(".")[:2]
    return "cudnn-" if (int(major), int(minor)) >= (12, 4) else f"cudnn{match[0]}-"


def _system(facts: Facts) -> str:
    """Return the distribution as nvidia/cuda's tags write it, "" for one they do not have."""
    name = facts.os_release.get("ID", "")
    version = facts.os_release.get("VERSION_ID", "")
    if not re.fullmatch(r"[\w.]+", version):  # it goes into a line to be pasted
        return ""
    if name == "ubuntu":
        return f"ubuntu{version}"
    major = version.partition(".")[0]
    return {"rocky": f"rockylinux{major}", "rhel": f"ubi{major}"}.get(name, "")
