"""What the rules for GPU builds share: what goes, in words."""

from __future__ import annotations

import re
from collections.abc import Iterable

from imgdiag.facts.cuda import library_name
from imgdiag.facts.facts import Facts
from imgdiag.python.distributions import Distribution
from imgdiag.python.environments import Environment
from imgdiag.python.gpu import TORCH
from imgdiag.python.gpu_use import GpuBuild
from imgdiag.python.graph import Graph
from imgdiag.python.requires import required_names
from imgdiag.python.root import Origin
from imgdiag.python.torch import Torch


def named(facts: Facts, environment: Environment, names: Iterable[str]) -> tuple[Distribution, ...]:
    """Return an environment's distributions of these names, those with the most bytes first."""
    wanted = frozenset(names)
    return tuple(each for each in facts.installed_in(environment) if each.name in wanted)


def brought_in_by(graph: Graph, names: Iterable[str]) -> str:
    """Return the chains of requirements that lead to `names`, "" for what nothing requires."""
    chains = (graph.chain(name) for name in names)
    return ", ".join(" → ".join(chain) for chain in chains if len(chain) > 1)


def chain_to(graph: Graph, build: GpuBuild) -> str:
    """Return a shortest chain that asks for a build, or the file that asks for it by its name.

    "" where something else tells that it was asked for by its name.
    """
    asked = [root for root in graph.roots if root.name in build.members and root.is_known]
    if asked:
        files = [f"/{root.where}" for root in asked if root.origin is Origin.PROJECT]
        return next(iter(files), "")
    chains = [
        (*graph.chain(by), member)
        for member in build.members
        for by in sorted(graph.required_by[member] - {*build.members, *build.libraries})
    ]
    # One that leads through torchvision says nothing of who wants torch.
    others = [chain for chain in chains if not set(chain[:-1]) & set(build.members)]
    shortest = min(others, key=lambda chain: (len(chain), chain), default=())
    return " → ".join(shortest)


def torch_build(facts: Facts, torch: Torch) -> GpuBuild | None:
    """Return torch's build for a GPU and what goes with it, None for a build for a CPU."""
    builds = facts.gpu[torch.distribution.environment.path].builds
    return next((each for each in builds if each.family is TORCH), None)


# What libtorch_cuda.so is linked with: without one of them `import torch` fails.
_LINKED = re.compile(r"nvidia-(cublas|cudnn|cufft|curand|cusolver|cusparse|nccl)(?:-cu\d+)?")


def missing_libraries(facts: Facts, torch: Torch) -> dict[str, Distribution | None]:
    """Return the distributions without whose libraries a CUDA build of torch does not load.

    Only those of which no library is there, in the system neither; None for one that is not even
    installed any more.
    """
    if torch.variant != "cuda":
        return {}
    here = {each.name: each for each in facts.installed_in(torch.distribution.environment)}
    system = {library_name(path) for path in facts.cuda.libraries}
    found: dict[str, Distribution | None] = {}
    for name in sorted(required_names(torch.distribution, facts.config.platform)):
        match = _LINKED.fullmatch(name)
        if match is None or f"lib{match[1]}" in system:
            continue
        each = here.get(name)
        if each is None or (each.missing and not any(".so" in path for path in each.files)):
            found[name] = each
    return found


def lone_triton(facts: Facts, environment: Environment) -> frozenset[str]:
    """Return triton's name where a package other than torch brings it in beside a CPU torch."""
    on_cpu = any(
        torch.variant == "cpu" and torch.distribution.environment is environment
        for torch in facts.torches
    )
    others = facts.gpu[environment.path].others
    return frozenset(("triton", "pytorch-triton")).intersection(others if on_cpu else ())


# The names under which libraries come built for a CPU, where they also come for a GPU.
_CPU_BUILDS = frozenset(
    ("faiss-cpu", "jaxlib", "onnxruntime", "paddlepaddle", "tensorflow-cpu", "xgboost-cpu")
)
# These load CUDA from the system when they find it there.
_SYSTEM_USERS = frozenset(
    ("ctranslate2", "cupy", "dgl", "faster-whisper", "horovod", "llama-cpp-python", "mxnet",
     "numba-cuda", "pycuda", "pyopencl", "taichi", "warp-lang")
)  # fmt: skip


def uses_no_gpu(facts: Facts) -> str:
    """Return what says that nothing in the image uses a GPU, for a sentence, "" when it may.

    The user says so; or only builds for a CPU are installed, and nothing that looks for CUDA.
    """
    if facts.purpose.declared:
        return "" if facts.purpose.is_gpu else f"the image is for a CPU ({facts.purpose.evidence})"
    names = {each.name for each in facts.distributions}
    uses = facts.gpu.values()
    if any(each.variant != "cpu" for each in facts.torches) or names & _SYSTEM_USERS:
        return ""
    if any(use.builds or use.orphans or use.others or use.needs_gpu for use in uses):
        return ""
    found = [f"torch {each.version}" for each in facts.torches] + sorted(names & _CPU_BUILDS)
    return f"only builds for a CPU are installed ({', '.join(found)})" if found else ""
