"""The answer to why a Python package is there, for a terminal and for machines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from imgdiag.python.chains import Chain, Step
from imgdiag.python.dependencies import Dependencies, ImageDependencies
from imgdiag.python.requires import with_extras
from imgdiag.python.why import Why, Without
from imgdiag.reports import Style
from imgdiag.reports._dependencies import (
    asked_name,
    environment_json,
    environment_line,
    head,
    image_json,
    reason,
    root_json,
)
from imgdiag.reports._encoding import encode
from imgdiag.reports._page import Page
from imgdiag.schema import why as schema
from imgdiag.text import printable
from imgdiag.units import format_bytes

_NAMED = 6  # of what goes with it
_WIDEST_NAME = 40  # columns


def text(image: ImageDependencies, answers: Sequence[Why], style: Style) -> str:
    """Return the answer as text, one part for each environment that holds the package."""
    page = Page(style)
    head(page, image)
    for why in answers:
        _answer(page, why)
    page.listing("Warnings", image.warnings)
    return page.text()


def _answer(page: Page, why: Why) -> None:
    dependencies = why.dependencies
    version = dependencies.versions[why.name]
    own = dependencies.own_bytes[why.name]
    retained = dependencies.retained_bytes[why.name]
    page.heading(f"{why.name} {version}")
    page.paragraph(f"in {environment_line(dependencies)}", indent=2, fg="bright_black")
    page.line()
    page.beside("", f"{format_bytes(own):>9}", "its own files", width=9, bold=True)
    page.beside("", f"{format_bytes(retained):>9}", _with_it(why), width=9, bold=True)
    _chains(page, why)
    _without(page, why)


def _with_it(why: Why) -> str:
    own = why.dependencies.own_bytes
    if not why.goes_with_it:
        return "goes with it: nothing else is there for its sake alone"
    named = [f"{name} {format_bytes(own[name])}" for name in why.goes_with_it[:_NAMED]]
    rest = why.goes_with_it[_NAMED:]
    if rest:
        named.append(f"{len(rest)} more {format_bytes(sum(own[name] for name in rest))}")
    return f"goes with it: also {', '.join(named)}"


def _chains(page: Page, why: Why) -> None:
    chains = why.chains
    page.heading("Why it is there")
    columns = [_columns(chain, why.dependencies) for chain in chains.shown]
    width = max((len(printable(name)) for each in columns for name, _ in each), default=0)
    for number, lines in enumerate(columns, 1):
        for index, (name, because) in enumerate(lines):
            mark = f"{number}." if not index else ""
            page.beside(f"{mark:4}", name, because, width=min(width, _WIDEST_NAME), bold=not index)
    if chains.more or not chains.is_complete:
        least = "" if chains.is_complete else "at least "
        page.line(f"… and {least}{chains.more:,} more", indent=2, fg="bright_black")


def _columns(chain: Chain, dependencies: Dependencies) -> list[tuple[str, str]]:
    """Return the names on a chain, and why each of them is there."""
    versions = dependencies.versions
    first = f"{asked_name(chain.roots)} {versions[chain.roots[0].name]}"
    return [
        (first, "; ".join(reason(root) for root in chain.roots)),
        *(
            (f"→ {_required_name(step)} {versions[step.target]}", "; ".join(_requirements(step)))
            for step in chain.steps
        ),
    ]


def _required_name(step: Step) -> str:
    extras = sorted({extra for edge in step.edges for extra in edge.extras})
    return with_extras(step.target, extras)


def _requirements(step: Step) -> Iterator[str]:
    for edge in step.edges:
        by = f"its extra {edge.extra} requires" if edge.extra else "requires"
        yield f"{by} {edge.text}"


def _without(page: Page, why: Why) -> None:
    page.heading("What keeps it")
    by_outcome: dict[str, list[str]] = {}
    for each in why.without:
        by_outcome.setdefault(_outcome(each, why.name), []).append(each.root)
    for outcome, roots in by_outcome.items():
        one = "one of " if len(roots) > 1 else ""
        page.paragraph(f"without {one}{', '.join(roots)}: {outcome}", indent=2)
    if why.more_roots:
        page.line(f"… and {why.more_roots:,} more that lead to it", indent=2, fg="bright_black")


def _outcome(without: Without, name: str) -> str:
    if without.kept_by == (name,):
        return "it stays, as it is asked for itself"
    if without.kept_by:
        return f"it stays, by {' → '.join(without.kept_by)}"
    return f"it goes, {format_bytes(without.bytes)} in all"


def as_json(image: ImageDependencies, answers: Sequence[Why]) -> str:
    """Return the answer as one JSON object."""
    report: schema.Report = {
        "schema_version": 1,
        "image": image_json(image),
        "answers": [_answer_json(why) for why in answers],
        "warnings": list(image.warnings),
    }
    return encode(report)


def _answer_json(why: Why) -> schema.Answer:
    dependencies = why.dependencies
    return {
        "environment": environment_json(dependencies),
        "name": why.name,
        "version": dependencies.versions[why.name],
        "bytes": dependencies.own_bytes[why.name],
        "retained_bytes": dependencies.retained_bytes[why.name],
        "goes_with_it": [
            {"name": name, "bytes": dependencies.own_bytes[name]} for name in why.goes_with_it
        ],
        "chains": [
            {
                "roots": [root_json(root) for root in chain.roots],
                "steps": [_step_json(step) for step in chain.steps],
            }
            for chain in why.chains.shown
        ],
        "more_chains": {"count": why.chains.more, "is_complete": why.chains.is_complete},
        "without": [
            {
                "root": each.root,
                "stays": bool(each.kept_by),
                "kept_by": list(each.kept_by),
                "bytes": each.bytes,
            }
            for each in why.without
        ],
        "more_roots": why.more_roots,
    }


def _step_json(step: Step) -> schema.Step:
    return {
        "name": step.target,
        "requirements": [
            {"requirement": edge.text, "extras": list(edge.extras), "by_extra": edge.extra or None}
            for edge in step.edges
        ],
    }
