"""poetry-cache: what Poetry downloaded."""

from collections.abc import Iterator

from imgdiag.facts import Facts
from imgdiag.finding import Finding, Fix
from imgdiag.rules._caches import cache_finding, folders_ending_in
from imgdiag.rules._shell import cache_mount
from imgdiag.rules.rule import Example, ExampleLayer, Rule

_PARTS = ("cache", "artifacts")  # beside them lie Poetry's virtual environments, in use


def _check(facts: Facts) -> Iterator[Finding]:
    return cache_finding(
        facts,
        rule=RULE.name,
        what="Poetry's cache",
        paths=folders_ending_in(facts, *(f".cache/pypoetry/{part}" for part in _PARTS)),
        fix=_fix,
    )


def _fix(facts: Facts, layer: int, path: str) -> Fix:
    return Fix.of_run("Mount the cache while building", cache_mount(facts, layer, path))


RULE = Rule(
    name="poetry-cache",
    title="Poetry's cache",
    why="Poetry keeps each package it downloads in `~/.cache/pypoetry`, beside the virtual "
    "environments that it makes there (those are in use, and not counted).",
    fix="`RUN --mount=type=cache,target=/root/.cache/pypoetry/cache`, or "
    "`poetry install --no-cache`.",
    ignore_when="Never.",
    check=_check,
    examples=(
        Example(
            what="downloads beside an environment in use",
            layers=(
                ExampleLayer(
                    created_by="RUN /bin/sh -c poetry install",
                    files={
                        "root/.cache/pypoetry/artifacts/a.whl": 6_000_000,
                        "root/.cache/pypoetry/virtualenvs/app/bin/python": 30,
                    },
                ),
            ),
            finds=(6_000_000,),
        ),
        Example(
            what="an environment alone",
            layers=(
                ExampleLayer(
                    created_by="RUN poetry install --no-cache",
                    files={"root/.cache/pypoetry/virtualenvs/app/bin/python": 30},
                ),
            ),
            finds=(),
        ),
    ),
)
