"""The table of an image's history, for a terminal and for machines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from imgdiag.image import instruction
from imgdiag.layers.history import History, MadeLayer, Step
from imgdiag.reports import Style
from imgdiag.reports._dockerfile import dockerfile_object, lines_object
from imgdiag.reports._encoding import encode
from imgdiag.reports._page import Page
from imgdiag.schema import history as schema
from imgdiag.units import format_bytes


def text(history: History, style: Style, *, whole: bool) -> str:
    """Return the table as text; with `whole`, what the builder recorded and nothing cut."""
    rows = list(_rows(history, whole))
    page = Page(style)
    page.line(
        f"{history.reference}   {history.config.platform}   {history.source}, by {history.route}",
        bold=True,
    )
    headers: tuple[str, ...] = _HEADERS
    if history.dockerfile:
        page.paragraph(f"{history.dockerfile.path}: {history.dockerfile.note}", indent=0)
        if history.dockerfile.fits:
            headers = (*_HEADERS[:3], "line", *_HEADERS[3:])
            rows = [
                (*row[:3], str(step.lines or "–"), *row[3:])
                for step, row in zip(history.steps, rows, strict=True)
            ]
    aligned = "rrr" + "l" * (len(headers) - 3)
    page.line()
    if whole:
        longest = max((sum(map(len, row)) for row in rows), default=0)
        # Each character may take ten when it is escaped; nothing must be cut.
        wide = Page(replace(style, width=style.width + 10 * longest))
        wide.table(rows, headers, aligned)
        return page.text() + "\n" + wide.text()
    page.table(rows, headers, aligned)
    return page.text()


_HEADERS = ("layer", "size", "wasted", "created by")


def _rows(history: History, whole: bool) -> Iterator[Sequence[str]]:
    for step in history.steps:
        layer = step.layer
        text = step.created_by if whole else instruction(step.created_by)
        words = " ".join(text.split()) or "(the history does not say)"
        if step.base_image:
            words = f"base image {step.base_image}: {words}"
        if layer is None:
            yield "–", "–", "–", words
        elif layer.problem:
            yield str(layer.index), "?", "?", f"{words} (size unknown: {layer.problem})"
        else:
            wasted = format_bytes(layer.wasted_bytes) if layer.wasted_bytes else "–"
            yield str(layer.index), format_bytes(layer.layer_bytes), wasted, words


def as_json(history: History) -> str:
    """Return the history as one JSON object, with the builder's text unchanged."""
    config = history.config
    report: schema.Report = {
        "schema_version": 1,
        "image": {
            "reference": history.reference,
            "id": config.id,
            "created": config.created or None,
            "platform": str(config.platform),
            "source": history.source,
            "route": history.route,
        },
        "dockerfile": dockerfile_object(history.dockerfile),
        "history": [_step(step) for step in history.steps],
    }
    return encode(report)


def _step(step: Step) -> schema.Step:
    return {
        "created": step.created or None,
        "created_by": step.created_by,
        "layer": _layer(step.layer) if step.layer else None,
        "dockerfile": lines_object(step.lines),
        "base_image": step.base_image or None,
    }


def _layer(layer: MadeLayer) -> schema.Layer:
    known = not layer.problem
    return {
        "index": layer.index,
        "layer_bytes": layer.layer_bytes if known else None,
        "visible_bytes": layer.visible_bytes if known else None,
        "wasted_bytes": layer.wasted_bytes if known else None,
        "transfer_bytes": layer.transfer_bytes,
        "files": layer.files if known else None,
        "problem": layer.problem or None,
    }
