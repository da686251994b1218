"""go-cache: what Go downloaded and compiled."""

from imgdiag.rules._caches import mounted_cache
from imgdiag.rules.rule import Example, ExampleLayer, Rule, Topic

RULE = Rule(
    name="go-cache",
    topic=Topic.CACHES,
    title="Go's module and build caches",
    why="`go build` keeps every module's source in `~/go/pkg/mod` and every compiled package in "
    "`~/.cache/go-build`. The program that it makes needs neither.",
    fix="`RUN --mount=type=cache,target=/root/.cache/go-build`, the same for `/go/pkg/mod`; or a "
    "build stage, of which only the program is copied.",
    ignore_when="The container itself builds with Go. It is for review when it starts with `go`.",
    check=mounted_cache(
        "go-cache",
        "Go's caches",
        ".cache/go-build",
        "go/pkg/mod",
        reviewed_with=("go",),
    ),
    examples=(
        Example(
            what="a module and its compiled packages beside the program",
            layers=(
                ExampleLayer(
                    created_by="RUN /bin/sh -c go build -o /bin/app .",
                    files={
                        "bin/app": 9_000_000,
                        "go/pkg/mod/cache/download/x.zip": 3_000_000,
                        "root/.cache/go-build/aa/b-d": 4_000_000,
                    },
                ),
            ),
            finds=(7_000_000,),
        ),
        Example(
            what="the program alone",
            layers=(
                ExampleLayer(created_by="COPY /bin/app /bin/app", files={"bin/app": 9_000_000}),
            ),
            finds=(),
        ),
    ),
)
