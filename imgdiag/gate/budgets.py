"""Budgets: a limit on an image or on a part of it, and what it is measured by."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase

from packaging.utils import canonicalize_name

from imgdiag.analysis import Analysis, LayerSummary, Package, SystemPackageSummary
from imgdiag.text import shortened
from imgdiag.units import format_bytes, parse_size

_PARTS = 3


class Measure(StrEnum):
    """What of an image a budget limits."""

    LAYERS = "layers"  # the sum of the layers
    VISIBLE = "visible"  # what the container sees
    WASTE = "waste"  # shipped and never seen
    DOWNLOAD = "download"  # compressed, as a registry sends it
    GROWTH = "growth"  # the sum of the layers against that of a baseline
    LAYER = "layer"  # each layer whose instruction matches
    PACKAGE = "package"  # the packages whose name matches, together
    PATH = "path"  # files and folders with all below them, together


RELATIVE = frozenset((Measure.WASTE, Measure.GROWTH))  # these can be limited in per cent


@dataclass(frozen=True, slots=True)
class Limit:
    """A limit in bytes, or in per cent of something: one of the two."""

    bytes: int | None = None
    percent: float | None = None

    @classmethod
    def parse(cls, text: str) -> Limit:
        """Return the limit that `text` means, such as 3GB or 5%. Raises ValueError."""
        if not text.strip().endswith("%"):
            return cls(bytes=parse_size(text))
        try:
            percent = float(text.strip()[:-1])
        except ValueError:
            percent = math.nan
        if not 0 <= percent < math.inf:
            raise ValueError(f"{text!r} is no percentage; write it as 5%")
        return cls(percent=percent)

    def of(self, whole: int) -> int:
        """Return the most bytes that are within it, where it is of `whole` bytes."""
        if self.bytes is not None:
            return self.bytes
        return int((self.percent or 0) * whole / 100)


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """A limit with a name. `of` is a pattern for layers, packages and paths, "" for the others.

    `message` is what to say when it breaks, "" for nothing more.
    """

    name: str
    measure: Measure
    limit: Limit
    of: str = ""
    message: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """Something that has a share in what a budget limits, in bytes."""

    what: str
    bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What a budget limits, as it is: `bytes` is None when that is not known.

    `whole` is what a percentage is of. `parts` have the most of it, the largest first. When it
    cannot be checked here at all, `unchecked` says why.
    """

    what: str
    bytes: int | None
    whole: int = 0
    parts: tuple[Part, ...] = ()
    unchecked: str = ""

    @property
    def percent(self) -> float | None:
        """Return the bytes in per cent of the whole, None when there is no such number.

        One division of integers: 30 of 100 bytes are 30 % and no more.
        """
        if self.bytes is None:
            return None
        if not self.whole:
            return None if self.bytes > 0 else 0.0
        return 100 * self.bytes / self.whole

    def is_within(self, limit: Limit) -> bool:
        """Tell whether it is within `limit`; what is not known is not."""
        if limit.percent is not None:
            return self.percent is not None and self.percent <= limit.percent
        return self.bytes is not None and limit.bytes is not None and self.bytes <= limit.bytes


def measure(budget: Budget, analysis: Analysis, baseline_bytes: int | None = None) -> Measured:
    """Measure what `budget` limits. What it names and the image does not have takes 0 bytes.

    `baseline_bytes` is the sum of the layers of the image that this one is compared with.
    """
    sizes = analysis.sizes
    match budget.measure:
        case Measure.LAYERS:
            parts = _parts((_layer_name(each), each.layer_bytes) for each in analysis.layers)
            return Measured(what="the sum of the layers", bytes=sizes.layer_bytes, parts=parts)
        case Measure.VISIBLE:
            return _visible(analysis)
        case Measure.WASTE:
            return _waste(analysis)
        case Measure.DOWNLOAD:
            parts = _parts((_layer_name(each), each.transfer_bytes) for each in analysis.layers)
            return Measured(what="the compressed layers", bytes=sizes.transfer_bytes, parts=parts)
        case Measure.GROWTH:
            return growth(sizes.layer_bytes, baseline_bytes)
        case Measure.LAYER:
            return _layer(analysis, budget.of)
        case Measure.PACKAGE:
            return _packages(analysis, budget.of)
        case Measure.PATH:  # pragma: no branch - mypy holds the cases to be all there are
            return _path(analysis, budget.of)


def growth(layer_bytes: int, baseline_bytes: int | None) -> Measured:
    """Measure how much larger the layers are than those of a baseline, None when there is none."""
    if baseline_bytes is None:
        return Measured(what="growth", bytes=None, unchecked="no baseline to compare with")
    return Measured(
        what=f"more than the baseline of {format_bytes(baseline_bytes)}",
        bytes=layer_bytes - baseline_bytes,
        whole=baseline_bytes,
    )


def _visible(analysis: Analysis) -> Measured:
    owners = [(f"{each.name} {each.version}", each.bytes) for each in _all_packages(analysis)]
    rest = [(f"/{row.path}, no package's", row.bytes) for row in analysis.unattributed]
    return Measured(
        what="what the container sees",
        bytes=analysis.sizes.visible_bytes,
        parts=_parts((*owners, *rest)),
    )


def _waste(analysis: Analysis) -> Measured:
    parts = _parts(
        (f"of layer {each.created_in}: {each.cause} by layer {each.hidden_in}", each.bytes)
        for each in analysis.waste
    )
    quick = analysis.route == "quick"
    return Measured(
        what="shipped and never seen",
        bytes=analysis.sizes.wasted_bytes,
        whole=analysis.sizes.layer_bytes,
        parts=parts,
        unchecked="--quick does not know the waste well enough" if quick else "",
    )


def _layer(analysis: Analysis, pattern: str) -> Measured:
    found = [each for each in analysis.layers if fnmatchcase(_one_line(each.instruction), pattern)]
    if not found:
        what = "no layer" if pattern == "*" else f"no layer is made by {pattern}"
        return Measured(what=what, bytes=0)
    largest = max(found, key=lambda layer: layer.layer_bytes)
    parts = _parts((_layer_name(each), each.layer_bytes) for each in found)
    return Measured(what=_layer_name(largest), bytes=largest.layer_bytes, parts=parts)


def _packages(analysis: Analysis, pattern: str) -> Measured:
    wanted = canonicalize_name(pattern)
    found = [
        each
        for each in _all_packages(analysis)
        if fnmatchcase(canonicalize_name(each.name), wanted)
    ]
    parts = _parts((f"{each.name} {each.version}", each.bytes) for each in found)
    what = parts[0].what if len(found) == 1 and parts else f"{len(found)} packages like {pattern}"
    return Measured(
        what=what if found else f"no package is called {pattern}",
        bytes=sum(each.bytes for each in found),
        parts=parts,
    )


def _path(analysis: Analysis, pattern: str) -> Measured:
    usage = analysis.files.at(pattern)
    path = f"/{pattern.strip('/')}"
    if not usage.matches:
        what = f"nothing is at {path}"
    else:
        what = path if usage.matches == 1 else f"{usage.matches} paths like {path}"
    rows = ((f"/{row.path}", row.bytes) for row in usage.rows)
    return Measured(what=what, bytes=usage.bytes, parts=_parts(rows))


def _all_packages(analysis: Analysis) -> tuple[Package | SystemPackageSummary, ...]:
    return (*analysis.packages, *analysis.system_packages)


def _layer_name(layer: LayerSummary) -> str:
    place = f"{layer.lines}: " if layer.lines else ""
    return f"layer {layer.index} ({place}{shortened(layer.instruction, 60)})"


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _parts(pairs: Iterable[tuple[str, int | None]]) -> tuple[Part, ...]:
    """Return the largest of `pairs`, leaving out what has under a hundredth of the first."""
    found = sorted((Part(what, size) for what, size in pairs if size), key=lambda part: -part.bytes)
    return tuple(part for part in found[:_PARTS] if part.bytes * 100 >= found[0].bytes)
