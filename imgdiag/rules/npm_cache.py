"""npm-cache: what npm, yarn and pnpm downloaded."""

from imgdiag.rules._caches import mounted_cache
from imgdiag.rules.rule import Example, ExampleLayer, Rule, Topic

RULE = Rule(
    name="npm-cache",
    topic=Topic.CACHES,
    title="npm's cache",
    why="npm keeps each tarball it downloads in `~/.npm/_cacache`, yarn in `~/.cache/yarn`, "
    "pnpm in `~/.local/share/pnpm/store`, whose hard links into node_modules are not counted; "
    "nothing reads the rest at run time.",
    fix="`RUN --mount=type=cache,target=/root/.npm npm ci`, or `npm cache clean --force` in the "
    "same `RUN`.",
    ignore_when="Never.",
    check=mounted_cache(
        "npm-cache",
        "npm's, yarn's or pnpm's cache",
        ".npm/_cacache",
        ".cache/yarn",
        "/usr/local/share/.cache/yarn",
        ".yarn/berry/cache",
        ".cache/pnpm",
        ".local/share/pnpm/store",
        ".bun/install/cache",
        ".cache/node-gyp",
        reviewed_with=("bunx", "npx", "pnpm", "pnpx"),
    ),
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
