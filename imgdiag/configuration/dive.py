"""dive's rules for CI, and what they are here.

Source: dive 0.13.1, its rules, its `Efficiency` and its defaults. Where the two count differently,
the comment that goes into the configuration says so.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from imgdiag.errors import ImgdiagError
from imgdiag.units import parse_size

_LINE = re.compile(r"\s*(?P<key>[\w.-]+)\s*:(?:\s+(?P<value>[^#]*?))?\s*(?:#.*)?")
_OFF = frozenset(("", "disabled", "off", "false"))
_SHORT = re.compile(r"([kmgt]i?)$", re.IGNORECASE)  # go-humanize also takes 20M


@dataclass(frozen=True, slots=True)
class DiveRule:
    """A rule that is on: its name in dive, and its threshold, a ratio or bytes.

    `line` is where it stands, None for one that is on by dive's default.
    """

    name: str
    threshold: Decimal
    line: int | None


@dataclass(frozen=True, slots=True)
class DiveRules:
    """The rules that are on, in dive's order, and the lines that say something else."""

    rules: tuple[DiveRule, ...]
    unknown: tuple[str, ...]


EFFICIENCY, BYTES, PERCENT = "lowestEfficiency", "highestWastedBytes", "highestUserWastedPercent"
_DEFAULTS = {EFFICIENCY: "0.9", BYTES: "disabled", PERCENT: "0.1"}
_NAMES = {
    **{name.lower(): name for name in _DEFAULTS},
    "lowest-efficiency-threshold": EFFICIENCY,
    "highest-wasted-bytes": BYTES,
    "highest-user-wasted-percent": PERCENT,
}


def read_dive(text: str, path: str) -> DiveRules:
    """Read a .dive-ci: `rules:` and a line for each. Raises ImgdiagError for a bad threshold."""
    values: dict[str, tuple[str, int | None]] = {
        name: (value, None) for name, value in _DEFAULTS.items()
    }
    unknown = []
    for number, line in enumerate(text.splitlines(), 1):
        content = line.strip()
        if not content or content[0] == "#" or content in ("---", "...") or _is_header(content):
            continue
        match = _LINE.fullmatch(line)
        name = _NAMES.get(match["key"].lower()) if match else None
        if match is None or name is None:
            unknown.append(f"{path}:{number}: {content}")
        else:
            values[name] = ((match["value"] or "").strip().strip("\"'"), number)
    return DiveRules(tuple(_rules(values, path)), tuple(unknown))


def _is_header(content: str) -> bool:
    return content.partition("#")[0].strip() == "rules:"


def _rules(values: dict[str, tuple[str, int | None]], path: str) -> Iterator[DiveRule]:
    for name, (value, line) in values.items():
        if value.strip().lower() in _OFF:
            continue
        try:
            threshold = Decimal(_bytes(value)) if name == BYTES else _ratio(value)
        except ValueError as error:
            raise ImgdiagError(
                f"{path}:{line}: {name}: {error}", hint="dive refuses that too; mend it there"
            ) from error
        yield DiveRule(name, threshold, line)


def _ratio(value: str) -> Decimal:
    try:
        ratio = Decimal(value)
    except InvalidOperation:
        ratio = Decimal("nan")
    if not ratio.is_finite() or not 0 <= ratio <= 1:
        raise ValueError(f"{value!r} is no ratio between 0 and 1")
    return ratio


def _bytes(value: str) -> int:
    return parse_size(_SHORT.sub(r"\1B", value.replace(",", "").strip()))


@dataclass(frozen=True, slots=True)
class Translation:
    """A dive rule as a budget on waste: its name, its limit as TOML has it, and why it is that."""

    name: str
    limit: str
    comment: str


def translate(rules: Iterable[DiveRule], path: str, own_share: float | None) -> list[Translation]:
    """Return dive's rules as budgets on waste.

    `own_share` is which part of today's layers lies above the first one, None when no image says.
    """
    return [_translate(rule, path, own_share) for rule in rules]


def _translate(rule: DiveRule, path: str, own_share: float | None) -> Translation:
    where = f"{path}:{rule.line}" if rule.line else f"dive's default, as {path} does not say"
    value = _size(int(rule.threshold)) if rule.name == BYTES else _plain(rule.threshold)
    said = f"{rule.name} {value} ({where}): "
    if rule.name == EFFICIENCY:
        return Translation(
            "dive-efficiency",
            f'"{_plain(100 - 100 * rule.threshold)}%"',
            said + "what is not efficient is waste. Of files that a later layer deletes with "
            "their folder dive counts nothing; here they count.",
        )
    if rule.name == BYTES:
        return Translation(
            "dive-wasted-bytes",
            f'"{_size(int(rule.threshold))}"',
            said + "of a file in several layers dive counts every copy as wasted, here the one "
            "that is seen is not; of deleted folders dive counts nothing, here all.",
        )
    percent = 100 * rule.threshold
    text = said + "dive divides the waste by the bytes of all layers but the first"
    if own_share is None:
        text += "; here it is divided by those of all layers, which is less strict."
    else:
        percent = (percent * Decimal(str(own_share))).quantize(Decimal("0.01"), "ROUND_DOWN")
        text += f", today {100 * own_share:.1f} % of all; the limit is scaled by that."
    return Translation("dive-user-waste", f'"{_plain(percent)}%"', text)


def _plain(number: Decimal) -> str:
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _size(count: int) -> str:
    """Return a size as briefly as it can be and still be exact."""
    for unit, size in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if count >= size and count * 1000 % size == 0:
            return f"{_plain(Decimal(count) / size)} {unit}"
    return f"{count} B"
