"""cuda-torch: torch built for a GPU, with the libraries that come with it."""

from collections.abc import Iterator

from imgdiag.facts.facts import Facts
from imgdiag.facts.purpose import Target
from imgdiag.finding import Finding, Safety
from imgdiag.python.gpu_use import GpuBuild
from imgdiag.python.torch import Torch
from imgdiag.rules._gpu import chain_to, missing_libraries, named, torch_build
from imgdiag.rules._gpu_fix import CPU_FILES, torch_fix
from imgdiag.rules._hidden import largest, visible
from imgdiag.rules._installed import installed
from imgdiag.rules.rule import Example, ExampleLayer, Rule, Topic
from imgdiag.units import format_bytes


def _check(facts: Facts) -> Iterator[Finding]:
    if facts.purpose.is_gpu:
        return
    for torch in facts.torches:
        build = torch_build(facts, torch)
        if build is None or missing_libraries(facts, torch):
            continue
        environment = torch.distribution.environment
        own = facts.claims.paths(torch.gpu_libraries)
        gone = named(facts, environment, build.libraries)
        claim = facts.claims.distributions(gone, also=torch.gpu_libraries)
        chain = chain_to(facts.graphs[environment.path], build)
        message = f"torch {torch.version} in /{environment.prefix} is a {torch.label} "
        message += f"({torch.evidence})" + (f", brought in by {chain}" if chain else "") + ": "
        if gone:
            size = format_bytes(sum(each.bytes for each in gone))
            some = f"{len(gone)} GPU packages" if len(gone) > 1 else "a GPU package"
            message += f"{some} of {size} come{'s' * (len(gone) == 1)} with it ({largest(gone)}); "
        # Not so where all that goes is less: then it is no build of torch that we know.
        replacement = CPU_FILES if own.visible_bytes > CPU_FILES else 0
        message += (
            f"its own GPU libraries have {format_bytes(own.visible_bytes)}. In all {visible(claim)}"
        )
        if replacement:
            message += f"; the CPU build brings about {format_bytes(replacement)} of its own"
        compiled = _compiled_against(facts, torch, build)
        if compiled:
            message += f". Compiled against torch, so to be looked at: {', '.join(compiled)}"
        declared = facts.purpose.declared and facts.purpose.target is Target.CPU
        yield Finding(
            rule=RULE.name,
            safety=Safety.SAFE if declared and not compiled else Safety.REVIEW,
            message=message,
            fix=torch_fix(facts, environment, build),
            claim=claim,
            estimate="the CPU build has files of its own, test programs above all: "
            + (
                f"counted with {format_bytes(replacement)}, as measured on 2.13.0"
                if replacement
                else "not counted"
            ),
            replacement_bytes=replacement,
        )


def _compiled_against(facts: Facts, torch: Torch, build: GpuBuild) -> list[str]:
    """Return what requires torch and has compiled code, which may not load beside another."""
    environment = torch.distribution.environment
    requirers = facts.graphs[environment.path].required_by["torch"]
    return sorted(
        each.name
        for each in named(facts, environment, requirers - {*build.members, *build.libraries})
        if any(".so" in path.rpartition("/")[2] for path in each.files)
    )


_TORCH = {
    **installed(
        "torch",
        "2.4.1",
        {
            "torch/version.py": "__version__ = '2.4.1+cu121'\ncuda: Optional[str] = '12.1'\n",
            "torch/lib/libtorch_cuda.so": 8_000_000,
            "torch/lib/libtorch_cpu.so": 5_000_000,
        },
        ["nvidia-cudnn-cu12==9.1.0.70"],
    ),
    **installed("nvidia-cudnn-cu12", "9.1.0.70", {"nvidia/cudnn/lib/libcudnn.so.9": 9_000_000}),
}

RULE = Rule(
    name="cuda-torch",
    topic=Topic.GPU,
    title="torch's build for a GPU in an image that may never see one",
    why="`pip install torch` takes the CUDA build on Linux: 0.5 to 1 GB of GPU code in torch's own "
    "libraries, and with it 12 to 20 distributions of CUDA libraries, 2.8 to 3.2 GB installed. "
    "`torch.cuda.is_available()` is False for it on a host without a GPU, as it is for a CPU "
    "build: what tells them apart is `torch.version.cuda`. One mend takes away all of it, so it "
    "is one finding. It is safe when you say `--cpu` and nothing else in the image was compiled "
    "against torch: the CPU build is the same version of the same package, and without a GPU the "
    "CUDA code never runs.",
    fix="Take torch, torchvision and torchaudio from PyTorch's CPU index. Deleting the `nvidia` "
    "folder instead breaks `import torch`, and leaves torch's own CUDA code.",
    ignore_when="The service runs on GPUs: `--gpu` says so.",
    check=_check,
    examples=(
        Example(
            what="torch from PyPI with one of its NVIDIA packages",
            layers=(ExampleLayer(created_by="RUN pip install torch", files=_TORCH),),
            finds=(17_000_000,),
        ),
        Example(
            what="the same in an image for a GPU",
            layers=(ExampleLayer(created_by="RUN pip install torch", files=_TORCH),),
            environment={"NVIDIA_VISIBLE_DEVICES": "all"},
            finds=(),
        ),
        Example(
            what="a CPU build",
            layers=(
                ExampleLayer(
                    created_by="RUN uv sync",
                    files=installed(
                        "torch",
                        "2.13.0",
                        {"torch/version.py": "__version__ = '2.13.0+cpu'\ncuda = None\n"},
                    ),
                ),
            ),
            finds=(),
        ),
    ),
)
