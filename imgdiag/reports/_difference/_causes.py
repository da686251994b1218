"""The causes of a growth, in words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from imgdiag.comparison import Comparison
from imgdiag.comparison.causes import Cause, CauseKind
from imgdiag.comparison.packages import Change
from imgdiag.filesystem import Cause as Hiding
from imgdiag.reports._difference._words import layer_name, place, signed
from imgdiag.units import counted

_PARTS = 4  # packages of a cause that are named


def heading(comparison: Comparison) -> str:
    """Return what the causes tell."""
    if not comparison.growth:
        return "What makes the difference"
    return "Why it grew" if comparison.growth > 0 else "Why it shrank"


_HIDDEN = {
    Hiding.DELETED: "deleted by a later layer, and still shipped",
    Hiding.OVERWRITTEN: "overwritten by a later layer, and still shipped",
    Hiding.METADATA_ONLY: "stored again by a later layer that changes only owner, mode or time",
    Hiding.REPLACED: "replaced by something else in a later layer, and still shipped",
}


def title(cause: Cause, comparison: Comparison) -> str:
    """Return what grew or shrank, in a few words."""
    if cause.kind is CauseKind.PACKAGE:
        return _package_title(cause, comparison)
    what = {Change.ADDED: "new", Change.REMOVED: "gone"}.get(cause.change, "changed")
    count = len(cause.parts)
    packages = counted(count, "package")
    if cause.kind is CauseKind.SAME_VERSIONS:
        return f"{packages}{_where(cause.name, comparison)}: other files of the same version"
    if cause.kind is CauseKind.ENVIRONMENT:
        return f"Python environment /{cause.name}, {what}: {packages}"
    if cause.kind is CauseKind.SYSTEM:
        return f"{packages} of {cause.name}, {what}"
    if cause.kind is CauseKind.FILES:
        return f"{place(cause.name)}: files of no package"
    if cause.kind is CauseKind.WASTE:
        return f"waste: {_HIDDEN[Hiding(cause.name)]}"
    return "not explained: the layers of one image were not read"


def _package_title(cause: Cause, comparison: Comparison) -> str:
    first, *others = cause.parts
    where = _where(cause.environment, comparison)
    if first.name != cause.name:  # an extra's
        count = len(cause.parts)
        what = "new" if cause.change is Change.ADDED else "gone"
        return f"{cause.name}{where}: {counted(count, 'package')}, {what}"
    if cause.change is Change.ADDED:
        text = f"{first.name} {first.head_version}, new{where}"
    elif cause.change is Change.REMOVED:
        text = f"{first.name} {first.base_version}, gone{where}"
    else:
        text = f"{first.name} {first.base_version} → {first.head_version}{where}"
    if not others:
        return text
    came = any(each.head_version for each in others)
    went = any(each.base_version for each in others)
    how = "that came or went with it" if came and went else "that went with it"
    how = "that it brings" if not went else how
    return f"{text}, with {counted(len(others), 'package')} {how}"


def _where(environment: str, comparison: Comparison) -> str:
    """Return in which environment something is, "" where there is only one."""
    several = len(comparison.base.environments) > 1 or len(comparison.head.environments) > 1
    return f" in /{environment}" * several


def notes(cause: Cause) -> Iterator[str]:
    """Yield what else there is to say of a cause, a sentence each."""
    if len(cause.parts) > 1 or (cause.parts and cause.name != cause.parts[0].name):
        largest = sorted(cause.parts, key=lambda each: -abs(each.bytes))
        names = [f"{each.name} {signed(each.bytes)}" for each in largest[:_PARTS]]
        more = len(largest) - len(names)
        yield ", ".join(names) + f" and {more:,} more" * (more > 0)
    if len(cause.chain) > 1:
        yield f"brought in by {' → '.join(cause.chain[:-1])}"
    if cause.layer is not None:
        made = f"made by {layer_name(cause.layer, of_base=cause.head_layer is None)}"
        if cause.hidden_by is not None:
            of_base = cause.hidden_by_head is None
            made += f", hidden by {layer_name(cause.hidden_by, of_base=of_base)}"
        yield made


def that_matter(comparison: Comparison, top: int) -> tuple[Sequence[Cause], tuple[str, str]]:
    """Return the causes to show, and the growth and a line for the rest; ("", "") without any.

    What is under a thousandth of the largest is not shown.
    """
    causes = comparison.causes
    least = abs(causes[0].bytes) / 1000 if causes else 0
    shown = [each for each in causes if abs(each.bytes) >= least][:top]
    kept = {id(each) for each in shown}
    rest = [each for each in causes if id(each) not in kept]
    if not rest:
        return shown, ("", "")
    line = counted(len(rest), "more cause")
    return shown, (signed(sum(each.bytes for each in rest)), line)
