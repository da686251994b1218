"""apk-cache: the package indexes and downloads that apk keeps."""

from imgdiag.rules._caches import cleaned_cache
from imgdiag.rules.rule import Example, ExampleLayer, Rule, Topic

RULE = Rule(
    name="apk-cache",
    topic=Topic.CACHES,
    title="apk's indexes and downloads",
    why="`apk update` keeps an index for each repository in `/var/cache/apk`, and `apk add` "
    "downloads them anew when they are a day old. `--no-cache` does without both.",
    fix="`apk add --no-cache …` and no `apk update`, or `rm -rf /var/cache/apk/*` at the end of "
    "the same `RUN`.",
    ignore_when="Never.",
    check=cleaned_cache(
        "apk-cache", "apk's cache", "/var/cache/apk", command="rm -rf /var/cache/apk/*"
    ),
    examples=(
        Example(
            what="apk update, then apk add",
            layers=(
                ExampleLayer(
                    created_by="RUN /bin/sh -c apk update && apk add curl",
                    files={"var/cache/apk/APKINDEX.08ac4c63.tar.gz": 2_100_000},
                ),
            ),
            finds=(2_100_000,),
        ),
        Example(
            what="apk add --no-cache",
            layers=(
                ExampleLayer(
                    created_by="RUN /bin/sh -c apk add --no-cache curl",
                    files={"usr/bin/curl": 300_000},
                ),
            ),
            finds=(),
        ),
    ),
)
