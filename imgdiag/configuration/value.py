"""What a configuration sets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from imgdiag.gate.budgets import Budget
    from imgdiag.gate.waivers import Waiver


HINT = "docs/configuration.md lists every key; --no-config does without"


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """An option's default. `place` is the file and line by which errors name it."""

    value: Any
    place: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    """What a file sets. `path` is "" without a file.

    `options` are by command and by their names on the command line, without the hyphens in
    front; their values are as they stand in the file.
    """

    path: str = ""
    options: Mapping[str, Mapping[str, Option]] = field(default_factory=dict)
    budgets: tuple[Budget, ...] = ()
    waivers: tuple[Waiver, ...] = ()


NONE = Configuration()
