"""training-state: optimizers' state beside a model that is served."""

from collections.abc import Iterator
from functools import partial

from imgdiag.facts.facts import Facts
from imgdiag.finding import Finding, Safety
from imgdiag.rules._data import Data, data_files
from imgdiag.rules._hidden import visible
from imgdiag.rules._shell import context_fix
from imgdiag.rules._visible import visible_findings
from imgdiag.rules.rule import Example, ExampleLayer, Rule, Topic


def _check(facts: Facts) -> Iterator[Finding]:
    paths = list(data_files(facts, Data.TRAINING))
    names = dict.fromkeys(path.rpartition("/")[2] for path in paths)
    return visible_findings(
        facts,
        RULE.name,
        paths,
        message=lambda claim: (
            f"{visible(claim)} of training's state, such as /{paths[0]}: read to go on training, "
            "never to serve the model"
        ),
        fix=partial(context_fix, facts, [f"**/{name}" for name in names], where="brings them"),
        safety=Safety.REVIEW,
    )


RULE = Rule(
    name="training-state",
    topic=Topic.DATA,
    title="Training's state beside a model",
    why="A checkpoint of a trainer holds the optimizer's state, twice the size of the weights with "
    "Adam, and the states of scheduler and random numbers. A service loads the weights alone.",
    fix="Copy the weights and the configuration by name, or save with `save_pretrained`, which "
    "leaves the state out.",
    ignore_when="The container goes on training.",
    check=_check,
    examples=(
        Example(
            what="a trainer's checkpoint",
            layers=(
                ExampleLayer(
                    created_by="COPY checkpoint-500 /srv/model",
                    files={
                        "srv/model/model.safetensors": 20_000_000,
                        "srv/model/optimizer.pt": 40_000_000,
                    },
                ),
            ),
            finds=(40_000_000,),
        ),
        Example(
            what="the weights alone",
            layers=(
                ExampleLayer(
                    created_by="COPY model /srv/model",
                    files={"srv/model/model.safetensors": 20_000_000},
                ),
            ),
            finds=(),
        ),
    ),
)
