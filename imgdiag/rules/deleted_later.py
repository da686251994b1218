"""deleted-later: clean-up in the wrong layer."""

import re
from collections.abc import Iterator
from dataclasses import replace

from imgdiag.facts.claims import Claim
from imgdiag.facts.facts import Facts
from imgdiag.filesystem import Cause
from imgdiag.finding import Finding, Fix, Safety
from imgdiag.rules._hidden import amount, hidden_claims, layer_name
from imgdiag.rules._needed import CleanUp, sparing
from imgdiag.rules._shell import appended, cache_mount, dropped, joined, uses_apt_lists
from imgdiag.rules.rule import Example, ExampleLayer, Rule, Topic
from imgdiag.text import shortened

_CACHES = ("root/.cache/pip", "root/.cache/uv", "root/.npm", "root/.cache/pypoetry")


def _check(facts: Facts) -> Iterator[Finding]:
    for created_in, hidden_in, claim in hidden_claims(facts, Cause.DELETED):
        clean_up = sparing(facts, facts.step(hidden_in).command or "", claim.sizes)
        yield Finding(
            rule=RULE.name,
            # The bytes may go; a clean-up that takes what a package imports may not go on.
            safety=Safety.REVIEW if clean_up.breaks_imports else Safety.SAFE,
            message=f"{amount(claim)}: made by {layer_name(facts, created_in)}, deleted by "
            f"{layer_name(facts, hidden_in)}, and still shipped: a layer cannot take bytes out "
            "of the one below it",
            fix=_fix(facts, created_in, hidden_in, claim, clean_up),
            claim=claim,
            informational=created_in in facts.base_layers,
            in_base=created_in in facts.base_layers,
        )


def _fix(facts: Facts, created_in: int, hidden_in: int, claim: Claim, clean_up: CleanUp) -> Fix:
    creator, cleaner = facts.step(created_in), facts.step(hidden_in)
    command = clean_up.command or "rm -rf <what is not needed>"
    drop = f", and drop '{shortened(cleaner.instruction, 60)}'" if cleaner.command else ""
    if creator.command:
        if (cache := _one_cache(claim)) is not None:
            return Fix.of_run(
                f"Keep the cache out of the layer with a cache mount{drop}",
                cache_mount(facts, created_in, f"/{cache}"),
            )
        if cleaner.command and (uses := joined(facts, created_in, hidden_in, command)).joined[:-1]:
            commands = " ; ".join(each for _, each in uses.joined[:-1])
            if any(_may_be_used(path, commands) for path in claim.sizes):
                return Fix.of_run(
                    "Make, use and delete the files in one RUN, or in a stage of their own, and "
                    f"{dropped(facts, uses)}",
                    replace(uses, notes=(*uses.notes, *clean_up.notes)),
                )
        edit = appended(facts, created_in, command, of=hidden_in)
        return Fix.of_run(
            f"Clean up in the RUN that makes the files{drop}",
            replace(edit, notes=(*edit.notes, *clean_up.notes)),
        )
    if creator.is_copy:
        return Fix(
            f"Clean up before the files are copied, in the stage that makes them{drop}",
            "Dockerfile",
            "\n".join(
                (
                    "# at the end of the stage that makes the files",
                    *(f"# {note}" for note in clean_up.notes),
                    f"RUN {command}",
                )
            ),
        )
    if not creator.is_base:
        return Fix(
            f"Delete the files in the instruction that makes them{drop}",
            "Dockerfile",
            "\n".join(
                (
                    "# at the end of that RUN, or of the stage that they come from",
                    *(f"# {note}" for note in clean_up.notes),
                    f"RUN {command}",
                )
            ),
        )
    return Fix(
        "The files come with the base image: use a base without them, or copy what is needed "
        "into a fresh stage",
        "Dockerfile",
        "FROM <a slimmer base>",
    )


def _may_be_used(path: str, commands: str) -> bool:
    """Tell whether RUNs with these commands may need a file: not one of a cache, or byte-code."""
    if path.startswith("var/lib/apt/lists/"):
        return uses_apt_lists(commands)
    return _UNUSED.search(f"/{path}") is None


_UNUSED = re.compile(r"\.pyc$|/\.cache/|/\.npm/|^/var/(cache|log)/|/(tests?|docs?)/")


def _one_cache(claim: Claim) -> str | None:
    """Return the package manager's cache that nearly all the files lie in."""
    for cache in _CACHES:
        inside = sum(size for path, size in claim.sizes.items() if path.startswith(f"{cache}/"))
        if inside >= 0.95 * claim.layer_bytes:
            return cache
    return None


RULE = Rule(
    name="deleted-later",
    topic=Topic.LAYERS,
    title="Files deleted in a later layer than the one that made them",
    why="Layers only add up. An `rm` in a later `RUN` hides the files from the container, and "
    "everybody who pulls the image still downloads them.",
    fix="Delete in the same `RUN` that makes the files, or in the build stage before the `COPY`; "
    "keep caches out with `RUN --mount=type=cache`.",
    ignore_when="The files come with a base image that you cannot change.",
    check=_check,
    examples=(
        Example(
            what="a folder copied from the build stage and cleaned in the final one",
            layers=(
                ExampleLayer(
                    created_by="COPY /app/.venv ./.venv # buildkit",
                    files={
                        "app/.venv/lib/a.py": 10,
                        "app/.venv/lib/__pycache__/a.cpython-311.pyc": 5_000_000,
                    },
                ),
                ExampleLayer(
                    created_by="RUN /bin/sh -c find .venv -name __pycache__ -exec rm -r {} +",
                    deletes=("app/.venv/lib/__pycache__",),
                ),
            ),
            finds=(5_000_000,),
        ),
        Example(
            what="made and deleted in one RUN: nothing of it is in the layer",
            layers=(
                ExampleLayer(
                    created_by="RUN /bin/sh -c pip install . && rm -rf /root/.cache",
                    files={"app/a.py": 10},
                ),
            ),
            finds=(),
        ),
    ),
)
