"""weights-dup-format: the same weights in several formats."""

import re
from collections.abc import Iterator
from functools import partial

from imgdiag.facts.claims import Claim
from imgdiag.facts.facts import Facts
from imgdiag.filesystem import Directory, join, resolve
from imgdiag.finding import Finding, Fix, Safety
from imgdiag.rules._hidden import visible
from imgdiag.rules._shell import removal_in
from imgdiag.rules._visible import visible_findings
from imgdiag.rules.rule import Example, ExampleLayer, Rule, Topic

_SHARD = r"(?:-\d+-of-\d+)?"
# What lies beside safetensors of the key's name and holds the same numbers.
_TWINS = {
    "model": re.compile(
        rf"pytorch_model{_SHARD}\.bin|tf_model{_SHARD}\.h5|flax_model{_SHARD}\.msgpack"
        r"|rust_model\.ot"
    ),
    "adapter_model": re.compile(r"adapter_model\.bin"),
    "diffusion_pytorch_model": re.compile(
        rf"diffusion_pytorch_model{_SHARD}\.bin|diffusion_flax_model\.msgpack"
    ),
}
_PRESENT = {
    key: frozenset((f"{key}.safetensors", f"{key}.safetensors.index.json")) for key in _TWINS
}
# Folders that a sentence-transformers repository keeps for other engines, and who reads them.
_ENGINES = {
    "onnx": frozenset(("onnxruntime", "onnxruntime-gpu")),
    "openvino": frozenset(("openvino",)),
}


def _check(facts: Facts) -> Iterator[Finding]:
    installed = {each.name for each in facts.distributions}
    paths: list[str] = []
    names: dict[str, None] = {}
    for path, directory in facts.usage.directories:
        for key, present in _PRESENT.items():
            if present.isdisjoint(directory.children):
                continue
            for name, node in directory.children.items():
                if _TWINS[key].fullmatch(name):
                    twins = [join(path, name)]
                elif key == "model" and name in _ENGINES and not _ENGINES[name] & installed:
                    twins = [join(path, name)]
                    if isinstance(node, Directory):
                        twins += [join(path, f"{name}/{each}") for each in node.children]
                else:
                    continue
                names[name] = None
                for twin in twins:
                    found = resolve(facts.filesystem.root, twin)
                    paths += [found[0]] if found else []
    yield from visible_findings(
        facts,
        RULE.name,
        paths,
        message=partial(_message, list(names)),
        fix=partial(_fix, facts),
        safety=Safety.REVIEW,
    )


def _message(names: list[str], claim: Claim) -> str:
    some = ", ".join(names[:3]) + " …" * (len(names) > 3)
    return f"{visible(claim)} of weights in other formats ({some}) beside the same in safetensors"


def _fix(facts: Facts, layer: int, paths: list[str]) -> Fix:
    hub = [path for path in paths if "/blobs/" in path and "models--" in path]
    if hub and facts.step(layer).command:
        repositories = dict.fromkeys(
            path.partition("models--")[2].partition("/")[0].replace("--", "/") for path in hub
        )
        lines = "\n".join(
            f"hf download {name} \\\n    --exclude '*.bin' '*.h5' '*.msgpack' '*.ot' 'onnx/*' "
            "'openvino/*'"
            for name in repositories
            if re.fullmatch(r"[\w./-]+", name)
        )
        return Fix("Download one format", "Dockerfile", f"# in the RUN that downloads\n{lines}")
    return removal_in(facts, layer, paths, where="brings them")


_MODEL = "app/models/bert"

RULE = Rule(
    name="weights-dup-format",
    topic=Topic.DATA,
    title="The same weights in several formats",
    why="Repositories of models often hold the same weights for PyTorch, TensorFlow, Flax and as "
    "safetensors, and folders for ONNX and OpenVINO. Whoever downloads all of a repository ships "
    "each; transformers loads safetensors where they are there.",
    fix="Download one format (`hf download … --exclude '*.bin' '*.h5' …`, or `ignore_patterns` of "
    "`snapshot_download`).",
    ignore_when="The service loads another format by name. The folders `onnx` and `openvino` are "
    "reported only where nothing that reads them is installed.",
    check=_check,
    examples=(
        Example(
            what="a model as safetensors and for PyTorch and TensorFlow",
            layers=(
                ExampleLayer(
                    created_by="COPY models /app/models",
                    files={
                        f"{_MODEL}/config.json": 600,
                        f"{_MODEL}/model.safetensors": 436_000_000,
                        f"{_MODEL}/pytorch_model.bin": 436_100_000,
                        f"{_MODEL}/tf_model.h5": 527_000_000,
                    },
                ),
            ),
            finds=(963_100_000,),
        ),
        Example(
            what="a model in the one format that it has",
            layers=(
                ExampleLayer(
                    created_by="COPY models /app/models",
                    files={f"{_MODEL}/pytorch_model.bin": 436_100_000},
                ),
            ),
            finds=(),
        ),
    ),
)
