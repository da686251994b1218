"""apt-lists: the package indexes that `apt-get update` downloads."""

from collections.abc import Iterator

from imgdiag.facts.facts import Facts
from imgdiag.finding import Finding, Fix
from imgdiag.rules._caches import cache_finding
from imgdiag.rules._shell import appended, dropped, joined, updates_apt, uses_apt_lists
from imgdiag.rules.rule import Example, ExampleLayer, Rule, Topic

_CLEAN_UP = "rm -rf /var/lib/apt/lists/*"


def _check(facts: Facts) -> Iterator[Finding]:
    return cache_finding(
        facts, rule=RULE.name, what="apt's package lists", paths=("var/lib/apt/lists",), fix=_fix
    )


def _fix(facts: Facts, layer: int, path: str) -> Fix:
    clean_up = appended(facts, layer, _CLEAN_UP)
    if (last := _last_user(facts, layer)) is None:
        return Fix.of_run("Remove the lists in the RUN that downloads them", clean_up)
    edit = joined(facts, layer, last)
    return Fix.of_run(
        f"Download, use and remove the lists in one RUN, and {dropped(facts, edit)}",
        edit.merged(clean_up),
    )


def _last_user(facts: Facts, layer: int) -> int | None:
    """Return the last RUN that installs with the lists of `layer`, None for that one itself."""
    last = None
    for each in range(layer + 1, len(facts.filesystem.layers)):
        command = facts.step(each).command or ""
        if updates_apt(command):
            break
        if uses_apt_lists(command):
            last = each
    return last


RULE = Rule(
    name="apt-lists",
    topic=Topic.CACHES,
    title="apt's package lists",
    why="`apt-get update` downloads tens of megabytes of indexes. They are stale the next day, "
    "and the next `apt-get update` downloads them again.",
    fix="`&& rm -rf /var/lib/apt/lists/*` at the end of the same `RUN`.",
    ignore_when="Never.",
    check=_check,
    examples=(
        Example(
            what="apt-get update without clean-up",
            layers=(
                ExampleLayer(
                    created_by="RUN /bin/sh -c apt-get update && apt-get install -y curl",
                    files={"var/lib/apt/lists/debian_Packages.lz4": 18_000_000},
                ),
            ),
            finds=(18_000_000,),
        ),
        Example(
            what="an empty folder",
            layers=(ExampleLayer(created_by="RUN x", files={"var/lib/apt/lists/lock": 0}),),
            finds=(),
        ),
    ),
)
