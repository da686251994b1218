"""cuda-devel-shipped: CUDA's compiler, headers and static libraries below a service."""

import re
from collections.abc import Iterator

from imgdiag.finding import Severity
from imgdiag.project.check import Check, ProjectFinding, dockerfile_example
from imgdiag.project.checks._mends import in_dockerfile
from imgdiag.project.project import Project

# As in nvidia/cuda:12.4.1-cudnn-devel-ubuntu22.04; the runtime images have the same tags.
_DEVEL = re.compile(r"(?:[\w.-]+/)*nvidia/cuda:[\w.-]*-devel-[\w.-]+")


def _check(project: Project) -> Iterator[ProjectFinding]:
    if project.for_development or not project.shipped_stages:
        return
    stage = project.shipped_stages[0]
    base = stage.base.partition("@")[0]
    if _DEVEL.fullmatch(base) is None:
        return
    runtime = base.replace("-devel-", "-runtime-")
    alias = f" AS {stage.name}" if stage.name else ""
    yield CHECK.at(
        project,
        stage.origin.line,
        f"{base} brings nvcc, headers and static libraries, gigabytes that only compiling takes",
        in_dockerfile(
            "Run on the runtime image; what compiles goes into a stage FROM the devel image",
            " ".join(("FROM", *stage.origin.flags, runtime)) + alias,
        ),
        severity=Severity.ERROR,
        end_line=stage.origin.end_line,
    )


CHECK = Check(
    name="cuda-devel-shipped",
    title="CUDA's devel image below a service",
    why="nvidia/cuda's devel images add nvcc, headers, profilers and static libraries to what the "
    "runtime images have. A service loads the shared libraries; torch, jax and tensorflow from "
    "PyPI bring even those along.",
    fix="`FROM nvidia/cuda:…-runtime-…` for the stage that runs, or `…-base-…` where all libraries "
    "come from PyPI; compile in a stage of its own.",
    ignore_when="CUDA code is compiled when the service runs, as by `torch.utils.cpp_extension`.",
    check=_check,
    examples=(
        dockerfile_example(
            "a service on a devel image",
            "FROM nvidia/cuda:12.4.1-cudnn-devel-ubuntu22.04\n"
            "RUN pip install --no-cache-dir vllm\n",
            1,
        ),
        dockerfile_example(
            "a devel image that only builds",
            "FROM nvidia/cuda:12.4.1-devel-ubuntu22.04 AS build\n"
            "RUN make install\n"
            "FROM nvidia/cuda:12.4.1-runtime-ubuntu22.04\n"
            "COPY --from=build /usr/local/lib /usr/local/lib\n",
        ),
    ),
)
