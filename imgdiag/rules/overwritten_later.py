"""overwritten-later: the same path written again with other content."""

from collections.abc import Iterator

from imgdiag.facts.facts import Facts
from imgdiag.filesystem import Cause
from imgdiag.finding import Finding, Fix, Safety
from imgdiag.rules._hidden import amount, hidden_claims, layer_name
from imgdiag.rules._shell import dropped, joined
from imgdiag.rules.rule import Example, ExampleLayer, Rule, Topic


def _check(facts: Facts) -> Iterator[Finding]:
    for created_in, hidden_in, claim in hidden_claims(facts, Cause.OVERWRITTEN, Cause.REPLACED):
        creator, writer = facts.step(created_in), facts.step(hidden_in)
        if creator.command and writer.command:
            edit = joined(facts, created_in, hidden_in)
            fix = Fix.of_run(
                f"Make and change the files in one RUN, and {dropped(facts, edit)}", edit
            )
        else:
            first = creator.instruction if not creator.is_base else "FROM <the base image>"
            fix = Fix(
                "Write the files once: leave them out of the first instruction, or make the "
                "change in the stage that builds them",
                "Dockerfile",
                f"# writes them first\n{first}\n\n"
                f"# writes them again\n{writer.instruction or '<unknown>'}",
            )
        yield Finding(
            rule=RULE.name,
            safety=Safety.SAFE,
            message=f"{amount(claim)} of {layer_name(facts, created_in)} are written over by "
            f"{layer_name(facts, hidden_in)}; the first copies are shipped for nothing",
            fix=fix,
            claim=claim,
            informational=creator.is_base,
            in_base=creator.is_base,
        )


RULE = Rule(
    name="overwritten-later",
    topic=Topic.LAYERS,
    title="Files written again by a later layer",
    why="The upper copy is the one that the container sees; the lower one is still downloaded. "
    "Installing a package twice, or upgrading one that the base brings, does this.",
    fix="Write each file once: pin the version that is meant, install in one `RUN`, or do the "
    "change in the build stage.",
    ignore_when="The files are few: package databases are rewritten by every install.",
    check=_check,
    examples=(
        Example(
            what="a package installed, then upgraded",
            layers=(
                ExampleLayer(
                    created_by="RUN /bin/sh -c pip install numpy==1.26",
                    files={"usr/lib/numpy.so": 20_000_000},
                ),
                ExampleLayer(
                    created_by="RUN /bin/sh -c pip install numpy==2.0",
                    files={"usr/lib/numpy.so": 25_000_000},
                    mtime=1_700_000_500,
                ),
            ),
            finds=(20_000_000,),
        ),
        Example(
            what="two files, each written once",
            layers=(
                ExampleLayer(created_by="COPY a /a", files={"a": 5}),
                ExampleLayer(created_by="COPY b /b", files={"b": 5}),
            ),
            finds=(),
        ),
    ),
)
