"""cpu-torch-test-binaries: the C++ test programs that torch's CPU wheels carry."""

import re
from collections.abc import Iterator

from imgdiag.facts.facts import Facts
from imgdiag.finding import Finding, Safety
from imgdiag.rules._hidden import visible
from imgdiag.rules._installed import installed
from imgdiag.rules._shell import command_fix, quoted
from imgdiag.rules.rule import Example, ExampleLayer, Rule, Topic

# `import torch` runs torch_shm_manager; protoc is no test.
_TEST = re.compile(r".*/torch/(?:test/.+|bin/(?!(?:torch_shm_manager$|protoc)).+)", re.DOTALL)


def _check(facts: Facts) -> Iterator[Finding]:
    for torch in facts.torches:
        claim = facts.claims.paths(
            path for path in torch.distribution.files if _TEST.fullmatch(path)
        )
        if not claim.layers:
            continue
        folder = f"{torch.distribution.environment.path}/torch"
        kept = "! -name torch_shm_manager ! -name 'protoc*'"
        command = (
            f"rm -rf {quoted(f'{folder}/test')} \\\n"
            f" && find {quoted(f'{folder}/bin')} -mindepth 1 {kept} -delete"
        )
        yield Finding(
            rule=RULE.name,
            safety=Safety.REVIEW,
            message=f"{visible(claim)} of C++ test programs in /{folder}/test and bin: torch's CPU "
            "wheels carry them, and nothing runs them",
            fix=command_fix(facts, min(claim.layers), command, where="installs torch"),
            claim=claim,
        )


RULE = Rule(
    name="cpu-torch-test-binaries",
    topic=Topic.GPU,
    title="Test programs of torch's own build",
    why="PyTorch's CPU wheels carry the C++ tests of their build in torch/test and torch/bin: "
    "127 MB in 2.13.0. Nothing imports or runs them. One program in torch/bin is none of them: "
    "without torch_shm_manager `import torch` fails, so removing all of torch/bin breaks it.",
    fix="Remove torch/test, and of torch/bin all but torch_shm_manager and protoc, in the RUN that "
    "installs torch.",
    ignore_when="You run PyTorch's own tests in the image.",
    check=_check,
    examples=(
        Example(
            what="a CPU wheel of torch, whose torch_shm_manager is left alone",
            layers=(
                ExampleLayer(
                    created_by="RUN uv sync",
                    files=installed(
                        "torch",
                        "2.13.0",
                        {
                            "torch/version.py": "__version__ = '2.13.0+cpu'\ncuda = None\n",
                            "torch/bin/test_api": 15_000_000,
                            "torch/bin/torch_shm_manager": 44_000,
                            "torch/test/op_registration_test": 4_900_000,
                        },
                    ),
                ),
            ),
            finds=(19_900_000,),
        ),
        Example(
            what="a wheel without them",
            layers=(
                ExampleLayer(
                    created_by="RUN uv sync",
                    files=installed(
                        "torch",
                        "2.4.1",
                        {
                            "torch/bin/protoc": 5_300_000,
                            "torch/bin/torch_shm_manager": 80_000,
                        },
                    ),
                ),
            ),
            finds=(),
        ),
    ),
)
