"""recommends: system packages that are there because others recommend them."""

from collections.abc import Iterator

from imgdiag.facts.facts import Facts
from imgdiag.finding import Finding, Fix, Safety
from imgdiag.rules._debian import debian, packages
from imgdiag.rules._hidden import largest, visible
from imgdiag.rules._visible import visible_findings
from imgdiag.rules.rule import Example, ExampleLayer, Rule, Topic


def _check(facts: Facts) -> Iterator[Finding]:
    system = facts.debian
    if not system.automatic:
        return
    asked_for = system.requires.keys() - system.automatic | system.essential
    needed = system.reach(asked_for)
    recommended = system.reach(asked_for, recommended=True) - needed
    found = packages(facts, recommended.__contains__)
    yield from visible_findings(
        facts,
        RULE.name,
        [path for each in found for path in each.files],
        message=lambda claim: (
            f"{visible(claim)} of {len(found)} packages that apt installed because others "
            f"recommend them, and none requires: {largest(found, 4)}"
        ),
        fix=lambda layer, paths: _FIX,
        safety=Safety.REVIEW,
        also_base=False,
    )


_FIX = Fix(
    "Tell apt to install what is required, and no more",
    "Dockerfile",
    "# above the first RUN that calls apt; or --no-install-recommends in each\n"
    "RUN echo 'APT::Install-Recommends \"false\";' > /etc/apt/apt.conf.d/no-recommends",
)

RULE = Rule(
    name="recommends",
    title="Packages that others only recommend",
    why="apt installs what a package recommends along with what it requires: a mail server with a "
    "scheduler, a desktop's libraries with a tool. Its own records tell which packages it brought "
    "in by itself, and dpkg's which of them nothing requires.",
    fix="`apt-get install --no-install-recommends …`; name what you do need of the recommended.",
    ignore_when="The service uses one of them: then name it in the install.",
    topic=Topic.SYSTEM,
    check=_check,
    examples=(
        Example(
            what="a package with one that it requires and one that it recommends",
            layers=(
                ExampleLayer(
                    created_by="RUN /bin/sh -c apt-get install -y cron",
                    files=debian(
                        {
                            "cron": {"usr/sbin/cron": 100_000},
                            "libpam0g": {"usr/lib/libpam.so.0": 70_000},
                            "exim4": {"usr/sbin/exim4": 3_000_000},
                        },
                        {"cron": "Depends: libpam0g (>= 0.99)\nRecommends: exim4 | mail-agent"},
                        automatic=("libpam0g", "exim4"),
                    ),
                ),
            ),
            finds=(3_000_000,),
        ),
        Example(
            what="the same packages, asked for by name",
            layers=(
                ExampleLayer(
                    created_by="RUN /bin/sh -c apt-get install -y cron exim4",
                    files=debian(
                        {
                            "cron": {"usr/sbin/cron": 100_000},
                            "libpam0g": {"usr/lib/libpam.so.0": 70_000},
                            "exim4": {"usr/sbin/exim4": 3_000_000},
                        },
                        {"cron": "Depends: libpam0g (>= 0.99)\nRecommends: exim4 | mail-agent"},
                        automatic=("libpam0g",),
                    ),
                ),
            ),
            finds=(),
        ),
    ),
)
