"""git-dir: a repository's history in the image."""

from collections.abc import Iterator
from functools import partial

from imgdiag.facts.facts import Facts
from imgdiag.finding import Finding, Safety
from imgdiag.rules._hidden import visible
from imgdiag.rules._programs import program
from imgdiag.rules._shell import context_fix
from imgdiag.rules._visible import visible_findings
from imgdiag.rules.rule import Example, ExampleLayer, Rule, Topic

_LIBRARIES = frozenset(("dulwich", "gitpython", "pygit2"))


def _check(facts: Facts) -> Iterator[Finding]:
    paths = [
        path
        for path, directory in facts.usage.named.get(".git", ())
        if "HEAD" in directory.children
    ]
    if not paths:
        return
    reader = _reader(facts)
    yield from visible_findings(
        facts,
        RULE.name,
        paths,
        message=lambda claim: (
            f"{visible(claim)} of a repository's history in /{paths[0]}"
            + f" and {len(paths) - 1} other folders" * (len(paths) > 1)
            + (f"; {reader} could read it" if reader else "; nothing in the image reads it")
        ),
        fix=partial(context_fix, facts, ("**/.git",), where="clones the repository"),
        safety=Safety.REVIEW if reader else Safety.SAFE,
    )


def _reader(facts: Facts) -> str:
    """Return what in the image reads repositories, "" for nothing."""
    if found := program(facts, "git"):
        return f"/{found}"
    return next((each.name for each in facts.distributions if each.name in _LIBRARIES), "")


RULE = Rule(
    name="git-dir",
    topic=Topic.PROJECT,
    title="A repository's history",
    why="`COPY . .` takes `.git` along: every version of every file, for everybody who can pull "
    "the image, secrets that were deleted long ago among them. It also changes with each commit, "
    "so the layer is never taken from the cache.",
    fix="A line `.git` in `.dockerignore`; for a clone in a `RUN`, `git clone --depth 1` and "
    "`rm -rf .git` in the same `RUN`.",
    ignore_when="The service itself works on the repository, or asks it for its version; that is "
    "why it is for review where git or a library that reads repositories is installed.",
    check=_check,
    examples=(
        Example(
            what="COPY . . without .dockerignore",
            layers=(
                ExampleLayer(
                    created_by="COPY . . # buildkit",
                    files={
                        "app/main.py": 500,
                        "app/.git/HEAD": 20,
                        "app/.git/objects/pack/pack-1.pack": 6_000_000,
                    },
                ),
            ),
            finds=(6_000_020,),
        ),
        Example(
            what="a file named .git, as submodules have it",
            layers=(
                ExampleLayer(created_by="COPY . .", files={"app/.git": 40, "app/main.py": 500}),
            ),
            finds=(),
        ),
    ),
)
