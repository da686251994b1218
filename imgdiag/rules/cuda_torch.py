"""cuda-torch: torch built for CUDA."""

import re
from collections.abc import Iterator

from imgdiag.facts import Facts
from imgdiag.finding import Finding, Safety
from imgdiag.rules._gpu import cpu_fix
from imgdiag.rules._hidden import visible
from imgdiag.rules.rule import Example, ExampleLayer, Rule

# The libraries that a CPU build does not have; measured on 2.4.1, 2.13.0 and 2.15.0.
_CUDA_LIBRARY = re.compile(r"/torch/lib/[^/]*(cuda|nvshmem|nvrtc|cusparseLt|libcaffe2_nvrtc)[^/]*$")


def _check(facts: Facts) -> Iterator[Finding]:
    for torch in facts.torches:
        if torch.variant not in ("cuda", "rocm", "xpu"):
            continue
        libraries = [path for path in torch.distribution.files if _CUDA_LIBRARY.search(path)]
        claim = facts.claim_paths(libraries)
        meant = (
            f" The image is meant for a GPU ({facts.gpu_evidence})." if facts.gpu_evidence else ""
        )
        yield Finding(
            rule=RULE.name,
            safety=Safety.RISKY if facts.gpu_evidence else Safety.REVIEW,
            message=f"torch {torch.version} is a {torch.label} ({torch.evidence}); its own GPU "
            f"libraries have {visible(claim)}.{meant}",
            fix=cpu_fix(facts, (torch.distribution,), ()),
            claim=claim,
            estimate="the CPU wheel differs in other files too, by up to 140 MB either way",
        )


_SITE = "app/.venv/lib/python3.11/site-packages"

RULE = Rule(
    name="cuda-torch",
    title="A CUDA build of torch",
    why="The CUDA build carries 0.5 to 1 GB of GPU code in torch's own libraries, beside the "
    "NVIDIA packages it requires. `torch.cuda.is_available()` is False for it on a host without "
    "a GPU, as it is for a CPU build: what tells them apart is `torch.version.cuda`.",
    fix="Take torch, torchvision and torchaudio from PyTorch's CPU index.",
    ignore_when="The service runs on GPUs.",
    check=_check,
    examples=(
        Example(
            what="version.py names a CUDA version",
            layers=(
                ExampleLayer(
                    created_by="RUN pip install torch",
                    files={
                        f"{_SITE}/torch/version.py": "__version__ = '2.4.1+cu121'\n"
                        "cuda: Optional[str] = '12.1'\n",
                        f"{_SITE}/torch/lib/libtorch_cuda.so": 8_000_000,
                        f"{_SITE}/torch/lib/libtorch_cpu.so": 5_000_000,
                        f"{_SITE}/torch-2.4.1.dist-info/METADATA": "Name: torch\nVersion: 2.4.1\n",
                        f"{_SITE}/torch-2.4.1.dist-info/RECORD": "torch/version.py,,\n"
                        "torch/lib/libtorch_cuda.so,,\ntorch/lib/libtorch_cpu.so,,\n",
                    },
                ),
            ),
            finds=(8_000_000,),
        ),
        Example(
            what="a CPU build",
            layers=(
                ExampleLayer(
                    created_by="RUN uv sync",
                    files={
                        f"{_SITE}/torch/version.py": "__version__ = '2.13.0+cpu'\ncuda = None\n",
                        f"{_SITE}/torch-2.13.0.dist-info/METADATA": "Name: torch\n",
                        f"{_SITE}/torch-2.13.0.dist-info/RECORD": "torch/version.py,,\n",
                    },
                ),
            ),
            finds=(),
        ),
    ),
)
