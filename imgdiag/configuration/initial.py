"""A first configuration: the image of today plus a margin, with every line explained."""

from __future__ import annotations

import datetime
import re
import textwrap
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal

from imgdiag.analysis import Analysis
from imgdiag.configuration.dive import Translation
from imgdiag.finding import Safety, Severity
from imgdiag.text import printable, shortened
from imgdiag.units import format_bytes, format_share

_PACKAGES = 5
_HALF_A_YEAR = datetime.timedelta(days=182)
_LEAST_WASTE = 1_000_000  # what findings pass over too
_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_UNITS = (("GB", 10**9), ("MB", 10**6), ("kB", 10**3))


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A table of the configuration. One that is not `active` is written as a comment.

    `lines` are its keys; `is_array` is for an item of an array of tables.
    """

    table: str
    comment: str
    lines: tuple[str, ...]
    active: bool = True
    is_array: bool = False


def rounded_up(count: int) -> str:
    """Return a size of at least `count` bytes in three figures, at most a hundredth above."""
    unit, size = next((each for each in _UNITS if count >= each[1]), ("B", 1))
    value = Decimal(count) / size
    places = 0 if unit == "B" or value >= 100 else 1 if value >= 10 else 2
    text = f"{value.quantize(Decimal(1).scaleb(-places), ROUND_CEILING):f}"
    return f"{text.rstrip('0').rstrip('.') if '.' in text else text} {unit}"


def with_margin(count: int, margin: Decimal) -> int:
    """Return `count` and `margin` per cent of it, rounded up to whole bytes."""
    return int((count * (100 + margin) / 100).to_integral_value(ROUND_CEILING))


def image_sections(analysis: Analysis, margin: Decimal, *, waste: bool = True) -> Iterator[Section]:
    """Yield budgets for `analysis` plus `margin` per cent; without one for waste unless `waste`."""
    sizes = analysis.sizes

    def limit(count: int) -> str:
        return f'max = "{rounded_up(with_margin(count, margin))}"'

    yield Section(
        table="budgets.image",
        comment=f"All layers together: {_exact(sizes.layer_bytes)} today.",
        lines=(limit(sizes.layer_bytes),),
    )
    largest = max(analysis.layers, key=lambda layer: layer.layer_bytes, default=None)
    if largest is not None:
        yield Section(
            table="budgets.layer",
            comment="The largest layer, which a node has to fetch in one piece: "
            f"{_exact(largest.layer_bytes)} today, layer {largest.index} "
            f"({shortened(largest.instruction, 60)}).",
            lines=('layer = "*"', limit(largest.layer_bytes)),
        )
    if waste:
        share = format_share(sizes.wasted_bytes, sizes.layer_bytes)
        most = max(with_margin(sizes.wasted_bytes, margin), _LEAST_WASTE)
        yield Section(
            table="budgets.waste",
            comment=f"Shipped and never seen: {_exact(sizes.wasted_bytes)} today, {share} of the "
            "layers. Lower it when a mend is in.",
            lines=('of = "waste"', f'max = "{rounded_up(most)}"'),
        )
    if sizes.transfer_bytes is not None:
        yield Section(
            table="budgets.download",
            comment=f"The compressed layers: {_exact(sizes.transfer_bytes)} today. An engine's "
            "own store has them plain, so this is for archives and folders with compressed ones.",
            lines=('of = "download"', limit(sizes.transfer_bytes)),
            active=False,
        )
    yield from _package_sections(analysis, margin)


def _package_sections(analysis: Analysis, margin: Decimal) -> Iterator[Section]:
    """Yield budgets for the packages that have a twentieth of what is seen, or more."""
    sizes: dict[str, int] = defaultdict(int)
    for package in analysis.packages:
        sizes[package.name] += package.bytes
    nvidia = [name for name in sizes if name.startswith("nvidia-")]
    if len(nvidia) > 1:
        sizes["nvidia-*"] = sum(sizes.pop(name) for name in nvidia)
    least = max(analysis.sizes.visible_bytes / 20, 1)
    largest = sorted(sizes, key=lambda name: (-sizes[name], name))
    chosen = [name for name in largest if sizes[name] >= least and _is_plain(name)]
    for name in chosen[:_PACKAGES]:
        what = f"NVIDIA's {len(nvidia)} packages" if name == "nvidia-*" else name
        yield Section(
            table=f"budgets.{name.removesuffix('-*')}",
            comment=f"{what}: {_exact(sizes[name])} today.",
            lines=(
                f'package = "{name}"',
                f'max = "{rounded_up(with_margin(sizes[name], margin))}"',
            ),
        )
    if analysis.torches and not nvidia and all(each.variant == "cpu" for each in analysis.torches):
        yield Section(
            table="budgets.nvidia",
            comment="torch is the CPU build today; this says when NVIDIA's packages come with "
            "another.",
            lines=('package = "nvidia-*"', "max = 0"),
        )


def _is_plain(name: str) -> bool:
    """Tell whether a name needs no quoting and means no pattern but ours."""
    reserved = ("image", "layer", "waste", "download", "growth")
    plain = name.removesuffix("-*")
    return _NAME.fullmatch(plain) is not None and plain not in reserved


def dive_sections(translations: Iterable[Translation]) -> Iterator[Section]:
    """Yield the budgets that dive's rules are."""
    for each in translations:
        yield Section(
            table=f"budgets.{each.name}",
            comment=f"From dive: {each.comment}",
            lines=('of = "waste"', f"max = {each.limit}"),
        )


_LEVELS = {Safety.REVIEW: "safe or for review", Safety.SAFE: "safe"}


def other_sections(
    analysis: Analysis | None, margin: Decimal, today: datetime.date
) -> Iterator[Section]:
    """Yield what else a configuration may say, as comments where it would not pass today."""
    yield Section(
        table="budgets.growth",
        comment="Growth against another image, which 'imgdiag compare BASE HEAD' knows.",
        lines=('of = "growth"', f'max = "{margin.normalize():f}%"'),
        active=False,
    )
    level, names = _passing_level(analysis)
    yield Section(
        table="analyze",
        comment=f"Fail also for a finding of 1 MB or more whose mend is {_LEVELS[level]}. "
        + _found_today(analysis, names),
        lines=(f'fail-on = "{level}"',),
        active=analysis is not None and not names,
    )
    yield Section(
        table="waivers",
        comment="A finding that is accepted for now; docs/configuration.md has all keys.",
        lines=(
            f'rule = "{names[0] if names else "test-dirs"}"',
            'reason = "why, and who decides"',
            f"expires = {today + _HALF_A_YEAR}",
        ),
        active=False,
        is_array=True,
    )


def _found_today(analysis: Analysis | None, names: list[str]) -> str:
    if analysis is None:
        return ""
    return f"Today there are: {', '.join(names)}." if names else "There is none today."


def _passing_level(analysis: Analysis | None) -> tuple[Safety, list[str]]:
    """Return the widest level of --fail-on that passes today, else the narrowest and what fails."""
    findings = () if analysis is None else analysis.findings
    found = [each for each in findings if each.severity is not Severity.NOTE]
    safe = {each.rule for each in found if each.safety is Safety.SAFE}
    if safe:
        return Safety.SAFE, sorted(safe)
    is_reviewed = any(each.safety is Safety.REVIEW for each in found)
    return (Safety.SAFE if is_reviewed else Safety.REVIEW), []


def render(sections: Iterable[Section], head: str, root: str = "") -> str:
    """Return the configuration as TOML; `root` is the table it is put into, "" for a file of its
    own.
    """
    blocks = [_comment(head)]
    for section in sections:
        name = f"{root}.{section.table}" if root else section.table
        header = f"[[{name}]]" if section.is_array else f"[{name}]"
        lines = [header, *section.lines]
        if not section.active:
            lines = [f"# {line}" for line in lines]
        blocks.append("\n".join((_comment(section.comment), *lines)))
    return "\n\n".join(blocks) + "\n"


def _comment(text: str) -> str:
    lines = (
        line
        for paragraph in text.split("\n")
        for line in textwrap.wrap(printable(paragraph), 96, break_on_hyphens=False)
    )
    return "\n".join(f"# {line}" for line in lines)


def _exact(count: int) -> str:
    return f"{format_bytes(count)} ({count:,} bytes)"
