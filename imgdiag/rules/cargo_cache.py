"""cargo-cache: what Rust's cargo downloaded."""

from imgdiag.rules._caches import mounted_cache
from imgdiag.rules.rule import Example, ExampleLayer, Rule, Topic

RULE = Rule(
    name="cargo-cache",
    topic=Topic.CACHES,
    title="Cargo's downloads",
    why="A Python package that is built from source with Rust leaves cargo's registry behind, "
    "often larger than the package itself. What was built needs none of it.",
    fix="`RUN --mount=type=cache,target=/root/.cargo/registry`, or a build stage, of which only "
    "the result is copied.",
    ignore_when="The container itself builds with cargo. It is for review when it starts with it.",
    check=mounted_cache(
        "cargo-cache",
        "cargo's registry",
        ".cargo/registry",
        ".cargo/git",
        "/usr/local/cargo/registry",
        "/usr/local/cargo/git",
        reviewed_with=("cargo",),
    ),
    examples=(
        Example(
            what="a package built with Rust",
            layers=(
                ExampleLayer(
                    created_by="RUN /bin/sh -c pip install --no-binary :all: tokenizers",
                    files={"root/.cargo/registry/src/index/serde/lib.rs": 5_000_000},
                ),
            ),
            finds=(5_000_000,),
        ),
        Example(
            what="a project's folder named registry",
            layers=(
                ExampleLayer(created_by="COPY . .", files={"app/registry/data.json": 5_000_000}),
            ),
            finds=(),
        ),
    ),
)
