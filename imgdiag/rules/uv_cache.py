"""uv-cache: uv's store of unpacked distributions."""

from imgdiag.rules._caches import mounted_cache
from imgdiag.rules.rule import Example, ExampleLayer, Rule, Topic

RULE = Rule(
    name="uv-cache",
    topic=Topic.CACHES,
    title="uv's cache",
    why="uv keeps every distribution unpacked in `~/.cache/uv` and links it into the "
    "environment. Hard links cost nothing, but what is not linked (sources, other versions, "
    "builds) is shipped for nothing, and a copy to another stage stores it again.",
    fix="`RUN --mount=type=cache,target=/root/.cache/uv` with `UV_LINK_MODE=copy`, or "
    "`UV_NO_CACHE=1`.",
    ignore_when="The container itself installs with uv and should find its cache; it is for review "
    "when it starts with `uv` or `uvx`, whose tools live there.",
    check=mounted_cache(
        "uv-cache",
        "uv's cache (files that the environment shares by hard links not counted)",
        ".cache/uv",
        variable=("UV_CACHE_DIR", r"[a-z-]+-v\d+|CACHEDIR\.TAG|\.gitignore|\.lock|\.tmp.*"),
        before="ENV UV_LINK_MODE=copy",
        reviewed_with=("uv", "uvx"),
    ),
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
