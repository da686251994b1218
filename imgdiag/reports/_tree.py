"""The tree of requirements, for a terminal and for machines."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from imgdiag.python.dependencies import Dependencies, ImageDependencies
from imgdiag.python.requires import with_extras
from imgdiag.python.root import Origin, Root
from imgdiag.python.tree import MOST_ROWS, Below, Row, View, tree_rows
from imgdiag.reports import Style
from imgdiag.reports._dependencies import (
    asked_line,
    asked_name,
    edge_json,
    environment_json,
    environment_line,
    head,
    image_json,
    root_json,
)
from imgdiag.reports._encoding import encode
from imgdiag.reports._page import Page
from imgdiag.schema import tree as schema
from imgdiag.text import shortened
from imgdiag.units import format_bytes

_MARKS = {Below.REPEATED: "(*)", Below.CYCLE: "(circle)", Below.DEEPER: "(…)"}
_LEGEND = {
    Below.REPEATED: "(*) what stands below it is shown elsewhere in the tree",
    Below.CYCLE: "(circle) it stands above already: these require each other",
    Below.DEEPER: "(…) there is more below it",
}
_SIZE, _WITH_IT = 10, 14  # columns of the two sizes, what stands before them included


def text(image: ImageDependencies, view: View, style: Style) -> str:
    """Return the trees as text."""
    page = Page(style)
    head(page, image)
    seen: set[Below] = set()
    for dependencies in image.environments:
        rows = list(tree_rows(dependencies, view))
        if not rows:
            continue
        page.heading(environment_line(dependencies))
        page.line(asked_line(dependencies), fg="bright_black")
        page.line()
        page.parts([(f"{'size':>{_SIZE}}{'goes with it':>{_WITH_IT}}  package", "bright_black")])
        for row in rows:
            _row(page, row, dependencies, view)
            seen.add(row.below)
        if len(rows) == MOST_ROWS:
            page.line(f"… and more: these are the first {MOST_ROWS:,} lines", fg="yellow")
    if not image.environments:
        page.line()
        page.line("No Python package is installed in it.", indent=2)
    page.line()
    for below, legend in _LEGEND.items():
        if below in seen:
            page.paragraph(legend, indent=0, fg="bright_black")
    page.listing("Warnings", image.warnings)
    return page.text()


def _row(page: Page, row: Row, dependencies: Dependencies, view: View) -> None:
    blank = " " * (_SIZE + _WITH_IT + 2)
    if row.smaller:
        size = format_bytes(view.min_size)
        page.parts([(f"{blank}{row.guides}… {row.smaller} under {size}", "bright_black")])
        return
    own = dependencies.own_bytes[row.name]
    retained = dependencies.retained_bytes[row.name]
    name, note = _name_and_note(row, dependencies, view)
    page.parts(
        (
            (f"{format_bytes(own):>{_SIZE}}", ""),
            (f"{format_bytes(retained):>{_WITH_IT}}  ", ""),
            (row.guides, "bright_black"),
            (name, "" if row.guides else "bold"),
            (f" {dependencies.versions[row.name]}", "cyan"),
            *((f"  {_MARKS[row.below]}", "bright_black") for _ in (1,) if row.below in _MARKS),
            *((f"  {note}", "bright_black") for _ in (1,) if note),
        )
    )


def _name_and_note(row: Row, dependencies: Dependencies, view: View) -> tuple[str, str]:
    """Return a row's name with the extras that are asked of it, and what else there is to say."""
    roots = dependencies.graph.reasons(row.name)
    if view.invert:
        # The one above is required here: its extras are what is asked for.
        notes = [f"asks for {', '.join(extras)}" for extras in [_extras(row)] if extras]
        notes += _by_extra(row)
        return row.name, "; ".join([*notes, *_top_notes(roots, dependencies, always=True)])
    if not row.edges:
        return (asked_name(roots) if roots else row.name), "; ".join(
            _top_notes(roots, dependencies, always=False)
        )
    return with_extras(row.name, _extras(row)), "; ".join(_by_extra(row))


def _extras(row: Row) -> list[str]:
    return sorted({extra for edge in row.edges for extra in edge.extras})


def _by_extra(row: Row) -> Iterator[str]:
    if row.edges and all(edge.extra for edge in row.edges):
        yield f"extra {', '.join(sorted({edge.extra for edge in row.edges}))}"


def _top_notes(roots: Iterable[Root], dependencies: Dependencies, *, always: bool) -> Iterator[str]:
    """Yield why something is asked for, where the line above the tree does not say it."""
    project = dependencies.roots.project
    said = {root.origin for root in dependencies.roots.asked}
    for root in roots:
        if root.origin is Origin.PROJECT:
            if root.group:
                yield f"group {root.group}"
            elif project and root.where != project.path:
                yield f"/{root.where}"
            elif always:
                yield "asked for"
        elif root.origin is Origin.COMMAND:
            yield shortened(root.where, 40)
        elif root.origin is Origin.FOLDER:
            yield f"installed from /{root.where}"
        elif root.origin is Origin.INFERRED:
            yield f"extra {', '.join(root.extras)} inferred"
        elif root.origin is Origin.REQUESTED:
            if always or project or said != {Origin.REQUESTED}:
                yield "installed by name"
        elif said:
            yield "nothing asks for it"


def as_json(image: ImageDependencies, view: View) -> str:
    """Return the graphs of what the trees show as one JSON object."""
    report: schema.Report = {
        "schema_version": 1,
        "image": image_json(image),
        "environments": [_environment(each, view) for each in image.environments],
        "warnings": list(image.warnings),
    }
    return encode(report)


def _environment(dependencies: Dependencies, view: View) -> schema.Environment:
    names = dict.fromkeys(row.name for row in tree_rows(dependencies, view) if row.name)
    return {
        **environment_json(dependencies),
        "roots": [root_json(root) for root in dependencies.graph.roots],
        "packages": [_package(name, dependencies) for name in names],
    }


def _package(name: str, dependencies: Dependencies) -> schema.Package:
    graph = dependencies.graph
    return {
        "name": name,
        "version": dependencies.versions[name],
        "bytes": dependencies.own_bytes[name],
        "retained_bytes": dependencies.retained_bytes[name],
        "extras": list(graph.extras(name)),
        "requires": [edge_json(edge) for edge in graph.edges(name)],
        "required_by": sorted(graph.required_by[name]),
    }
