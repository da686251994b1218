"""NVIDIA's distributions by name, and what brings them in."""

from __future__ import annotations

import re

from packaging.version import InvalidVersion, Version

from imgdiag.facts import Facts
from imgdiag.finding import Fix
from imgdiag.python.distributions import Distribution
from imgdiag.python.graph import Graph

_GPU = re.compile(
    r"nvidia-.+|cuda-(?:toolkit|bindings|pathfinder|core|python|tile)|triton"
    r"|pytorch-triton(?:-rocm|-xpu)?|jax-cuda1[23]-(?:plugin|pjrt)|cupy-cuda.*|.+-cu1[123]"
    r"|nvtx|numba-cuda"
)
_NOT_GPU = frozenset(("nvidia-ml-py",))  # a few kilobytes, and it says so without a GPU


def is_gpu(name: str) -> bool:
    """Tell whether a distribution is of use on a GPU alone."""
    return _GPU.fullmatch(name) is not None and name not in _NOT_GPU


def pullers(graph: Graph, names: frozenset[str]) -> tuple[str, ...]:
    """Return the distributions outside `names` that require one of them."""
    return tuple(sorted({by for name in names for by in graph.required_by.get(name, ())} - names))


def _is_version(text: str) -> bool:
    """Tell whether `text` is a version: what an image says may be anything."""
    try:
        Version(text)
    except InvalidVersion:
        return False
    return True


def cpu_fix(
    facts: Facts, distributions: tuple[Distribution, ...], pulled_by: tuple[str, ...]
) -> Fix:
    """Return the lines that bring the CPU builds, for the installer that was used."""
    versions = {
        each.name: each.version.partition("+")[0]
        for each in facts.distributions
        if each.name in ("torch", "torchvision", "torchaudio") and _is_version(each.version)
    }
    if all(torch.variant == "cpu" for torch in facts.torches):
        versions = {}  # it is the CPU build: something else brings the packages in
    installer = next((each.installer for each in distributions if each.installer), "pip")
    lines: list[str] = []
    target = "pyproject.toml"
    if versions and installer == "uv":
        sources = "\n".join(f'{name} = [{{ index = "pytorch-cpu" }}]' for name in versions)
        lines.append(
            "# torch must be a dependency of the project itself for its source to count\n"
            '[[tool.uv.index]]\nname = "pytorch-cpu"\n'
            f'url = "{_CPU_INDEX}"\nexplicit = true\n\n[tool.uv.sources]\n{sources}'
        )
    elif versions and installer.startswith("poetry"):
        pins = "\n".join(
            f'{name} = {{ version = "{version}", source = "pytorch-cpu" }}'
            for name, version in versions.items()
        )
        lines.append(
            f'[[tool.poetry.source]]\nname = "pytorch-cpu"\nurl = "{_CPU_INDEX}"\n'
            f'priority = "explicit"\n\n[tool.poetry.dependencies]\n{pins}'
        )
    elif versions:
        target = "requirements.txt"
        pins = "\n".join(f"{name}=={version}+cpu" for name, version in versions.items())
        lines.append(f"--extra-index-url {_CPU_INDEX}\n# in place of {', '.join(versions)}\n{pins}")
    replaced = [
        name for name in (*pulled_by, *(each.name for each in distributions)) if has_cpu_build(name)
    ]
    installed = {
        each.name: each.version for each in facts.distributions if _is_version(each.version)
    }
    lines += [
        f"# in place of {name}\n{_ALTERNATIVES[name]}"
        + (f"=={installed[name]}" if name in installed else "")
        for name in replaced
    ]
    after = "\n# then: uv lock" if installer == "uv" and versions else ""
    if not lines:
        names = ", ".join(pulled_by) or "the packages"
        return Fix(
            f"Look for a CPU build of {names}, or do without",
            target,
            "# no CPU build is known to imgdiag; without it the GPU packages go too",
        )
    return Fix(
        f"Install the CPU build of {', '.join(sorted({*versions, *replaced}))}",
        target,
        "\n\n".join(lines) + after,
    )


def has_cpu_build(name: str) -> bool:
    """Tell whether a distribution has a sibling without CUDA under another name."""
    return name in _ALTERNATIVES


_CPU_INDEX = "https://download.pytorch.org/whl/cpu"
_ALTERNATIVES = {
    "tensorflow": "tensorflow-cpu",
    "onnxruntime-gpu": "onnxruntime",
    "faiss-gpu-cu12": "faiss-cpu",
    "paddlepaddle-gpu": "paddlepaddle",
    "xgboost": "xgboost-cpu",  # xgboost itself requires NCCL on Linux
}
