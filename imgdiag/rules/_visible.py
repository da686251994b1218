"""The shape of most findings: visible files that the container does not need."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace

from imgdiag.facts.claims import Claim
from imgdiag.facts.facts import Facts
from imgdiag.finding import Finding, Fix, Safety
from imgdiag.rules._shell import BASE_FIX

_IN_BASE = ". It comes with the base image, where an rm in a later layer frees nothing"
_ALSO_IN_STAGE = ("# in that stage\n", "# and in the stage that they are copied from\n", 1)

LayerFix = Callable[[int, list[str]], Fix]


def visible_findings(
    facts: Facts,
    rule: str,
    paths: Iterable[str],
    *,
    message: Callable[[Claim], str],
    fix: LayerFix,
    safety: Safety,
    estimate: str = "",
    also_base: bool = True,
) -> Iterator[Finding]:
    """Yield a finding for what the Dockerfile's own layers hold at `paths`, one for the base's.

    The base's is told and not counted: a Dockerfile cannot take it out; without `also_base` it is
    left to another rule. `fix` is asked for the mend of each layer that brings some of the paths,
    with those paths; `message` returns a sentence without its full stop.
    """
    found = list(dict.fromkeys(paths))
    own, base = facts.claims.parts(found)
    if own.layer_bytes:
        fixes = [fix(layer, some) for layer, some in _by_maker(facts, own, found)]
        yield Finding(
            rule=rule,
            safety=safety,
            message=message(own),
            fix=together(fixes),
            claim=own,
            estimate=estimate,
        )
    if base.layer_bytes and also_base:
        yield Finding(
            rule=rule,
            safety=safety,
            message=message(base) + _IN_BASE,
            fix=BASE_FIX,
            claim=base,
            informational=True,
            in_base=True,
        )


def _by_maker(facts: Facts, claim: Claim, paths: list[str]) -> Iterator[tuple[int, list[str]]]:
    """Yield the layers of the Dockerfile's own that make what is claimed, with their paths."""
    makers = {
        layer: list(some)
        for layer, some in facts.makers(paths).items()
        if layer not in facts.base_layers
    }
    # What is there only because a layer stored the base's files again is made by that layer.
    yield from makers.items() if makers else [(claim.layers[0], paths)]


def together(fixes: Sequence[Fix]) -> Fix:
    """Return one mend for all: RUNs written anew once, other lines after them."""
    first, *others = fixes
    seen = {first.snippet}
    lines: list[str] = []
    for other in others:
        if other.snippet not in seen and not (first.edits and other.edits):
            where = f"# {other.target}\n" if other.target != first.target else ""
            lines.append(where + other.snippet.replace(*_ALSO_IN_STAGE))
        seen.add(other.snippet)
    if first.edits:
        return Fix.of_run(
            first.summary,
            *(edit for each in fixes for edit in each.edits),
            before="\n".join(dict.fromkeys(each.before for each in fixes if each.before)),
            after="\n\n".join(
                dict.fromkeys(filter(None, (*(each.after for each in fixes), *lines)))
            ),
        )
    return replace(first, snippet="\n\n".join((first.snippet, *lines))) if lines else first
