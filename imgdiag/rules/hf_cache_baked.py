"""hf-cache-baked: models of the Hugging Face hub in the image."""

import posixpath
from collections.abc import Iterator

from imgdiag.facts.claims import Claim
from imgdiag.facts.facts import Facts
from imgdiag.finding import Finding, Safety
from imgdiag.rules._hidden import visible
from imgdiag.rules._huggingface import Repository, repositories
from imgdiag.rules._visible import visible_findings
from imgdiag.rules._volumes import volume_fix
from imgdiag.rules.rule import Example, ExampleLayer, Rule, Topic
from imgdiag.units import format_bytes


def _check(facts: Facts) -> Iterator[Finding]:
    found = sorted(
        repositories(facts), key=lambda each: (-facts.usage.bytes_below(each.folder), each.path)
    )
    if not found:
        return

    def message(claim: Claim) -> str:
        return f"{visible(claim)} of {_names(facts, found)} in the hub's cache"

    yield from visible_findings(
        facts,
        RULE.name,
        [each.path for each in found],
        message=message,
        fix=lambda layer, paths: volume_fix(posixpath.dirname(paths[0])),
        safety=Safety.REVIEW,
    )


def _names(facts: Facts, found: list[Repository]) -> str:
    some = ", ".join(
        f"{each.name} {format_bytes(facts.usage.bytes_below(each.folder))}" for each in found[:3]
    )
    kinds = {each.kind for each in found}
    what = kinds.pop() if len(kinds) == 1 else "repositories"
    what = what.removesuffix("s") if len(found) == 1 and what != "repositories" else what
    return f"{len(found)} {what} ({some}{' …' * (len(found) > 3)})"


_HUB = "root/.cache/huggingface/hub"

RULE = Rule(
    name="hf-cache-baked",
    topic=Topic.DATA,
    title="Models of the Hugging Face hub in the image",
    why="A model in a layer is pulled by every machine for every version of the image that has "
    "another layer below it, and no registry stores it well. Mounted, it is there once for all "
    "versions. Blobs count once, however many snapshots link to them.",
    fix="Mount the cache (`HF_HOME`) from a volume, or download when the container starts; if it "
    "must be inside, let the model's layer be the first one, so that code above it can change.",
    ignore_when="The container starts without a network or must start at once, and the model "
    "changes less often than the code above it.",
    check=_check,
    examples=(
        Example(
            what="a model downloaded in the build",
            layers=(
                ExampleLayer(
                    created_by="RUN /bin/sh -c python download.py",
                    files={
                        f"{_HUB}/models--bert-base-cased/blobs/5d12ab": 436_000_000,
                        f"{_HUB}/models--bert-base-cased/refs/main": 40,
                    },
                    symlinks={
                        f"{_HUB}/models--bert-base-cased/snapshots/cd5e/model.safetensors": (
                            "../../blobs/5d12ab"
                        )
                    },
                ),
            ),
            finds=(436_000_040,),
        ),
        Example(
            what="the hub's token and version file",
            layers=(
                ExampleLayer(
                    created_by="RUN /bin/sh -c python warm-up.py",
                    files={f"{_HUB}/version.txt": 1},
                ),
            ),
            finds=(),
        ),
    ),
)
