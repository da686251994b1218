"""npm-cache: what npm, yarn and pnpm downloaded."""

from collections.abc import Iterator

from imgdiag.facts import Facts
from imgdiag.finding import Finding, Fix
from imgdiag.rules._caches import cache_finding, folders_ending_in
from imgdiag.rules._shell import cache_mount
from imgdiag.rules.rule import Example, ExampleLayer, Rule


def _check(facts: Facts) -> Iterator[Finding]:
    return cache_finding(
        facts,
        rule=RULE.name,
        what="npm's and yarn's cache",
        paths=folders_ending_in(
            facts, ".npm/_cacache", ".cache/yarn", "usr/local/share/.cache/yarn"
        ),
        fix=_fix,
    )


def _fix(facts: Facts, layer: int, path: str) -> Fix:
    return Fix.of_run("Mount the cache while building", cache_mount(facts, layer, path))


RULE = Rule(
    name="npm-cache",
    title="npm's cache",
    why="npm keeps each tarball it downloads in `~/.npm/_cacache`, yarn in `~/.cache/yarn`; "
    "nothing reads them at run time.",
    fix="`RUN --mount=type=cache,target=/root/.npm npm ci`, or `npm cache clean --force` in the "
    "same `RUN`.",
    ignore_when="Never.",
    check=_check,
    examples=(
        Example(
            what="npm ci as root",
            layers=(
                ExampleLayer(
                    created_by="RUN /bin/sh -c npm ci",
                    files={"root/.npm/_cacache/content-v2/a": 4_000_000},
                ),
            ),
            finds=(4_000_000,),
        ),
        Example(
            what="npm's logs are not its cache",
            layers=(ExampleLayer(created_by="RUN npm ci", files={"root/.npm/_logs/a": 40}),),
            finds=(),
        ),
    ),
)
