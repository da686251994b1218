"""moved-file: a file that a later layer moved is stored twice."""

from collections import defaultdict
from collections.abc import Iterator

from imgdiag.facts.facts import Facts
from imgdiag.filesystem import Hidden
from imgdiag.finding import Finding, Fix, Safety
from imgdiag.rules._hidden import amount, layer_name
from imgdiag.rules._shell import appended
from imgdiag.rules.rule import Example, ExampleLayer, Rule, Topic
from imgdiag.text import shortened


def _check(facts: Facts) -> Iterator[Finding]:
    groups: dict[tuple[int, int], list[Hidden]] = defaultdict(list)
    for hidden in facts.moves:
        groups[hidden.file.layer, hidden.hidden_in].append(hidden)
    for (created_in, moved_in), group in sorted(groups.items()):
        claim = facts.claims.hidden(group)
        largest = min(group, key=lambda each: (-each.file.size, each.path))
        yield Finding(
            rule=RULE.name,
            safety=Safety.SAFE,
            message=f"{amount(claim)} of {layer_name(facts, created_in)} are stored again by "
            f"{layer_name(facts, moved_in)}, which moves them, such as /{largest.path} to "
            f"/{facts.moves[largest]}",
            fix=_fix(facts, created_in, moved_in, largest),
            claim=claim,
            informational=created_in in facts.base_layers,
            in_base=created_in in facts.base_layers,
        )


def _fix(facts: Facts, created_in: int, moved_in: int, largest: Hidden) -> Fix:
    creator, mover = facts.step(created_in), facts.step(moved_in)
    to = facts.moves[largest]
    if creator.command and mover.command:
        return Fix.of_run(
            f"Move the files in the RUN that makes them, and drop "
            f"'{shortened(mover.instruction, 60)}'",
            appended(facts, created_in, mover.command, of=moved_in),
        )
    if creator.is_copy:
        source = f"<the source of {largest.path.rpartition('/')[2]}>"
        target = f"/{to}" if to.isprintable() and " " not in to else "<where it belongs>"
        return Fix(
            "Copy the files to where they belong, and drop the move",
            "Dockerfile",
            f"# in place of moving what this copies\n# {shortened(creator.instruction, 90)}\n"
            f"COPY {source} {target}",
        )
    return Fix(
        "Put the files where they belong in the instruction that makes them",
        "Dockerfile",
        f"# drop\n{mover.instruction or '<the instruction that moves them>'}",
    )


RULE = Rule(
    name="moved-file",
    topic=Topic.LAYERS,
    title="Files moved by a later layer than the one that made them",
    why="A layer cannot say 'moved': it hides the old path and holds the whole file at the new "
    "one, so `mv` of a 2 GB model in a `RUN` of its own adds 2 GB. Told by files of the same "
    "name, size and time that the same layer deletes and makes.",
    fix="`COPY` to the final path, or `mv` in the `RUN` that makes the files.",
    ignore_when="The files come with a base image that you cannot change.",
    check=_check,
    examples=(
        Example(
            what="a model copied to one folder, then moved to another",
            layers=(
                ExampleLayer(
                    created_by="COPY model.bin /tmp/model.bin",
                    files={"tmp/model.bin": 7_000_000},
                ),
                ExampleLayer(
                    created_by="RUN /bin/sh -c mv /tmp/model.bin /srv/model.bin",
                    files={"srv/model.bin": 7_000_000},
                    deletes=("tmp/model.bin",),
                ),
            ),
            finds=(7_000_000,),
        ),
        Example(
            what="a file deleted and another one made: their times differ",
            layers=(
                ExampleLayer(
                    created_by="COPY model.bin /tmp/model.bin",
                    files={"tmp/model.bin": 7_000_000},
                ),
                ExampleLayer(
                    created_by="RUN /bin/sh -c rm /tmp/model.bin && ./train /srv/model.bin",
                    files={"srv/model.bin": 7_000_000},
                    deletes=("tmp/model.bin",),
                    mtime=1_700_000_900,
                ),
            ),
            finds=(),
        ),
    ),
)
