"""Layers, claims and packages in a finding's words; and what is hidden, by its layers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from imgdiag.facts.claims import Claim
from imgdiag.facts.facts import Facts
from imgdiag.filesystem import Cause, Hidden
from imgdiag.python.distributions import Distribution
from imgdiag.system.package import SystemPackage
from imgdiag.units import counted, format_bytes


def hidden_claims(facts: Facts, *causes: Cause) -> Iterator[tuple[int, int, Claim]]:
    """Yield, for each pair of layers, the one that made files, the one that hid them, and what.

    What a layer moved elsewhere is left to the rule for that.
    """
    pairs: dict[tuple[int, int], list[Hidden]] = defaultdict(list)
    for (cause, created_in, hidden_in), group in facts.hidden_groups.items():
        if cause in causes:
            pairs[created_in, hidden_in] += (
                [each for each in group if each not in facts.moves] if facts.moves else group
            )
    for (created_in, hidden_in), hidden in sorted(pairs.items()):
        yield created_in, hidden_in, facts.claims.hidden(hidden)


def layer_name(facts: Facts, layer: int) -> str:
    """Return a layer's number, where it comes from and how that begins, for a sentence."""
    step = facts.step(layer)
    if step.from_base and facts.dockerfile:
        return f"layer {layer} (base image {facts.dockerfile.base_image})"
    text = " ".join(facts.instruction(layer).split())
    if not text or text.startswith("Imported from"):
        return f"layer {layer} (the base)" if layer == 0 else f"layer {layer}"
    place = f"{step.place}: " if step.place else ""
    return f"layer {layer} ({place}{text if len(text) <= 60 else text[:59] + '…'})"


def visible(claim: Claim) -> str:
    """Return a claim's visible bytes in words, and what it comes to with older copies of them."""
    text = format_bytes(claim.visible_bytes)
    if claim.layer_bytes > claim.visible_bytes:
        text += f" ({format_bytes(claim.layer_bytes)} with the copies in other layers)"
    return text


def amount(claim: Claim) -> str:
    """Return a claim's bytes and files in words."""
    return f"{format_bytes(claim.layer_bytes)} in {files(claim)}"


def files(claim: Claim) -> str:
    """Return how many paths a claim is about, in words."""
    count = len(claim.sizes)
    return counted(count, "file")


def largest(packages: Sequence[Distribution | SystemPackage], count: int = 3) -> str:
    """Return the first packages with their sizes, for a sentence; they are the largest."""
    some = ", ".join(f"{each.name} {format_bytes(each.bytes)}" for each in packages[:count])
    rest = len(packages) - count
    return f"{some} and {rest} more" if rest > 0 else some
