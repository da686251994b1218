"""The shape that the package managers' caches share: folders that nothing reads at run time."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from imgdiag.facts.facts import Facts
from imgdiag.filesystem import Directory
from imgdiag.finding import Finding, Fix, Safety
from imgdiag.layers.walk import split
from imgdiag.rules._hidden import visible
from imgdiag.rules._programs import command_words
from imgdiag.rules._shell import appended, cache_mount, removal_in
from imgdiag.rules._visible import together, visible_findings

_UNREAD = "nothing reads it at run time"

Check = Callable[[Facts], Iterator[Finding]]


def mounted_cache(
    rule: str,
    what: str,
    *ends: str,
    variable: tuple[str, str] | None = None,
    before: str = "",
    reviewed_with: tuple[str, ...] = (),
) -> Check:
    """Return the check of a cache that a cache mount keeps out of the layers.

    `ends` are as for `folders`. `variable` names the one that moves the cache elsewhere, with a
    pattern that everything in such a folder matches. `before` is a line that the mend needs. It is
    for review when the container starts with one of the programs `reviewed_with`, which may read
    the cache.
    """

    def check(facts: Facts) -> Iterator[Finding]:
        reader = next((each for each in command_words(facts) if each in reviewed_with), "")
        paths = (*folders(facts, *ends), *_moved_by(facts, variable))
        yield from cache_finding(
            facts,
            rule=rule,
            what=what,
            paths=dict.fromkeys(paths),
            fix=lambda facts, layer, path: Fix.of_run(
                "Mount the cache while building", cache_mount(facts, layer, path), before=before
            ),
            reader=reader,
        )

    return check


def cleaned_cache(rule: str, what: str, *ends: str, command: str) -> Check:
    """Return the check of a cache that `command` removes at the end of the RUN that fills it."""

    def check(facts: Facts) -> Iterator[Finding]:
        return cache_finding(
            facts,
            rule=rule,
            what=what,
            paths=folders(facts, *ends),
            fix=lambda facts, layer, path: Fix.of_run(
                "Clean up in the RUN that installs", appended(facts, layer, command)
            ),
        )

    return check


def folders(facts: Facts, *ends: str) -> tuple[str, ...]:
    """Return the visible folders whose path ends in one of `ends`, such as ".cache/pip".

    One with a leading slash is the whole path.
    """
    return tuple(
        path
        for end in ends
        for path, _ in facts.usage.named.get(end.rpartition("/")[2], ())
        if f"/{path}" == end or (not end.startswith("/") and f"/{path}".endswith(f"/{end}"))
    )


def _moved_by(facts: Facts, variable: tuple[str, str] | None) -> Iterator[str]:
    """Yield the folder that an environment variable makes the cache, if it holds nothing else."""
    name, pattern = variable or ("", "")
    value = facts.config.environment.get(name, "")
    if not value.startswith("/") or len(value) > 4_096:
        return
    path = "/".join(filter(None, split(value)))
    directory = facts.filesystem.find(path)
    if isinstance(directory, Directory) and all(
        re.fullmatch(pattern, child) for child in directory.children
    ):
        yield path


def cache_finding(
    facts: Facts,
    *,
    rule: str,
    what: str,
    paths: Iterable[str],
    fix: Callable[[Facts, int, str], Fix],
    reader: str = "",
) -> Iterator[Finding]:
    """Yield what is found of a cache's folders: one finding, and one for the base image's part.

    `fix` is given each layer that fills it, made by a RUN, and the path of each of its folders
    there with a leading slash. `reader` is a program that the container starts with and that may
    read it.
    """
    found = tuple(paths)
    where = ", ".join(f"/{path}" for path in found[:3]) + (" …" if len(found) > 3 else "")

    def mend(layer: int, paths: list[str]) -> Fix:
        if not facts.step(layer).command:
            return removal_in(facts, layer, paths, where="fills it")
        return together([fix(facts, layer, f"/{path}") for path in paths])

    return visible_findings(
        facts,
        rule,
        found,
        message=lambda claim: (
            f"{visible(claim)} of {what} in {where}: "
            + (f"{reader}, which the container starts, may read it" if reader else _UNREAD)
        ),
        fix=mend,
        safety=Safety.REVIEW if reader else Safety.SAFE,
    )
