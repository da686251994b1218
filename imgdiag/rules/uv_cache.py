"""uv-cache: uv's store of unpacked distributions."""

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
        what="uv's cache (files that the environment shares by hard links not counted)",
        paths=folders_ending_in(facts, ".cache/uv"),
        fix=_fix,
    )


def _fix(facts: Facts, layer: int, path: str) -> Fix:
    return Fix.of_run(
        "Mount the cache while building",
        cache_mount(facts, layer, path),
        before="ENV UV_LINK_MODE=copy",
    )


RULE = Rule(
    name="uv-cache",
    title="uv's cache",
    why="uv keeps every distribution unpacked in `~/.cache/uv` and links it into the "
    "environment. Hard links cost nothing, but what is not linked (sources, other versions, "
    "builds) is shipped for nothing, and a copy to another stage stores it again.",
    fix="`RUN --mount=type=cache,target=/root/.cache/uv` with `UV_LINK_MODE=copy`, or "
    "`UV_NO_CACHE=1`.",
    ignore_when="The container itself installs with uv and should find its cache.",
    check=_check,
    examples=(
        Example(
            what="a cache with one file that the environment links and one that it does not",
            layers=(
                ExampleLayer(
                    created_by="RUN uv sync",
                    files={
                        "root/.cache/uv/archive-v0/x/a.py": 40,
                        "root/.cache/uv/sdists-v9/b.tar.gz": 2_000_000,
                    },
                    links={"app/.venv/a.py": "root/.cache/uv/archive-v0/x/a.py"},
                ),
            ),
            finds=(2_000_000,),
        ),
        Example(
            what="uv with a cache mount",
            layers=(ExampleLayer(created_by="RUN uv sync", files={"app/.venv/a.py": 40}),),
            finds=(),
        ),
    ),
)
