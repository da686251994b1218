"""doc-man-locale: manuals, documentation and translations of system packages."""

import re
from collections.abc import Iterator
from functools import partial

from imgdiag.facts.facts import Facts
from imgdiag.filesystem import Directory, File, join, walk_directories
from imgdiag.finding import Finding, Fix, Safety
from imgdiag.rules._hidden import visible
from imgdiag.rules._programs import program
from imgdiag.rules._shell import command_fix
from imgdiag.rules._visible import visible_findings
from imgdiag.rules.rule import Example, ExampleLayer, Rule, Topic

_MANUALS = ("usr/share/man", "usr/share/info", "usr/share/lintian", "usr/share/gtk-doc")
_CLEAN_UP = (
    "rm -rf /usr/share/man /usr/share/info /usr/share/lintian /usr/share/gtk-doc && "
    "find /usr/share/doc -type f -not -name 'copyright*' -delete"
)


def _check(facts: Facts) -> Iterator[Finding]:
    reader = program(facts, "man")
    yield from visible_findings(
        facts,
        RULE.name,
        [*_MANUALS, *_documentation(facts)],
        message=lambda claim: (
            f"{visible(claim)} of manuals and documentation in /usr/share "
            f"({'which /' + reader + ' shows' if reader else 'and nothing to show them'}); "
            "copyright files not counted"
        ),
        fix=lambda layer, paths: command_fix(facts, layer, _CLEAN_UP, where="installs"),
        safety=Safety.REVIEW if reader else Safety.SAFE,
    )
    kept = _languages(facts)
    translations = _translations(facts, kept)
    names = "".join(f" -not -name '{each}' -not -name '{each}[_@.]*'" for each in kept)
    yield from visible_findings(
        facts,
        RULE.name,
        translations,
        message=lambda claim: (
            f"{visible(claim)} of the system's translations into {len(translations)} languages "
            f"and regions other than {' and '.join(kept)}"
        ),
        fix=partial(
            _translations_fix,
            facts,
            f"find /usr/share/locale -mindepth 1 -maxdepth 1 -type d{names} -exec rm -r {{}} +",
        ),
        safety=Safety.REVIEW,
    )


def _translations_fix(facts: Facts, command: str, layer: int, paths: list[str]) -> Fix:
    return command_fix(facts, layer, command, where="installs")


def _documentation(facts: Facts) -> Iterator[str]:
    """Yield what lies in the folder of packages' documentation, but for copyright files.

    Debian's policy, 12.3: no program may need what is there.
    """
    folder = facts.filesystem.find("usr/share/doc")
    if isinstance(folder, Directory):
        for path, directory in walk_directories("usr/share/doc", folder):
            for name, node in directory.children.items():
                if isinstance(node, File) and not name.startswith("copyright"):
                    yield join(path, name)


def _languages(facts: Facts) -> list[str]:
    """Return the languages that the image's settings name, English among them."""
    found = {"en": None}
    for variable in ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        for value in facts.config.environment.get(variable, "").split(":"):
            if match := re.match(r"[a-z]{2,3}(?=$|[_@.])", value):
                found[match[0]] = None
    return list(found)


def _translations(facts: Facts, kept: list[str]) -> list[str]:
    folder = facts.filesystem.find("usr/share/locale")
    children = folder.children if isinstance(folder, Directory) else {}
    return [
        f"usr/share/locale/{name}"
        for name, node in children.items()
        if isinstance(node, Directory) and re.split(r"[_@.]", name)[0] not in kept
    ]


RULE = Rule(
    name="doc-man-locale",
    topic=Topic.SYSTEM,
    title="Manuals, documentation and translations of system packages",
    why="Each Debian package brings manual pages, change logs and translations. The official slim "
    "images tell dpkg to leave them out; other bases do not. Copyright files stay: licences ask "
    "for them.",
    fix="Remove them in the `RUN` that installs, or tell dpkg before it (`path-exclude` in "
    "`/etc/dpkg/dpkg.cfg.d`).",
    ignore_when="People read manuals in the container, or a program of the system speaks to users "
    "in their language.",
    check=_check,
    examples=(
        Example(
            what="what a package brings beside its program and its copyright",
            layers=(
                ExampleLayer(
                    created_by="RUN /bin/sh -c apt-get install -y git",
                    files={
                        "usr/bin/git": 3_000_000,
                        "usr/share/doc/git/copyright": 20_000,
                        "usr/share/doc/git/RelNotes/2.39.txt.gz": 1_000_000,
                        "usr/share/man/man1/git.1.gz": 2_000_000,
                        "usr/share/locale/de/LC_MESSAGES/git.mo": 500_000,
                        "usr/share/locale/en_GB/LC_MESSAGES/git.mo": 100_000,
                    },
                ),
            ),
            finds=(3_000_000, 500_000),
        ),
        Example(
            what="a slim image",
            layers=(
                ExampleLayer(
                    created_by="RUN /bin/sh -c apt-get install -y git",
                    files={"usr/bin/git": 3_000_000, "usr/share/doc/git/copyright": 20_000},
                ),
            ),
            finds=(),
        ),
    ),
)
