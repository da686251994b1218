"""nvidia-packages: GPU libraries whose owners have no known build for a CPU."""

from collections.abc import Iterator

from imgdiag.facts.facts import Facts
from imgdiag.finding import Finding, Fix, Safety
from imgdiag.rules._gpu import brought_in_by, lone_triton, named
from imgdiag.rules._hidden import largest, visible
from imgdiag.rules._installed import installed
from imgdiag.rules.rule import Example, ExampleLayer, Rule, Topic
from imgdiag.units import counted


def _check(facts: Facts) -> Iterator[Finding]:
    if facts.purpose.is_gpu:
        return
    for environment in facts.environments:
        graph = facts.graphs[environment.path]
        names = set(facts.gpu[environment.path].others)
        names -= lone_triton(facts, environment)
        found = named(facts, environment, names)
        if not found:
            continue
        pullers = sorted({by for each in names for by in graph.required_by[each]} - names)
        chain = brought_in_by(graph, pullers)
        why = f"brought in by {chain or ', '.join(pullers)}" if pullers else "asked for by name"
        yield Finding(
            rule=RULE.name,
            safety=Safety.REVIEW,
            message=f"{counted(len(found), 'GPU package')} of "
            f"{visible(facts.claims.distributions(found))} in /{environment.prefix}, {why}; the "
            f"largest {largest(found)}. No build for a CPU is known to take their place",
            fix=Fix(
                f"Look whether the service needs {', '.join(pullers or sorted(names))} without a "
                "GPU",
                "requirements.txt",
                "# nothing is known that takes their place on a CPU; with --gpu they are no "
                "finding",
            ),
            claim=facts.claims.distributions(found),
            informational=True,
        )


_CUDNN = installed("nvidia-cudnn-cu12", "9.1.0", {"nvidia/cudnn/lib/libcudnn.so.9": 9_000_000})

RULE = Rule(
    name="nvidia-packages",
    topic=Topic.GPU,
    title="GPU libraries that a package without a build for a CPU brings in",
    why="What comes with torch is `cuda-torch`'s, what comes with xgboost, tensorflow, jax and the "
    "like is `gpu-build`'s, what nothing requires is `nvidia-orphans`': each has a mend of its "
    "own. What is left comes with a package of which no build for a CPU is known, so this is for "
    "information.",
    fix="Do without that package where there is no GPU, or say `--gpu`.",
    ignore_when="The service runs on GPUs.",
    check=_check,
    examples=(
        Example(
            what="a package of its own kind that requires cuDNN",
            layers=(
                ExampleLayer(
                    created_by="RUN pip install video-codec",
                    files={
                        **_CUDNN,
                        **installed("video-codec", "1.0", requires=["nvidia-cudnn-cu12"]),
                    },
                ),
            ),
            finds=(9_000_000,),
        ),
        Example(
            what="the NVML binding is small and works without CUDA",
            layers=(
                ExampleLayer(
                    created_by="RUN pip install nvidia-ml-py",
                    files=installed("nvidia-ml-py", "12.0", {"pynvml.py": 20_000}),
                ),
            ),
            finds=(),
        ),
    ),
)
