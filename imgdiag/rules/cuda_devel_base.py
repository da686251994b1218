"""cuda-devel-base: CUDA's compiler, headers and static libraries in a runtime image."""

from collections.abc import Iterator

from imgdiag.facts.facts import Facts
from imgdiag.finding import Finding, Fix, Safety
from imgdiag.rules._cuda_base import cuda_tag, twice
from imgdiag.rules._gpu import uses_no_gpu
from imgdiag.rules._hidden import visible
from imgdiag.rules.rule import Example, ExampleLayer, Rule, Topic
from imgdiag.units import format_bytes


def _check(facts: Facts) -> Iterator[Finding]:
    compiler = facts.cuda.compiler
    if not compiler or uses_no_gpu(facts):  # then all of CUDA is too much: cuda-base-cpu
        return
    claim = facts.claims.paths(facts.cuda.development)
    static = facts.claims.paths(path for path in facts.cuda.development if path.endswith(".a"))
    # Where packages bring the libraries, the runtime image's are too much: cuda-twice.
    flavour = "base" if twice(facts) else "runtime"
    tag = cuda_tag(facts, flavour)
    yield Finding(
        rule=RULE.name,
        safety=Safety.REVIEW,
        message=f"{visible(claim)} of CUDA that only compiling takes (/{compiler} is there), "
        f"{format_bytes(static.visible_bytes)} of it static libraries",
        fix=Fix(
            f"Build on a devel image and run on a {flavour} image",
            "Dockerfile",
            "# compile in a stage of its own, FROM the devel image, and COPY --from it\n"
            f"FROM {tag or f'nvidia/cuda:<version>-{flavour}-<system>'}",
        ),
        claim=claim,
        estimate="another base lacks the devel image's compilers for C and C++ too",
    )


RULE = Rule(
    name="cuda-devel-base",
    topic=Topic.GPU,
    title="CUDA's compiler and static libraries in a runtime image",
    why="nvidia/cuda's devel images add nvcc, headers, profilers and static libraries to what the "
    "runtime images have: gigabytes that nothing loads. A service runs on the shared libraries, "
    "and torch, jax and tensorflow from PyPI bring even those along.",
    fix="Compile in a stage FROM the devel image, and base the last stage on the runtime image, or "
    "on base where everything comes from PyPI.",
    ignore_when="CUDA code is compiled when the service runs, as by `torch.utils.cpp_extension` or "
    "flashinfer.",
    check=_check,
    examples=(
        Example(
            what="a devel image: the shared libraries stay",
            layers=(
                ExampleLayer(
                    created_by="RUN apt-get install -y cuda-libraries-dev-12-4",
                    files={
                        "usr/local/cuda-12.4/bin/nvcc": 21_000_000,
                        "usr/local/cuda-12.4/targets/x86_64-linux/include/cuda.h": 1_000_000,
                        "usr/local/cuda-12.4/targets/x86_64-linux/lib/libcublas.so.12": 100_000_000,
                        "usr/local/cuda-12.4/targets/x86_64-linux/lib/libcublas_static.a": (
                            150_000_000
                        ),
                    },
                ),
            ),
            environment={"CUDA_VERSION": "12.4.1", "NVIDIA_VISIBLE_DEVICES": "all"},
            finds=(172_000_000,),
        ),
        Example(
            what="a runtime image",
            layers=(
                ExampleLayer(
                    created_by="RUN apt-get install -y cuda-libraries-12-4",
                    files={
                        "usr/local/cuda-12.4/targets/x86_64-linux/lib/libcublas.so.12": 100_000_000
                    },
                ),
            ),
            environment={"CUDA_VERSION": "12.4.1", "NVIDIA_VISIBLE_DEVICES": "all"},
            finds=(),
        ),
    ),
)
