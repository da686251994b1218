"""cuda-majors: libraries of several major versions of CUDA in one environment."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator

from imgdiag.facts.facts import Facts
from imgdiag.finding import Finding, Fix, Safety
from imgdiag.python.distributions import Distribution
from imgdiag.python.gpu import cuda_major, is_gpu_library
from imgdiag.python.graph import Graph
from imgdiag.rules._gpu import brought_in_by
from imgdiag.rules._hidden import largest, visible
from imgdiag.rules._installed import installed
from imgdiag.rules.rule import Example, ExampleLayer, Rule, Topic
from imgdiag.units import format_bytes


def _check(facts: Facts) -> Iterator[Finding]:
    if not facts.purpose.is_gpu:
        return  # then all of them are too much: cuda-torch and gpu-build
    for environment in facts.environments:
        graph = facts.graphs[environment.path]
        majors = _majors(facts.installed_in(environment))
        if len(majors) < 2:
            continue
        sizes = {major: sum(each.bytes for each in some) for major, some in majors.items()}
        most = max(majors, key=lambda major: (sizes[major], major))
        for major in sorted(majors.keys() - {most}):
            found = tuple(
                each
                for each in majors[major]
                if not _wants_both(graph, each.name, {other.name for other in majors[most]})
            )
            if not found:
                continue
            claim = facts.claims.distributions(found)
            names = {each.name for each in found}
            pullers = sorted({by for name in names for by in graph.required_by[name]} - names)
            why = f"brought in by {brought_in_by(graph, pullers) or ', '.join(pullers)}"
            yield Finding(
                rule=RULE.name,
                safety=Safety.REVIEW,
                message=f"{visible(claim)} of libraries for CUDA {major} in /{environment.prefix} "
                f"({largest(found)}), {why if pullers else 'required by nothing installed'}, "
                f"beside {format_bytes(sizes[most])} for CUDA {most}",
                fix=Fix(
                    f"Take builds for CUDA {most} alone",
                    "requirements.txt",
                    f"# look for a release of {', '.join(pullers)} that is built for CUDA {most}"
                    if pullers
                    else f"# without: {', '.join(sorted(names))}",
                ),
                claim=claim,
                estimate=f"a build for CUDA {most} may need more of its libraries",
            )


def _wants_both(graph: Graph, name: str, others: set[str]) -> bool:
    """Tell whether all that require a library require one for the other CUDA too."""
    requirers = graph.required_by[name]
    return bool(requirers) and all(graph.requires[by] & others for by in requirers)


def _majors(distributions: Iterable[Distribution]) -> dict[int, list[Distribution]]:
    """Return NVIDIA's libraries by the major version of CUDA that they are for."""
    libraries = [each for each in distributions if each.name.startswith("nvidia-")]
    libraries = [each for each in libraries if is_gpu_library(each.name)]
    # Since CUDA 13 most have no suffix, and numbers of their own; the runtime has CUDA's.
    stated = (each.version for each in libraries if each.name == "nvidia-cuda-runtime")
    match = re.match(r"\d{2}", next(stated, ""))
    newest = int(match[0]) if match else 13
    majors: dict[int, list[Distribution]] = defaultdict(list)
    for each in libraries:
        majors[cuda_major(each.name) or newest].append(each)
    return majors


_TORCH = installed("torch", "2.4.1", {"torch/version.py": "cuda = '12.1'\n"}, ["nvidia-cudnn-cu12"])
_CU12 = installed("nvidia-cudnn-cu12", "9.1", {"nvidia/cudnn/lib/libcudnn.so.9": 900_000_000})
_CU11 = {
    **installed("paddle-serving", "1.0", requires=["nvidia-cublas-cu11"]),
    **installed("nvidia-cublas-cu11", "11.11", {"nvidia/cublas/lib/libcublas.so.11": 600_000_000}),
}

RULE = Rule(
    name="cuda-majors",
    topic=Topic.GPU,
    title="Libraries of several major versions of CUDA",
    why="Each major version of CUDA has libraries of its own, so a package built for CUDA 11 "
    "beside a torch for CUDA 12 doubles them: cuDNN and cuBLAS alone take 1.6 GB.",
    fix="Take a release of each that is built for one version of CUDA.",
    ignore_when="One of them has no release for the other's version.",
    check=_check,
    examples=(
        Example(
            what="a package for CUDA 11 beside torch for CUDA 12",
            layers=(
                ExampleLayer(
                    created_by="RUN pip install -r requirements.txt",
                    files={**_TORCH, **_CU12, **_CU11},
                ),
            ),
            environment={"NVIDIA_VISIBLE_DEVICES": "all"},
            finds=(600_000_000,),
        ),
        Example(
            what="one version of CUDA",
            layers=(ExampleLayer(created_by="RUN pip install torch", files={**_TORCH, **_CU12}),),
            environment={"NVIDIA_VISIBLE_DEVICES": "all"},
            finds=(),
        ),
    ),
)
