"""dnf-cache: what dnf, yum and zypper downloaded."""

from imgdiag.rules._caches import cleaned_cache
from imgdiag.rules.rule import Example, ExampleLayer, Rule, Topic

RULE = Rule(
    name="dnf-cache",
    topic=Topic.CACHES,
    title="Downloads of dnf, yum and zypper",
    why="On Red Hat's and SUSE's systems an install leaves the repositories' metadata behind: a "
    "hundred megabytes and more, stale the next day.",
    fix="`dnf clean all` (`yum`, `microdnf`, `zypper clean --all`) at the end of the same `RUN`.",
    ignore_when="Never.",
    check=cleaned_cache(
        "dnf-cache",
        "the package manager's downloads",
        "/var/cache/dnf",
        "/var/cache/libdnf5",
        "/var/cache/yum",
        "/var/cache/zypp",
        command="rm -rf /var/cache/dnf /var/cache/libdnf5 /var/cache/yum /var/cache/zypp",
    ),
    examples=(
        Example(
            what="dnf install without clean-up",
            layers=(
                ExampleLayer(
                    created_by="RUN /bin/sh -c dnf install -y gcc",
                    files={"var/cache/dnf/appstream-0/repodata/primary.xml.gz": 9_000_000},
                ),
            ),
            finds=(9_000_000,),
        ),
        Example(
            what="dnf install and dnf clean all in one RUN",
            layers=(
                ExampleLayer(
                    created_by="RUN /bin/sh -c dnf install -y gcc && dnf clean all",
                    files={"usr/bin/gcc": 1_000_000},
                ),
            ),
            finds=(),
        ),
    ),
)
