"""torchvision-mismatch: torchvision or torchaudio built for a GPU beside a CPU build of torch."""

from collections.abc import Iterator

from imgdiag.facts.facts import Facts
from imgdiag.finding import Finding, Safety
from imgdiag.python.gpu import TORCH
from imgdiag.python.gpu_use import GpuBuild
from imgdiag.rules._gpu_fix import torch_fix
from imgdiag.rules._hidden import visible
from imgdiag.rules._installed import installed
from imgdiag.rules.rule import Example, ExampleLayer, Rule, Topic


def _check(facts: Facts) -> Iterator[Finding]:
    for torch in facts.torches:
        wrong = [each for each in torch.companions if each.variant in ("cuda", "rocm", "xpu")]
        if torch.variant != "cpu" or not wrong:
            continue
        environment = torch.distribution.environment
        # The compiled operators are exchanged, the rest is the same.
        claim = facts.claims.paths(
            path
            for each in wrong
            for path in each.distribution.files
            if ".so" in path.rpartition("/")[2]
        )
        names = ", ".join(
            f"{each.distribution.name} {each.version}"
            for each in sorted(wrong, key=lambda each: each.distribution.name)
        )
        members = ("torch", *sorted(each.distribution.name for each in torch.companions))
        build = GpuBuild(
            family=TORCH, members=members, libraries=(), shared=(), shared_with=(), required_by=()
        )
        yield Finding(
            rule=RULE.name,
            safety=Safety.REVIEW,
            message=f"{names} in /{environment.prefix} ({visible(claim)}) is built for a GPU and "
            f"torch {torch.version} for a CPU: its compiled operators do not load, as in "
            '"operator torchvision::nms does not exist"',
            fix=torch_fix(facts, environment, build),
            claim=claim,
            estimate="the CPU build has compiled operators too, in fewer bytes",
        )


_TORCH = installed(
    "torch", "2.4.1", {"torch/version.py": "__version__ = '2.4.1+cpu'\ncuda = None\n"}
)


def _vision(version: str) -> dict[str, int | str]:
    files: dict[str, int | str] = {
        "torchvision/version.py": f"__version__ = '{version}'\n",
        "torchvision/_C.so": 7_000_000,
    }
    return installed("torchvision", "0.19.1", files)


RULE = Rule(
    name="torchvision-mismatch",
    topic=Topic.GPU,
    title="torchvision built for a GPU beside a CPU build of torch",
    why="torch, torchvision and torchaudio have to come from one index. torch from PyTorch's CPU "
    "index and torchvision from PyPI are of two builds: torchvision's operators are linked with "
    "CUDA libraries that are not there, and do not load. It costs few bytes, but the "
    "image may not work.",
    fix="Name the CPU index for all of them.",
    ignore_when="Only parts of torchvision are used that have no compiled operators.",
    check=_check,
    examples=(
        Example(
            what="torchvision from PyPI beside torch from the CPU index",
            layers=(
                ExampleLayer(
                    created_by="RUN pip install torchvision",
                    files={**_TORCH, **_vision("0.19.1+cu121")},
                ),
            ),
            finds=(7_000_000,),
        ),
        Example(
            what="both from the CPU index",
            layers=(
                ExampleLayer(
                    created_by="RUN pip install torchvision",
                    files={**_TORCH, **_vision("0.19.1+cpu")},
                ),
            ),
            finds=(),
        ),
    ),
)
