"""JSON that is valid whatever names an image holds."""

from __future__ import annotations

import json
from typing import Any

from imgdiag.text import utf8, without_commands


def encode(value: Any) -> str:
    """Return `value` as JSON with a newline at its end, all its strings valid Unicode."""
    return without_commands(json.dumps(_valid(value), indent=2), r"\u0023") + "\n"


def _valid(value: Any) -> Any:
    if isinstance(value, str):
        return utf8(value)
    if isinstance(value, dict):
        return {key: _valid(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_valid(each) for each in value]
    return value
