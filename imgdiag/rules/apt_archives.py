"""apt-archives: downloaded .deb files and apt's binary caches."""

from collections.abc import Iterator

from imgdiag.facts import Facts
from imgdiag.finding import Finding, Fix
from imgdiag.rules._caches import cache_finding
from imgdiag.rules._shell import appended
from imgdiag.rules.rule import Example, ExampleLayer, Rule


def _check(facts: Facts) -> Iterator[Finding]:
    return cache_finding(
        facts,
        rule=RULE.name,
        what="apt's downloads",
        paths=("var/cache/apt",),
        fix=_fix,
    )


def _fix(facts: Facts, layer: int, path: str) -> Fix:
    return Fix.of_run("Clean up in the RUN that installs", appended(facts, layer, "apt-get clean"))


RULE = Rule(
    name="apt-archives",
    title="apt's downloaded packages",
    why="Official Debian and Ubuntu images delete each .deb after its install; a base made by "
    "other means keeps them all, beside what they installed.",
    fix="`apt-get clean` at the end of the same `RUN`.",
    ignore_when="Never.",
    check=_check,
    examples=(
        Example(
            what="a .deb that was kept",
            layers=(
                ExampleLayer(
                    created_by="RUN /bin/sh -c apt-get install -y gcc",
                    files={"var/cache/apt/archives/gcc_12.deb": 19_000_000},
                ),
            ),
            finds=(19_000_000,),
        ),
        Example(
            what="the lock file alone",
            layers=(ExampleLayer(created_by="RUN x", files={"var/cache/apt/archives/lock": 0}),),
            finds=(),
        ),
    ),
)
