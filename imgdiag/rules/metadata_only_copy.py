"""metadata-only-copy: chown, chmod or touch in a layer of its own."""

import posixpath
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace

from imgdiag.facts.claims import Claim
from imgdiag.facts.facts import Facts
from imgdiag.facts.steps import RunEdit
from imgdiag.filesystem import Cause, Directory, Hidden
from imgdiag.finding import WARNING_BYTES, Finding, Fix, Safety
from imgdiag.rules._hidden import amount, layer_name
from imgdiag.rules._shell import (
    appended,
    chmod_mode,
    chown_owner,
    dropped,
    joined,
    with_copy_flag,
)
from imgdiag.rules.rule import Example, ExampleLayer, Rule, Topic
from imgdiag.text import shortened
from imgdiag.units import counted


def _check(facts: Facts) -> Iterator[Finding]:
    changed: dict[int, list[Hidden]] = defaultdict(list)
    for (cause, _, hidden_in), group in facts.hidden_groups.items():
        if cause is Cause.METADATA_ONLY:
            changed[hidden_in] += group
    for hidden_in, hidden in sorted(changed.items()):
        own = [each for each in hidden if each.file.layer not in facts.base_layers]
        of_base = [each for each in hidden if each.file.layer in facts.base_layers]
        if any(each.file.size for each in of_base):
            yield _of_base(facts, facts.claims.hidden(of_base), hidden_in)
        if any(each.file.size for each in own):
            edited = _edited(facts, facts.claims.hidden(own), hidden_in)
            claim = facts.claims.hidden(each for each in own if each.file.layer in edited)
            yield Finding(
                rule=RULE.name,
                safety=Safety.SAFE,
                message=f"{_stored_again(facts, claim, hidden_in)}, which changes only their "
                "owner, mode or time",
                fix=_fix(facts, edited, hidden_in),
                claim=claim,
            )


def _stored_again(facts: Facts, claim: Claim, hidden_in: int) -> str:
    made_by = layer_name(facts, claim.layers[0])
    others = len(claim.layers) - 1
    if others:
        made_by += f" and of {counted(others, 'other layer')}"
    return (
        f"{amount(claim)} of {made_by} are stored a second time by {layer_name(facts, hidden_in)}"
    )


def _of_base(facts: Facts, claim: Claim, hidden_in: int) -> Finding:
    """Return the finding for the base image's files, which no Dockerfile stores once."""
    changer = facts.step(hidden_in)
    # To open a file for writing is enough to store it again: apt does that.
    opened = changer.command is not None and not _CHANGING.search(changer.command)
    why = "opens them for writing" if opened else "changes only their owner, mode or time"
    return Finding(
        rule=RULE.name,
        safety=Safety.REVIEW,
        message=f"{_stored_again(facts, claim, hidden_in)}, which {why}",
        fix=Fix(
            "Leave the base image's files as they are, or use a base that has them so",
            "Dockerfile",
            f"# drop, or restrict to the files that need it\n"
            f"{changer.instruction or '<unknown instruction>'}",
        ),
        claim=claim,
        informational=opened,
    )


def _edited(facts: Facts, claim: Claim, hidden_in: int) -> tuple[int, ...]:
    """Return the layers to make the change in, oldest first.

    A RUN that does something else, and opens files for that, can go into one other RUN alone.

    A chown -R in a RUN stores again what layers below it hold. For a small file that is no reason
    to write anything else, and so it is left out.
    """
    last_run = max((each for each in claim.layers if facts.step(each).command), default=-1)
    if last_run >= 0 and not _CHANGING.search(facts.instruction(hidden_in)):
        return (last_run,)
    sizes: dict[int, int] = defaultdict(int)
    for file in claim.files:
        sizes[file.layer] += file.size
    return tuple(
        layer for layer in sorted(sizes) if layer >= last_run or sizes[layer] >= WARNING_BYTES
    )


def _fix(facts: Facts, creators: tuple[int, ...], hidden_in: int) -> Fix:
    changer = facts.step(hidden_in)
    command = changer.command or ""
    accounts, change = _without_accounts(command)
    drop = f"and drop '{shortened(changer.instruction, 60)}'"
    before = f"# first, so that the user exists\nRUN {accounts}" if accounts else ""
    before = before or _accounts_between(facts, creators[0], hidden_in)
    copies = [
        _copy(facts.step(layer).instruction, command)
        for layer in creators
        if facts.step(layer).is_copy
    ]
    runs = [layer for layer in creators if facts.step(layer).command]
    if changer.is_copy:
        return Fix(
            "Copy the files once: leave them out of one of the two instructions",
            "Dockerfile",
            f"# stores them first\n{facts.step(creators[0]).instruction}\n\n"
            f"# stores them again\n{changer.instruction}",
        )
    if runs and not _CHANGING.search(command):  # it does something else, and opens them for that
        edit = joined(facts, runs[-1], hidden_in)
        return Fix.of_run(f"Make and open the files in one RUN, and {dropped(facts, edit)}", edit)
    if runs:
        return Fix.of_run(
            f"Change them where they are made, {drop}",
            *(
                _changed(facts, layer, change or "<the change>", hidden_in, layer > creators[0])
                for layer in runs
            ),
            before=before,
            after="\n\n".join(copies),
        )
    others = [each for each in change.split("&&") if not _CHANGES.match(each.strip())]
    if others:  # it does more than the COPY will do
        drop = f"and take it out of '{shortened(changer.instruction, 60)}'"
    folders = "" if others else _of_folders(facts, change, changer.working_directory)
    rest = f"# where that was: for the folder itself, which takes no space\nRUN {folders}"
    return Fix(
        f"Change them while copying, {drop}",
        "Dockerfile",
        "\n\n".join(filter(None, (before, *copies, rest if folders else ""))),
    )


def _accounts_between(facts: Facts, first: int, last: int) -> str:
    """Return the RUNs in between that make users, to be moved up, "" without one."""
    return "\n\n".join(
        f"# moves up to here, so that the user exists\nRUN {command}"
        for layer in range(first + 1, last)
        if (command := facts.step(layer).command) and _ACCOUNTS.match(command)
    )


def _of_folders(facts: Facts, change: str, working_directory: str) -> str:
    """Return what a recursive change does to the folders that it names, "" for nothing.

    A COPY leaves the folder that it copies into as it is, and the container may write there.
    """
    commands = []
    for part in change.split("&&"):
        match = _RECURSIVE.match(part.strip())
        named = match["paths"].split() if match else []
        folders = [
            path
            for path in named
            if isinstance(
                facts.filesystem.find(posixpath.join(working_directory, path).strip("/")), Directory
            )
        ]
        if match and folders:
            commands.append(f"{match['word']} {match['what']} {' '.join(folders)}")
    return " && ".join(commands)


def _changed(facts: Facts, layer: int, change: str, of: int, others_below: bool) -> RunEdit:
    """Return the RUN that made `layer` with a change after it.

    With `others_below`, files of lower layers have the owner already, and are to be passed by:
    chown stores a file again all the same.
    """
    if not others_below:
        return appended(facts, layer, change, of=of)
    edit = appended(facts, layer, _CHOWN_ALL.sub(_chown_of_others, change), of=of)
    if _CHOWN_ALL.search(change):
        note = "not chown -R: it stores again what lower layers hold, though the owner is the same"
    else:
        note = "name only what this RUN makes: what lower layers hold is stored again"
    return replace(edit, notes=(*edit.notes, note))


def _chown_of_others(match: re.Match[str]) -> str:
    """Return a chown -R as a command that passes by the files that have the owner already."""
    user, _, group = match["owner"].partition(":")
    tests = [f"! -user {user}"] * bool(user) + [f"! -group {group}"] * bool(group)
    test = tests[0] if len(tests) == 1 else f"\\( {' -o '.join(tests)} \\)"
    return f"find {match['paths']} {test} -exec chown -h {match['owner']} {{}} +"


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


_CHANGING = re.compile(r"\b(chown|chgrp|chmod|touch|setfacl)\b")
_CHOWN_ALL = re.compile(
    r"\bchown\s+(?:-h?Rh?|--recursive)\s+(?P<quote>[\"']?)(?P<owner>[\w.$\{\}:-]+)(?P=quote)\s+"
    r"(?P<paths>[^;&|]+?)(?=\s*(?:$|[;&|]))"
)
_RECURSIVE = re.compile(
    r"(?P<word>chown|chmod)\s+(?:-h?Rh?|--recursive)\s+(?P<what>[\w.$\{\}\"':,+=-]+)\s+(?P<paths>[^;|]+)$"
)
_CHANGES = re.compile(r"(chown|chmod|touch)\b[^;|&\n]*$")
_ACCOUNTS = re.compile(r"(useradd|groupadd|adduser|addgroup|usermod)\b")


RULE = Rule(
    name="metadata-only-copy",
    topic=Topic.LAYERS,
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
