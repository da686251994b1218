"""How big the image will be after the mends, each byte counted once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from imgdiag.facts.facts import Facts
from imgdiag.filesystem import File
from imgdiag.finding import Finding, Safety


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The image after some mends: what goes, and what is left, in bytes of file content."""

    bytes: int
    layer_bytes: int
    visible_bytes: int
    estimate: bool


@dataclass(frozen=True, slots=True)
class FixBytes:
    """What one mend adds to those before it."""

    finding: Finding
    bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Prediction:
    """The image after the safe mends, and after those for review too.

    `fixes` are in the order in which they are counted: safe ones first, then by bytes. Where
    two findings claim the same file, the first has it.
    """

    safe: Outcome
    review: Outcome
    fixes: tuple[FixBytes, ...]


def predict(facts: Facts, findings: Iterable[Finding]) -> Prediction:
    """Return what is left after the findings' mends. Informational and risky ones do not count."""
    hidden = {each.file for each in facts.filesystem.hidden}
    taken: set[File] = set()
    replaced = 0
    fixes: list[FixBytes] = []
    outcomes: dict[Safety, Outcome] = {}
    estimate = False
    counted = [each for each in findings if not each.informational]
    for safety in (Safety.SAFE, Safety.REVIEW):
        for finding in counted:
            if finding.safety is safety:
                new = finding.claim.files - taken
                taken |= new
                estimate = estimate or bool(finding.estimate)
                # One copy comes in place of the one that is seen, and never makes it more.
                seen = sum(file.size for file in new if file not in hidden)
                brought = min(finding.replacement_bytes, seen)
                replaced += brought
                fixes.append(FixBytes(finding, sum(file.size for file in new) - brought))
        gone = sum(file.size for file in taken) - replaced
        seen = sum(file.size for file in taken if file not in hidden) - replaced
        outcomes[safety] = Outcome(
            bytes=gone,
            layer_bytes=facts.filesystem.layer_bytes - gone,
            visible_bytes=facts.filesystem.visible_bytes - seen,
            estimate=estimate,
        )
    return Prediction(
        safe=outcomes[Safety.SAFE], review=outcomes[Safety.REVIEW], fixes=tuple(fixes)
    )
