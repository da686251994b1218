"""pip-cache: what pip downloaded and built."""

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
        what="pip's cache",
        paths=folders_ending_in(facts, ".cache/pip"),
        fix=_fix,
    )


def _fix(facts: Facts, layer: int, path: str) -> Fix:
    return Fix.of_run("Mount the cache while building", cache_mount(facts, layer, path))


RULE = Rule(
    name="pip-cache",
    title="pip's cache",
    why="pip keeps each wheel it downloads in `~/.cache/pip`, so the image ships every package "
    "twice: compressed in the cache and installed.",
    fix="`pip install --no-cache-dir`, `ENV PIP_NO_CACHE_DIR=1`, or "
    "`RUN --mount=type=cache,target=/root/.cache/pip`, which also makes the next build faster.",
    ignore_when="Never.",
    check=_check,
    examples=(
        Example(
            what="pip install as root without --no-cache-dir",
            layers=(
                ExampleLayer(
                    created_by="RUN /bin/sh -c pip install -r requirements.txt # buildkit",
                    files={"root/.cache/pip/http-v2/a/b/body": 3_000_000, "app/a.py": 5},
                ),
            ),
            finds=(3_000_000,),
        ),
        Example(
            what="a folder of that name elsewhere",
            layers=(ExampleLayer(created_by="COPY . .", files={"app/pip/a": 5}),),
            finds=(),
        ),
    ),
)
