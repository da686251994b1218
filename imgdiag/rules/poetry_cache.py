"""poetry-cache: what Poetry downloaded."""

from imgdiag.rules._caches import mounted_cache
from imgdiag.rules.rule import Example, ExampleLayer, Rule, Topic

RULE = Rule(
    name="poetry-cache",
    topic=Topic.CACHES,
    title="Poetry's cache",
    why="Poetry keeps each package it downloads in `~/.cache/pypoetry`, beside the virtual "
    "environments that it makes there (those are in use, and not counted).",
    fix="`RUN --mount=type=cache,target=/root/.cache/pypoetry/cache`, or "
    "`poetry install --no-cache`.",
    ignore_when="Never.",
    check=mounted_cache(
        "poetry-cache",
        "Poetry's cache",
        # Beside them lie Poetry's virtual environments, in use.
        ".cache/pypoetry/cache",
        ".cache/pypoetry/artifacts",
        variable=("POETRY_CACHE_DIR", "cache|artifacts"),
    ),
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
