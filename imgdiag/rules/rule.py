"""The form of a rule: what it finds, why that matters, how to mend it, when to ignore it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from imgdiag.facts.facts import Facts
from imgdiag.finding import Finding


class Topic(StrEnum):
    """What a rule is about: the parts of docs/rules.md, in this order."""

    LAYERS = "Layers"
    CACHES = "Caches"
    PYTHON = "Python packages"
    GPU = "Builds for GPUs"
    DATA = "Models and data"
    SYSTEM = "The system's packages"
    PROJECT = "The project's folder"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExampleLayer:
    """A layer of an example: files by path, each with its size in bytes or its text.

    `deletes` are paths of lower layers that it hides; `links` are hard links and `symlinks`
    symbolic ones, name to target.
    """

    created_by: str
    files: Mapping[str, int | str] = field(default_factory=dict)
    deletes: tuple[str, ...] = ()
    links: Mapping[str, str] = field(default_factory=dict)
    symlinks: Mapping[str, str] = field(default_factory=dict)
    uid: int = 0
    mtime: int = 1_700_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A small image and the bytes of each finding in it, none for an image that is fine.

    `command` is its CMD. A hazard that is about no files has 0 bytes.
    """

    what: str
    layers: tuple[ExampleLayer, ...]
    finds: tuple[int, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    architecture: str = "amd64"
    command: tuple[str, ...] = ()
    check_imports: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule. The texts are Markdown; the examples are run as tests and printed in the docs."""

    name: str
    topic: Topic
    title: str
    why: str
    fix: str
    ignore_when: str
    check: Callable[[Facts], Iterable[Finding]]
    examples: tuple[Example, ...]

    def run(self, facts: Facts) -> Iterator[Finding]:
        """Yield what the rule finds; a finding without bytes is none, but for a hazard."""
        return (finding for finding in self.check(facts) if finding.bytes or finding.hazard)
