"""The shape that the package managers' caches share: folders that nothing reads at run time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from imgdiag.facts import Facts
from imgdiag.finding import Finding, Fix, Safety
from imgdiag.rules._hidden import visible
from imgdiag.rules._shell import removal_fix


def folders_ending_in(facts: Facts, *ends: str) -> tuple[str, ...]:
    """Return the visible folders whose path ends in one of `ends`, such as ".cache/pip"."""
    return tuple(
        path
        for end in ends
        for path, _ in facts.usage.named.get(end.rpartition("/")[2], ())
        if path == end or path.endswith(f"/{end}")
    )


def cache_finding(
    facts: Facts,
    *,
    rule: str,
    what: str,
    paths: Iterable[str],
    fix: Callable[[Facts, int, str], Fix],
) -> Iterator[Finding]:
    """Yield one finding for all of a cache's folders.

    `fix` is given a layer that fills one of them, made by a RUN, and that one's path with a leading
    slash; the mends for all of them are put together. What comes with the base image is told and
    not counted: a Dockerfile cannot take it out.
    """
    found = tuple(paths)
    claim = facts.claim_paths(found)
    if not claim.layer_bytes:
        return
    where = ", ".join(f"/{path}" for path in found[:3]) + (" …" if len(found) > 3 else "")
    step = facts.step(claim.layers[0])
    in_base = step.is_base
    yield Finding(
        rule=rule,
        safety=Safety.SAFE,
        message=f"{visible(claim)} of {what} in {where}: nothing reads it at run time"
        + ". It comes with the base image, where an rm in a later layer frees nothing" * in_base,
        fix=_BASE if in_base else _mend(facts, found, fix),
        claim=claim,
        informational=in_base,
    )


def _mend(facts: Facts, paths: tuple[str, ...], fix: Callable[[Facts, int, str], Fix]) -> Fix:
    """Return one mend for all layers that fill `paths`."""
    makers = facts.makers(paths)
    if not all(facts.step(layer).command for layer in makers):
        return removal_fix(facts, paths, where="fills it")
    fixes = [fix(facts, layer, f"/{path}") for layer in makers for path in makers[layer]]
    return Fix.of_run(
        fixes[0].summary,
        *(edit for each in fixes for edit in each.edits),
        before="\n".join(dict.fromkeys(each.before for each in fixes if each.before)),
    )


_BASE = Fix(
    "It comes with the base image: only a base without it helps",
    "Dockerfile",
    "FROM <a base without it>",
)
