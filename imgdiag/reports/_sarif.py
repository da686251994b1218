"""SARIF 2.1.0 as GitHub's code scanning takes it.

What that asks beyond the standard: every result has a place in a file, by a path from the
repository's root; of several results of one rule at one line it keeps one; it knows an alert again
by `primaryLocationLineHash`; it stores 5,000 results of a run. Source: docs.github.com, 'SARIF
support for code scanning'; docs.oasis-open.org/sarif/sarif/v2.1.0.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from imgdiag import __version__
from imgdiag.finding import Severity
from imgdiag.reports._encoding import encode
from imgdiag.reports._line_hash import line_hashes
from imgdiag.reports._located import Described, Located, Place, repository_root
from imgdiag.text import cut

SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
_RESULTS = 5_000
_SHORT = 1_024  # characters that GitHub shows of a rule's descriptions
_LONG = 20_000  # characters of one message: beyond any that was written by a person
_FILE = 4_000_000  # bytes of a file whose lines are hashed

_Key = tuple[str, str, int]


def sarif_log(
    tool: str,
    rules: Sequence[Described],
    found: Iterable[Located],
    *,
    notes: Iterable[str] = (),
) -> str:
    """Return one run of `tool`: what it found, and the rules of that; `notes` are warnings."""
    groups: dict[_Key, list[Located]] = {}
    for each in found:
        groups.setdefault((each.rule, each.place.path, each.place.line), []).append(each)
    kept = list(groups.values())[:_RESULTS]
    warnings = list(notes)
    if len(kept) < len(groups):
        warnings.append(f"{len(groups) - _RESULTS:,} results are left out: GitHub stores 5,000")
    names = {group[0].rule for group in kept}
    rules = [rule for rule in rules if rule.name in names]
    index = {rule.name: number for number, rule in enumerate(rules)}
    fingerprints = _Fingerprints()
    return encode(
        {
            "$schema": SCHEMA,
            "version": "2.1.0",
            "runs": [
                {
                    "tool": {
                        "driver": {
                            "name": tool,
                            "semanticVersion": __version__,
                            "rules": [_rule(rule) for rule in rules],
                        }
                    },
                    "invocations": [
                        {
                            "executionSuccessful": True,
                            "toolExecutionNotifications": [
                                {"level": "warning", "message": {"text": text}} for text in warnings
                            ],
                        }
                    ],
                    "results": [
                        {
                            "ruleId": group[0].rule,
                            "ruleIndex": index[group[0].rule],
                            **_result(group),
                            "partialFingerprints": fingerprints.of(group[0]),
                        }
                        for group in kept
                    ],
                }
            ],
        }
    )


def _rule(rule: Described) -> dict[str, Any]:
    help_ = {"Mend": rule.fix, "Ignore it when": rule.ignore_when}
    return {
        "id": rule.name,
        "name": "".join(part.capitalize() for part in rule.name.split("-")),
        "shortDescription": {"text": cut(_plain(rule.title), _SHORT)},
        "fullDescription": {"text": cut(_plain(rule.why), _SHORT)},
        "help": {
            "text": "\n\n".join(f"{name}: {_plain(text)}" for name, text in help_.items()),
            "markdown": "\n\n".join(
                (rule.why, *(f"**{name}:** {text}" for name, text in help_.items()))
            ),
        },
        "defaultConfiguration": {"level": "warning"},
        "properties": {"tags": ["container-image", "size"], "precision": "high"},
    }


def _plain(markdown: str) -> str:
    return markdown.replace("`", "'")


def _result(group: Sequence[Located]) -> dict[str, Any]:
    """Return one result for what a rule found at one line, the first of it first."""
    first = group[0]
    levels = list(Severity)
    others = dict.fromkeys(place for each in group for place in each.others)
    layers = sorted({layer for each in group for layer in each.layers})
    location: dict[str, Any] = {"physicalLocation": _physical(first.place)}
    if layers:
        location["logicalLocations"] = [
            {"fullyQualifiedName": f"layer {layer}", "kind": "resource"} for layer in layers
        ]
    unknown = "" if first.is_known else "\n\nWhich line makes it is not known."
    text = "\n\n".join(f"{each.message}.\n\n{each.mend}" for each in group) + unknown
    result: dict[str, Any] = {
        "level": min((each.severity for each in group), key=levels.index).value,
        "message": {"text": _message(text)},
        "locations": [location],
    }
    if others:
        result["relatedLocations"] = [
            {"id": number, "physicalLocation": _physical(place), "message": {"text": place.what}}
            for number, place in enumerate(others, 1)
        ]
    return result


def _message(text: str) -> str:
    """Return `text` as a message; where a name would make a link, brackets are escaped."""
    text = cut(text, _LONG)
    return re.sub(r"([\\\[\]])", r"\\\1", text) if "](" in text else text


def _physical(place: Place) -> dict[str, Any]:
    region = {"startLine": place.line}
    if place.end_line > place.line:
        region["endLine"] = place.end_line
    return {"artifactLocation": _artifact(place.path), "region": region}


def _artifact(path: str) -> dict[str, Any]:
    """Return a path as a URI: from the root of the repository, or absolute outside of it."""
    uri = quote(path.encode("utf-8", "surrogateescape"))
    if path.startswith("/"):
        return {"uri": f"file://{uri}"}
    return {"uri": uri, "uriBaseId": "%SRCROOT%"}


class _Fingerprints:
    """What a result is known again by, though its bytes, its words or the lines above it change."""

    def __init__(self) -> None:
        self._root = repository_root()
        self._files: dict[str, _Lines] = {}
        self._counts: Counter[str] = Counter()

    def of(self, finding: Located) -> dict[str, str]:
        """Return the fingerprints of a result: our own, and the one that GitHub goes by."""
        place = finding.place
        if place.path not in self._files:
            self._files[place.path] = _Lines.of(self._root / place.path)
        file = self._files[place.path]
        lines = file.lines[place.line - 1 : place.end_line] if finding.is_known else ()
        what = " ".join(" ".join(lines).split()) or place.what
        parts = f"{finding.rule}\0{place.path}\0{what}"
        digest = hashlib.sha256(parts.encode("utf-8", "backslashreplace")).hexdigest()[:32]
        self._counts[digest] += 1
        own = f"{digest}:{self._counts[digest]}"
        is_there = place.line <= len(file.hashes)
        return {
            "imgdiag/v1": own,
            "primaryLocationLineHash": file.hashes[place.line - 1] if is_there else own,
        }


@dataclass(frozen=True, slots=True)
class _Lines:
    """The lines of a file of the repository and their hashes; none of one that is not there."""

    lines: tuple[str, ...] = ()
    hashes: tuple[str, ...] = ()

    @classmethod
    def of(cls, path: Path) -> _Lines:
        try:
            if not path.is_file() or path.stat().st_size > _FILE:
                return cls()
            text = path.read_bytes().decode("utf-8", "replace")
        except (OSError, ValueError):  # a name with a NUL is none
            return cls()
        return cls(tuple(re.split("\r\n|\r|\n", text)), line_hashes(text))
