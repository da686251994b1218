"""What the rules for shipped but hidden files share: groups by the layers involved."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from imgdiag.facts import Claim, Facts
from imgdiag.filesystem import Cause, File
from imgdiag.units import format_bytes


def hidden_groups(facts: Facts, *causes: Cause) -> Iterator[tuple[int, int, Claim]]:
    """Yield, for each pair of layers, the one that made files, the one that hid them, and what."""
    groups: dict[tuple[int, int], list[tuple[str, File]]] = defaultdict(list)
    for hidden in facts.filesystem.hidden:
        if hidden.cause in causes:
            groups[hidden.file.layer, hidden.hidden_in].append((hidden.path, hidden.file))
    for (created_in, hidden_in), pairs in sorted(groups.items()):
        yield created_in, hidden_in, facts.claim_hidden(pairs)


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
    count = len(claim.files)
    return f"{format_bytes(claim.layer_bytes)} in {count:,} file{'s' * (count != 1)}"
