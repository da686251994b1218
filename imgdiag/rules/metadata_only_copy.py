"""metadata-only-copy: chown, chmod or touch in a layer of its own."""

import re
from collections import defaultdict
from collections.abc import Iterator

from imgdiag.facts import Facts
from imgdiag.filesystem import Cause, File
from imgdiag.finding import Finding, Fix, Safety
from imgdiag.rules._hidden import amount, layer_name
from imgdiag.rules._shell import appended, chmod_mode, chown_owner, with_copy_flag
from imgdiag.rules.rule import Example, ExampleLayer, Rule
from imgdiag.text import shortened


def _check(facts: Facts) -> Iterator[Finding]:
    changed: dict[int, list[tuple[str, File]]] = defaultdict(list)
    for hidden in facts.filesystem.hidden:
        if hidden.cause is Cause.METADATA_ONLY:
            changed[hidden.hidden_in].append((hidden.path, hidden.file))
    for hidden_in, pairs in sorted(changed.items()):
        claim = facts.claim_hidden(pairs)
        made_by = layer_name(facts, claim.layers[0])
        others = len(claim.layers) - 1
        if others:
            made_by += f" and of {others} other layer{'s' * (others != 1)}"
        yield Finding(
            rule=RULE.name,
            safety=Safety.SAFE,
            message=f"{amount(claim)} of {made_by} are stored a second time by "
            f"{layer_name(facts, hidden_in)}, which changes only their owner, mode or time",
            fix=_fix(facts, sorted(claim.layers), hidden_in),
            claim=claim,
        )


def _fix(facts: Facts, creators: list[int], hidden_in: int) -> Fix:
    changer = facts.step(hidden_in)
    command = changer.command or ""
    accounts, change = _without_accounts(command)
    drop = f"and drop '{shortened(changer.instruction, 60)}'"
    before = f"# first, so that the user exists\nRUN {accounts}" if accounts else ""
    copies = [
        _copy(facts.step(layer).instruction, command)
        for layer in creators
        if facts.step(layer).is_copy
    ]
    runs = [layer for layer in creators if facts.step(layer).command]
    if changer.is_copy:
        first = facts.step(creators[0])
        return Fix(
            "Copy the files once: leave them out of one of the two instructions",
            "Dockerfile",
            f"# stores them first\n"
            f"{'FROM <the base image>' if first.is_base else first.instruction}\n\n"
            f"# stores them again\n{changer.instruction}",
        )
    if runs:
        edits = [appended(facts, layer, change or "<the change>", of=hidden_in) for layer in runs]
        more = [edit.snippet() for edit in edits[1:]]
        return Fix.of_run(
            f"Change them where they are made, {drop}",
            edits[0],
            before=before,
            after="\n\n".join([*more, *copies]),
        )
    if copies:
        others = [each for each in change.split("&&") if not _CHANGES.match(each.strip())]
        if others:  # it does more than the COPY will do
            drop = f"and take it out of '{shortened(changer.instruction, 60)}'"
        return Fix(
            f"Change them while copying, {drop}",
            "Dockerfile",
            "\n\n".join(filter(None, (before, *copies))),
        )
    return Fix(
        "Leave the base image's files as they are, or change them in the stage that makes them",
        "Dockerfile",
        f"# drop, or restrict to the files that need it\n"
        f"{changer.instruction or '<unknown instruction>'}",
    )


def _copy(instruction: str, command: str) -> str:
    """Return a COPY that does what the chown or chmod in `command` did afterwards."""
    owner, mode = chown_owner(command), chmod_mode(command)
    if not owner and "chown" in command:
        owner = "<user>:<group>"  # COPY gives files to root, whoever had them before
    flags = [f"--chown={owner}"] * bool(owner) + [f"--chmod={mode}"] * bool(mode)
    if not flags:
        return f"# at the end of the stage that they come from\nRUN {command}"
    return with_copy_flag(instruction, " ".join(flags))


def _without_accounts(command: str) -> tuple[str, str]:
    """Split the parts of a command that make users and groups from the others."""
    parts = [part.strip() for part in command.split("&&")]
    accounts = [part for part in parts if _ACCOUNTS.match(part)]
    return " && ".join(accounts), " && ".join(part for part in parts if part not in accounts)


_CHANGES = re.compile(r"(chown|chmod|touch)\b[^;|&\n]*$")
_ACCOUNTS = re.compile(r"(useradd|groupadd|adduser|addgroup|usermod)\b")


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
