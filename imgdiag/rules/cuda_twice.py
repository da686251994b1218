"""cuda-twice: the same CUDA libraries in the system and in Python packages."""

import re
from collections.abc import Iterator

from imgdiag.facts.cuda import library_name
from imgdiag.facts.facts import Facts
from imgdiag.facts.purpose import Target
from imgdiag.finding import Finding, Fix, Safety
from imgdiag.rules._cuda_base import cuda_tag, packaged_libraries, twice
from imgdiag.rules._gpu import uses_no_gpu
from imgdiag.rules._hidden import visible
from imgdiag.rules._installed import installed
from imgdiag.rules.rule import Example, ExampleLayer, Rule, Topic
from imgdiag.units import format_bytes


def _check(facts: Facts) -> Iterator[Finding]:
    if uses_no_gpu(facts) or facts.purpose.target is Target.CPU:
        return  # then neither is of use: cuda-base-cpu, cuda-torch
    both = twice(facts)
    system = [path for path in facts.cuda.libraries if library_name(path) in both]
    if not both:
        return
    claim = facts.claims.paths(system)
    size = sum(size for name, size in packaged_libraries(facts).items() if name in both)
    places = sorted({re.sub(r"(/targets/.*)?/[^/]+$", "", path) for path in system})
    by_torch = any(
        torch.variant == "cuda"
        and any(each.startswith(("nvidia-", "cuda-")) for each in torch.distribution.requirements)
        for torch in facts.torches
    )
    loaded = (
        "torch loads the packages' own, where its libraries' RPATH leads"
        if by_torch
        else "which of them is loaded depends on who loads it"
    )
    names = ", ".join(sorted(both))
    tag = cuda_tag(facts, "base")
    yield Finding(
        rule=RULE.name,
        safety=Safety.REVIEW,
        message=f"{len(both)} CUDA librar{'ies are' if len(both) > 1 else 'y is'} there twice, "
        f"{visible(claim)} in {', '.join(f'/{place}' for place in places[:3])} and "
        f"{format_bytes(size)} in Python packages ({names}); {loaded}",
        fix=Fix(
            "Start from an image without these libraries",
            "Dockerfile",
            "# Python packages bring them along; drop packages that install them, too\n"
            f"FROM {tag or 'python:<version>-slim'}",
        ),
        claim=claim,
        estimate="another base image has other files besides",
    )


_SYSTEM: dict[str, int | str] = {
    "usr/local/cuda-12.4/targets/x86_64-linux/lib/libcublas.so.12.4.5.8": 109_000_000,
    "usr/local/cuda-12.4/targets/x86_64-linux/lib/libnpps.so.12.2.5.30": 20_000_000,
}
_TORCH = {
    **installed("torch", "2.4.1", {"torch/version.py": "cuda = '12.1'\n"}, ["nvidia-cublas-cu12"]),
    **installed("nvidia-cublas-cu12", "12.1", {"nvidia/cublas/lib/libcublas.so.12": 107_000_000}),
}
_BASE = ExampleLayer(created_by="RUN apt-get install -y cuda-libraries-12-4", files=_SYSTEM)

RULE = Rule(
    name="cuda-twice",
    topic=Topic.GPU,
    title="CUDA's libraries in the system and in Python packages",
    why="torch, tensorflow and jax from PyPI bring their own CUDA libraries, and need of the host "
    "the driver alone. A base image with CUDA's runtime (nvidia/cuda runtime or devel, or CUDA "
    "from apt or conda) then has the same libraries a second time.",
    fix="Start from nvidia/cuda's base flavour or python:slim: the driver is the host's.",
    ignore_when="Another program in the image loads the system's libraries.",
    check=_check,
    examples=(
        Example(
            what="cuBLAS twice; what only the system has does not count",
            layers=(_BASE, ExampleLayer(created_by="RUN pip install torch", files=_TORCH)),
            environment={"NVIDIA_VISIBLE_DEVICES": "all"},
            finds=(109_000_000,),
        ),
        Example(
            what="CUDA in Python packages alone",
            layers=(ExampleLayer(created_by="RUN pip install torch", files=_TORCH),),
            environment={"NVIDIA_VISIBLE_DEVICES": "all"},
            finds=(),
        ),
    ),
)
