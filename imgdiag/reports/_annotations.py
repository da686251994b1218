"""Annotations of GitHub Actions: a finding shown at its line, without any right or upload.

Of a step GitHub shows ten errors, ten warnings and ten notices. Source: docs.github.com, 'Workflow
commands' and 'REST API endpoints for check runs'; the escapes are those of actions/toolkit.
"""

from __future__ import annotations

from collections.abc import Iterable

from imgdiag.finding import Severity
from imgdiag.reports._located import Located
from imgdiag.text import cut, printable

_TITLE = 255  # characters
_MESSAGE = 10_000  # characters; GitHub takes 64 KB
_COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "notice"}


def annotation_lines(found: Iterable[Located]) -> list[str]:
    """Return a line for each finding; without a known place it stands at the whole run."""
    return [
        annotation(
            _COMMANDS[each.severity],
            f"imgdiag: {each.rule}",
            f"{each.message}.\n{each.mend}",
            each,
        )
        for each in found
    ]


def annotation(command: str, title: str, message: str, at: Located | None = None) -> str:
    """Return one annotation, at the place of `at` where that is known."""
    properties: dict[str, str | int] = {}
    if at is not None and at.is_known:
        properties = {"file": at.place.path, "line": at.place.line, "endLine": at.place.end_line}
    properties["title"] = cut(title, _TITLE)
    told = ",".join(f"{key}={_property(str(value))}" for key, value in properties.items())
    return f"::{command} {told}::{_data(cut(message, _MESSAGE))}"


def _data(text: str) -> str:
    clean = "\n".join(printable(line) for line in text.split("\n"))
    return clean.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
