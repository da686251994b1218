"""nvidia-packages: CUDA libraries from PyPI, and who brings them in."""

import shlex
from collections.abc import Iterator

from imgdiag.facts import Facts
from imgdiag.finding import Finding, Fix, Safety
from imgdiag.rules._gpu import cpu_fix, has_cpu_build, is_gpu, pullers
from imgdiag.rules._hidden import visible
from imgdiag.rules.rule import Example, ExampleLayer, Rule
from imgdiag.units import format_bytes


def _check(facts: Facts) -> Iterator[Finding]:
    for environment in facts.environments:
        graph = facts.graphs[environment.path]
        found = tuple(
            each
            for each in facts.distributions
            if each.environment is environment and is_gpu(each.name)
        )
        if not found:
            continue
        claim = facts.claim_distributions(found)
        pulled_by = pullers(graph, frozenset(each.name for each in found))
        chains = [" → ".join(graph.chain(name)) for name in pulled_by]
        why = f"brought in by {', '.join(chains)}" if chains else "required by nothing installed"
        largest = ", ".join(f"{each.name} {format_bytes(each.bytes)}" for each in found[:3])
        message = (
            f"{len(found)} GPU package{'s' * (len(found) != 1)} of "
            f"{visible(claim)} in /{environment.prefix}, {why}; "
            f"the largest: {largest}"
        )
        if facts.gpu_evidence:
            message += f". The image is meant for a GPU ({facts.gpu_evidence}): then keep them"
        yield Finding(
            rule=RULE.name,
            safety=Safety.RISKY if facts.gpu_evidence else Safety.REVIEW,
            message=message,
            fix=cpu_fix(facts, found, pulled_by)
            if pulled_by or any(has_cpu_build(each.name) for each in found)
            else Fix(
                "Nothing requires them: leave them out",
                "Dockerfile",
                "RUN pip uninstall --yes "
                + " ".join(shlex.quote(each.name) for each in found)
                + "  # in the RUN that installs",
            ),
            claim=claim,
        )


_TORCH_METADATA = "Name: torch\nVersion: 2.4.1\nRequires-Dist: nvidia-cudnn-cu12==9.1.0.70\n"

RULE = Rule(
    name="nvidia-packages",
    title="NVIDIA's CUDA libraries in an image that may never see a GPU",
    why="`pip install torch` takes the CUDA build on Linux, and with it 12 to 20 distributions "
    "of CUDA libraries: 2.8 to 3.2 GB installed. A host without a GPU never loads them.",
    fix="Install torch from PyTorch's CPU index. Deleting the `nvidia` folder alone breaks "
    "`import torch` and leaves 2.2 GB of torch's own CUDA code.",
    ignore_when="The service runs on NVIDIA GPUs.",
    check=_check,
    examples=(
        Example(
            what="torch from PyPI with one of its NVIDIA packages",
            layers=(
                ExampleLayer(
                    created_by="RUN pip install torch",
                    files={
                        "app/.venv/pyvenv.cfg": "version = 3.11.2\n",
                        "app/.venv/lib/python3.11/site-packages/torch/lib.so": 100,
                        "app/.venv/lib/python3.11/site-packages/torch-2.4.1.dist-info/METADATA": (
                            _TORCH_METADATA
                        ),
                        "app/.venv/lib/python3.11/site-packages/torch-2.4.1.dist-info/RECORD": (
                            "torch/lib.so,,100\n"
                        ),
                        "app/.venv/lib/python3.11/site-packages/nvidia/cudnn/lib.so": 9_000_000,
                        "app/.venv/lib/python3.11/site-packages/"
                        "nvidia_cudnn_cu12-9.1.0.70.dist-info/METADATA": (
                            "Name: nvidia-cudnn-cu12\nVersion: 9.1.0.70\n"
                        ),
                        "app/.venv/lib/python3.11/site-packages/"
                        "nvidia_cudnn_cu12-9.1.0.70.dist-info/RECORD": (
                            "nvidia/cudnn/lib.so,,9000000\n"
                        ),
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
                    files={
                        "app/lib/python3.11/site-packages/pynvml.py": 20_000,
                        "app/lib/python3.11/site-packages/nvidia_ml_py-12.0.dist-info/METADATA": (
                            "Name: nvidia-ml-py\nVersion: 12.0\n"
                        ),
                        "app/lib/python3.11/site-packages/nvidia_ml_py-12.0.dist-info/RECORD": (
                            "pynvml.py,,20000\n"
                        ),
                    },
                ),
            ),
            finds=(),
        ),
    ),
)
