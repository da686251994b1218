"""pip-cache: what pip downloaded and built."""

from imgdiag.rules._caches import mounted_cache
from imgdiag.rules.rule import Example, ExampleLayer, Rule, Topic

RULE = Rule(
    name="pip-cache",
    topic=Topic.CACHES,
    title="pip's cache",
    why="pip keeps each wheel it downloads in `~/.cache/pip`, so the image ships every package "
    "twice: compressed in the cache and installed.",
    fix="`pip install --no-cache-dir`, `ENV PIP_NO_CACHE_DIR=1`, or "
    "`RUN --mount=type=cache,target=/root/.cache/pip`, which also makes the next build faster.",
    ignore_when="Never.",
    check=mounted_cache(
        "pip-cache",
        "pip's cache",
        ".cache/pip",
        variable=("PIP_CACHE_DIR", "http|http-v2|wheels|selfcheck"),
    ),
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
