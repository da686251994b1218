"""apt-archives: downloaded .deb files and apt's binary caches."""

from imgdiag.rules._caches import cleaned_cache
from imgdiag.rules.rule import Example, ExampleLayer, Rule, Topic

RULE = Rule(
    name="apt-archives",
    topic=Topic.CACHES,
    title="apt's downloaded packages",
    why="Official Debian and Ubuntu images delete each .deb after its install; a base made by "
    "other means keeps them all, beside what they installed.",
    fix="`apt-get clean` at the end of the same `RUN`.",
    ignore_when="Never.",
    check=cleaned_cache(
        "apt-archives", "apt's downloads", "/var/cache/apt", command="apt-get clean"
    ),
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
