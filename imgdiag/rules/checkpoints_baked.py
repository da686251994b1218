"""checkpoints-baked: a model's weights in the image."""

import posixpath
from collections.abc import Iterator

from imgdiag.facts.facts import Facts
from imgdiag.finding import Finding, Safety
from imgdiag.rules._data import Data, data_files
from imgdiag.rules._hidden import files, visible
from imgdiag.rules._visible import visible_findings
from imgdiag.rules._volumes import volume_fix
from imgdiag.rules.rule import Example, ExampleLayer, Rule, Topic


def _check(facts: Facts) -> Iterator[Finding]:
    paths = list(data_files(facts, Data.WEIGHTS))
    return visible_findings(
        facts,
        RULE.name,
        paths,
        message=lambda claim: (
            f"{visible(claim)} of models' weights in {files(claim)}, "
            f"the largest /{claim.largest(1)[0][0]}"
        ),
        fix=lambda layer, some: volume_fix(posixpath.dirname(some[0])),
        safety=Safety.REVIEW,
    )


RULE = Rule(
    name="checkpoints-baked",
    topic=Topic.DATA,
    title="Models' weights in the image",
    why="Weights change at another pace than code and are the same for all versions of it. In a "
    "layer they are pushed, pulled and scanned with every one. Files of 50 MB and more count "
    "(safetensors, ckpt, pt, pth, gguf, onnx, joblib …), those in Python packages do not.",
    fix="Mount them from a volume, or download when the container starts; if they must be inside, "
    "copy them in a layer below the code.",
    ignore_when="The container must start without them coming from anywhere.",
    check=_check,
    examples=(
        Example(
            what="a model copied in with the code",
            layers=(
                ExampleLayer(
                    created_by="COPY . .",
                    files={"app/main.py": 500, "app/models/llama.gguf": 4_100_000_000},
                ),
            ),
            finds=(4_100_000_000,),
        ),
        Example(
            what="a small one",
            layers=(
                ExampleLayer(created_by="COPY . .", files={"app/models/tiny.onnx": 3_000_000}),
            ),
            finds=(),
        ),
    ),
)
