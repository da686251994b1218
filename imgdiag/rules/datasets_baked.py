"""datasets-baked: data sets in the image."""

import posixpath
from collections.abc import Iterator

from imgdiag.facts.facts import Facts
from imgdiag.finding import Finding, Fix, Safety
from imgdiag.rules._data import Data, data_files
from imgdiag.rules._hidden import files, visible
from imgdiag.rules._shell import context_fix
from imgdiag.rules._visible import visible_findings
from imgdiag.rules._volumes import volume_fix
from imgdiag.rules.rule import Example, ExampleLayer, Rule, Topic


def _check(facts: Facts) -> Iterator[Finding]:
    paths = list(data_files(facts, Data.SET))

    def fix(layer: int, some: list[str]) -> Fix:
        if not facts.step(layer).from_context:
            return volume_fix(posixpath.dirname(some[0]))
        names = [f"**/{posixpath.basename(path)}" for path in some]
        return context_fix(facts, names, layer, some, where="brings them")

    return visible_findings(
        facts,
        RULE.name,
        paths,
        message=lambda claim: (
            f"{visible(claim)} of data in {files(claim)}, the largest /{claim.largest(1)[0][0]}"
        ),
        fix=fix,
        safety=Safety.REVIEW,
    )


RULE = Rule(
    name="datasets-baked",
    topic=Topic.DATA,
    title="Data sets in the image",
    why="Data for training and experiments rides along with `COPY . .`, and everybody who can pull "
    "the image has it. Files of 50 MB and more count (csv, parquet, npy, hdf5, jsonl …), those in "
    "Python packages do not.",
    fix="A line in `.dockerignore`, or a volume for what the service reads.",
    ignore_when="The service needs the data and must start without it coming from anywhere.",
    check=_check,
    examples=(
        Example(
            what="a table that came with the code",
            layers=(
                ExampleLayer(
                    created_by="COPY . .",
                    files={"app/main.py": 500, "app/data/train.parquet": 800_000_000},
                ),
            ),
            finds=(800_000_000,),
        ),
        Example(
            what="a small table",
            layers=(ExampleLayer(created_by="COPY . .", files={"app/data/labels.csv": 3_000_000}),),
            finds=(),
        ),
    ),
)
