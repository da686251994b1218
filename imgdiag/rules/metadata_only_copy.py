"""metadata-only-copy: chown, chmod or touch in a layer of its own."""

import re
from collections.abc import Iterator

from imgdiag.facts import Facts
from imgdiag.filesystem import Cause
from imgdiag.finding import Finding, Fix, Safety
from imgdiag.rules._hidden import amount, hidden_groups, layer_name
from imgdiag.rules._shell import (
    chmod_mode,
    chown_owner,
    is_copy,
    joined,
    run_command,
    with_copy_flag,
)
from imgdiag.rules.rule import Example, ExampleLayer, Rule


def _check(facts: Facts) -> Iterator[Finding]:
    for created_in, hidden_in, claim in hidden_groups(facts, Cause.METADATA_ONLY):
        yield Finding(
            rule=RULE.name,
            safety=Safety.SAFE,
            message=f"{amount(claim)} of {layer_name(facts, created_in)} are stored a second "
            f"time by {layer_name(facts, hidden_in)}, which changes only their owner, mode or "
            "time",
            fix=_fix(facts.instruction(created_in), facts.instruction(hidden_in)),
            claim=claim,
        )


def _fix(creator: str, changer: str) -> Fix:
    command = run_command(changer) or ""
    owner, mode = chown_owner(command), chmod_mode(command)
    if is_copy(changer):
        return Fix(
            "Copy the files once: leave them out of one of the two instructions",
            "Dockerfile",
            f"# stores them first\n{creator or '<the base image>'}\n\n"
            f"# stores them again\n{changer}",
        )
    if is_copy(creator):
        if not owner and "chown" in command:
            owner = "<user>:<group>"  # COPY gives files to root, whoever had them before
        flags = [f"--chown={owner}"] * bool(owner) + [f"--chmod={mode}"] * bool(mode)
        if not flags:
            return Fix(
                "Change it in the stage that the files are copied from, before the COPY",
                "Dockerfile",
                f"# at the end of that stage\n{changer}\n\n"
                f"# in the final stage, as before\n{creator}",
            )
        one = re.search(r"[;&|\n]", command) is None
        return Fix(
            f"Set it while copying, and {'drop the line' if one else 'take it out of'} '{changer}'",
            "Dockerfile",
            with_copy_flag(creator, " ".join(flags)),
        )
    if run_command(creator):
        summary = "Change it in the RUN that makes the files"
        if owner:
            summary += f"; or switch to 'USER {owner.partition(':')[0]}' before that RUN"
        return Fix(summary, "Dockerfile", joined(creator, command or "<the change>"))
    return Fix(
        "Leave the base image's files as they are, or change them in the stage that makes them",
        "Dockerfile",
        f"# drop, or restrict to the files that need it\n{changer or '<unknown instruction>'}",
    )


RULE = Rule(
    name="metadata-only-copy",
    title="Files stored again because their owner, mode or time changed",
    why="A layer has no way to say 'the same file, another owner'. `chown -R` in a `RUN` of its "
    "own stores every file again, and doubles the image. Told by files of the same size and "
    "time; for `touch`, by the same size in a layer whose command calls it.",
    fix="`COPY --chown=user:group` and `COPY --chmod=…`, or the change in the `RUN` that makes "
    "the files, or `USER` before it.",
    ignore_when="The files are small.",
    check=_check,
    examples=(
        Example(
            what="chown -R in a RUN of its own",
            layers=(
                ExampleLayer(
                    created_by="COPY . /app # buildkit", files={"app/model.bin": 7_000_000}
                ),
                ExampleLayer(
                    created_by="RUN /bin/sh -c chown -R app:app /app # buildkit",
                    files={"app/model.bin": 7_000_000},
                    uid=1000,
                ),
            ),
            finds=(7_000_000,),
        ),
        Example(
            what="another file of the same size at another time is a rewrite, not a change of "
            "metadata",
            layers=(
                ExampleLayer(created_by="COPY . /app", files={"app/model.bin": 7_000_000}),
                ExampleLayer(
                    created_by="COPY new /app",
                    files={"app/model.bin": 7_000_000},
                    mtime=1_700_000_900,
                ),
            ),
            finds=(),
        ),
    ),
)
