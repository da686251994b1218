"""What a rule finds: complete when built, whatever is done with it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from imgdiag.units import format_bytes

if TYPE_CHECKING:
    from imgdiag.facts.claims import Claim
    from imgdiag.facts.steps import RunEdit


class Safety(StrEnum):
    """What the mend may change for the running container."""

    SAFE = "safe"  # nothing: the evidence is in the image
    REVIEW = "review"  # someone who knows the service should look
    RISKY = "risky"  # something is likely to need what goes


class Severity(StrEnum):
    """How much it matters: by bytes, but for hazards; information is never a fault."""

    ERROR = "error"  # 100 MB or more
    WARNING = "warning"  # 1 MB or more, or a hazard
    NOTE = "note"  # less, or information


ERROR_BYTES = 100_000_000
WARNING_BYTES = 1_000_000


@dataclass(frozen=True, slots=True)
class Fix:
    """What to do: a sentence, and lines to put into a file (`target`, such as Dockerfile).

    Where the mend rewrites RUNs, `edits` say how, one for each, so that several mends of one RUN
    can be put together; `before` and `after` are the lines around them.
    """

    summary: str
    target: str
    snippet: str
    edits: tuple[RunEdit, ...] = ()
    before: str = ""
    after: str = ""

    @classmethod
    def of_run(cls, summary: str, *edits: RunEdit, before: str = "", after: str = "") -> Fix:
        """Return a mend that rewrites RUNs; several edits of one are put together."""
        by_layer: dict[int, list[RunEdit]] = defaultdict(list)
        for edit in edits:
            by_layer[edit.layer].append(edit)
        several = (by_layer[layer] for layer in sorted(by_layer))
        whole = tuple(first.merged(*others) for first, *others in several)
        fix = cls(summary, "Dockerfile", "", whole, before, after)
        return replace(fix, snippet=fix.with_edits(whole))

    def with_edits(self, edits: Iterable[RunEdit]) -> str:
        """Return the lines with `edits` in place of this mend's own."""
        snippets = (edit.snippet() for edit in edits)
        return "\n\n".join(filter(None, (self.before, *snippets, self.after)))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Finding:
    """One thing to know or to mend.

    `estimate` says why what will be saved may differ from the bytes claimed, "" when it is exact.
    `replacement_bytes` is what the mend installs in place of what goes, an estimate.
    An informational finding is told and never counted among the savings. One that is `in_base` is
    informational as well: it comes with the base image, which no Dockerfile makes smaller. A
    hazard warns: what the image's own history did breaks something, whatever its bytes.
    """

    rule: str
    safety: Safety
    message: str
    fix: Fix
    claim: Claim
    informational: bool = False
    estimate: str = ""
    replacement_bytes: int = 0
    in_base: bool = False
    hazard: bool = False

    @property
    def bytes(self) -> int:
        """Return what the layers would lose, in bytes."""
        return max(self.claim.layer_bytes - self.replacement_bytes, 0)

    @property
    def label(self) -> str:
        """Return what it is in a few words."""
        return f"{self.rule} of {format_bytes(self.bytes)}"

    @property
    def visible_bytes(self) -> int:
        """Return the part of it that the container sees."""
        return max(self.claim.visible_bytes - self.replacement_bytes, 0)

    @property
    def severity(self) -> Severity:
        """Return how much it matters."""
        if self.hazard:
            return Severity.WARNING
        if self.informational or self.bytes < WARNING_BYTES:
            return Severity.NOTE
        return Severity.ERROR if self.bytes >= ERROR_BYTES else Severity.WARNING
