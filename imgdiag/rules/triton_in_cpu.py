"""triton-in-cpu: the compiler for GPU code beside a torch that is built for a CPU."""

from collections.abc import Iterator

from imgdiag.facts.facts import Facts
from imgdiag.finding import Finding, Safety
from imgdiag.rules._gpu import brought_in_by, lone_triton, named
from imgdiag.rules._gpu_fix import exclusion_fix
from imgdiag.rules._hidden import visible
from imgdiag.rules._installed import installed
from imgdiag.rules.rule import Example, ExampleLayer, Rule, Topic


def _check(facts: Facts) -> Iterator[Finding]:
    if facts.purpose.is_gpu:
        return
    for environment in facts.environments:
        names = lone_triton(facts, environment)
        if not names:
            continue
        graph = facts.graphs[environment.path]
        claim = facts.claims.distributions(named(facts, environment, names))
        by = ", ".join(sorted({by for name in names for by in graph.required_by[name]}))
        yield Finding(
            rule=RULE.name,
            safety=Safety.REVIEW,
            message=f"triton of {visible(claim)} in /{environment.prefix} beside a CPU build of "
            f"torch, which does not use it; brought in by {brought_in_by(graph, names)}",
            fix=exclusion_fix(facts, environment, names, by, claim),
            claim=claim,
        )


_CPU_TORCH = installed(
    "torch", "2.13.0", {"torch/version.py": "__version__ = '2.13.0+cpu'\ncuda = None\n"}
)
_TRITON = installed("triton", "3.9.0", {"triton/_C/libtriton.so": 1_000_000_000})

RULE = Rule(
    name="triton-in-cpu",
    topic=Topic.GPU,
    title="triton beside a CPU build of torch",
    why="triton compiles code for GPUs, and takes 0.6 to 1 GB. torch's CPU build neither requires "
    "nor uses it, `torch.compile` on a CPU included, but packages such as openai-whisper ask for "
    "it on every Linux.",
    fix="uv: `exclude-dependencies`. pip: uninstall it in the RUN that installs. Then try what "
    "asked for it: it may import triton where it needs it or at once.",
    ignore_when="Something imports triton at its start, or the service runs on GPUs.",
    check=_check,
    examples=(
        Example(
            what="a package that requires triton whatever torch is",
            layers=(
                ExampleLayer(
                    created_by="RUN pip install openai-whisper",
                    files={
                        **_CPU_TORCH,
                        **_TRITON,
                        **installed("openai-whisper", "2025.6", requires=["torch", "triton>=2"]),
                    },
                ),
            ),
            finds=(1_000_000_000,),
        ),
        Example(
            what="a CPU build of torch alone",
            layers=(ExampleLayer(created_by="RUN uv sync", files=_CPU_TORCH),),
            finds=(),
        ),
    ),
)
