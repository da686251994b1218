"""nvidia-dirs-deleted: a CUDA build of torch whose CUDA libraries were deleted."""

from collections.abc import Iterator

from imgdiag.facts.facts import Facts
from imgdiag.filesystem import Cause
from imgdiag.finding import Finding, Fix, Safety
from imgdiag.python.torch import Torch
from imgdiag.rules._gpu import missing_libraries, named, torch_build
from imgdiag.rules._gpu_fix import CPU_FILES, torch_fix
from imgdiag.rules._hidden import layer_name, visible
from imgdiag.rules._installed import SITE, installed
from imgdiag.rules._shell import quoted
from imgdiag.rules.rule import Example, ExampleLayer, Rule, Topic
from imgdiag.units import format_bytes


def _check(facts: Facts) -> Iterator[Finding]:
    for torch in facts.torches:
        missing = missing_libraries(facts, torch)
        build = torch_build(facts, torch)
        if not missing or build is None:
            continue
        environment = torch.distribution.environment
        rest = named(facts, environment, build.libraries)
        claim = facts.claims.distributions(rest, also=torch.gpu_libraries)
        reasons = [
            f"{name} is required and not installed"
            if distribution is None
            else f"the RECORD of {name} names files that are gone, {distribution.missing} of them"
            for name, distribution in missing.items()
        ]
        more = f" (and {len(reasons) - 1} more like it)" if len(reasons) > 1 else ""
        for_gpu = facts.purpose.is_gpu
        yield Finding(
            rule=RULE.name,
            # Where a GPU is meant, the mend brings the libraries back: nothing is saved.
            safety=Safety.RISKY if for_gpu else Safety.REVIEW,
            message=f"torch {torch.version} in /{environment.prefix} is a {torch.label} "
            f"({torch.evidence}) that cannot be imported: {reasons[0]}{more}"
            f"{_deleted_by(facts, torch)}. What is left of it for a GPU still has {visible(claim)}",
            fix=Fix(
                "Leave NVIDIA's packages as they are installed",
                "Dockerfile",
                f"# no rm of them; to see it: "
                f"{quoted(f'{environment.prefix}/bin/python')} -c 'import torch'",
            )
            if for_gpu
            else torch_fix(facts, environment, build),
            claim=claim,
            estimate="the CPU build has other files of its own, about "
            f"{format_bytes(CPU_FILES)} more",
        )


def _deleted_by(facts: Facts, torch: Torch) -> str:
    """Return which layer deleted the libraries, where it was another than made them."""
    below = f"{torch.distribution.environment.path}/nvidia/"
    layers = {
        each.hidden_in
        for each in facts.filesystem.hidden
        if each.cause is Cause.DELETED and each.path.startswith(below)
    }
    return f", deleted by {layer_name(facts, max(layers))}" if layers else ""


_TORCH = installed(
    "torch",
    "2.4.1",
    {
        "torch/version.py": "__version__ = '2.4.1+cu121'\ncuda = '12.1'\n",
        "torch/lib/libtorch_cuda.so": 900_000_000,
    },
    ["nvidia-cudnn-cu12==9.1.0.70"],
)
_CUDNN = installed(
    "nvidia-cudnn-cu12", "9.1.0.70", {"nvidia/cudnn/lib/libcudnn.so.9": 1_000_000_000}
)
_RECORD = f"{SITE}/nvidia_cudnn_cu12-9.1.0.70.dist-info/RECORD"

RULE = Rule(
    name="nvidia-dirs-deleted",
    topic=Topic.GPU,
    title="A CUDA build of torch whose libraries were deleted",
    why="`rm -rf site-packages/nvidia*` is a common answer to a big image. torch's own CUDA code "
    "stays, 0.5 to 1 GB of it, and `import torch` fails: it is linked with the libraries that "
    "are gone. That the metadata went too only keeps a check from seeing it.",
    fix="Install the CPU build in place of it; for a GPU, leave the packages alone.",
    ignore_when="The libraries come from somewhere that imgdiag does not see, such as a volume.",
    check=_check,
    examples=(
        Example(
            what="the folder removed in the RUN that installed it",
            layers=(
                ExampleLayer(
                    created_by="RUN pip install torch && rm -rf .venv/lib/*/site-packages/nvidia",
                    files={**_TORCH, _RECORD: _CUDNN[_RECORD]},
                ),
            ),
            finds=(900_000_000,),
        ),
        Example(
            what="a CUDA build of torch with its libraries",
            layers=(ExampleLayer(created_by="RUN pip install torch", files={**_TORCH, **_CUDNN}),),
            finds=(),
        ),
    ),
)
