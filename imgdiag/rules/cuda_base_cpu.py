"""cuda-base-cpu: CUDA in the system of an image in which nothing uses a GPU."""

import posixpath
from collections.abc import Iterator

from imgdiag.facts.facts import Facts
from imgdiag.finding import Finding, Fix, Safety
from imgdiag.rules._gpu import uses_no_gpu
from imgdiag.rules._hidden import visible
from imgdiag.rules._installed import installed
from imgdiag.rules.rule import Example, ExampleLayer, Rule, Topic


def _check(facts: Facts) -> Iterator[Finding]:
    reason = uses_no_gpu(facts)
    paths = facts.cuda.paths
    if not reason or not paths:
        return
    claim = facts.claims.paths(paths)
    places = sorted({posixpath.dirname(path) for path in facts.cuda.libraries} or {"usr/local"})
    versions = sorted({each.python_version or "" for each in facts.environments} - {""})
    image = f"python:{versions[-1]}-slim" if versions else "debian:stable-slim"
    yield Finding(
        rule=RULE.name,
        safety=Safety.REVIEW,
        message=f"{visible(claim)} of CUDA in the system (libraries in "
        f"{', '.join(f'/{place}' for place in places[:3])}), and {reason}",
        fix=Fix(
            "Start from an image without CUDA",
            "Dockerfile",
            f"# in place of nvidia/cuda, or without the RUN that installs CUDA\nFROM {image}",
        ),
        claim=claim,
        estimate="another base image has other files besides",
    )


_TORCH = installed(
    "torch", "2.13.0", {"torch/version.py": "__version__ = '2.13.0+cpu'\ncuda = None\n"}
)
_CUDA: dict[str, int | str] = {
    "usr/local/cuda-12.4/targets/x86_64-linux/lib/libcublas.so.12.4.5": 109_000_000,
    "usr/local/cuda-12.4/EULA.txt": 60_000,
    "usr/lib/x86_64-linux-gnu/libcudnn.so.9.1.0": 100_000,
}
_FROM = "RUN apt-get install -y cuda-libraries-12-4"

RULE = Rule(
    name="cuda-base-cpu",
    topic=Topic.GPU,
    title="CUDA in the system of an image for a CPU",
    why="An image FROM nvidia/cuda carries gigabytes of CUDA's libraries, and of the devel flavour "
    "its compilers, whatever is installed in it later. With only CPU builds on top of it, nothing "
    "loads any of that. The base image's own ENV, which else says that an image is meant for a "
    "GPU, proves nothing then.",
    fix="Start from python:slim or another image without CUDA.",
    ignore_when="A program outside of Python packages uses CUDA, such as ffmpeg.",
    check=_check,
    examples=(
        Example(
            what="CUDA's runtime under a CPU build of torch",
            layers=(
                ExampleLayer(created_by=_FROM, files=_CUDA),
                ExampleLayer(created_by="RUN uv sync", files=_TORCH),
            ),
            environment={"CUDA_VERSION": "12.4.1", "NVIDIA_VISIBLE_DEVICES": "all"},
            finds=(109_160_000,),
        ),
        Example(
            what="the same without anything that is known to be for a CPU",
            layers=(ExampleLayer(created_by=_FROM, files=_CUDA),),
            finds=(),
        ),
    ),
)
