"""A Dockerfile and its lines in JSON, the same in every report."""

from __future__ import annotations

from imgdiag.project.alignment import Alignment, Lines
from imgdiag.schema import _common as schema


def dockerfile_object(alignment: Alignment | None) -> schema.Dockerfile | None:
    """Return what a report says of the Dockerfile, None where there is none."""
    if alignment is None:
        return None
    return {
        "path": alignment.path,
        "fits": alignment.fits,
        "base_image": alignment.base_image or None,
        "base_layers": alignment.base_layers,
        "note": alignment.note,
    }


def lines_object(lines: Lines | None) -> schema.Lines | None:
    """Return the lines that made something, None where they are not known."""
    if lines is None:
        return None
    return {
        "path": lines.path,
        "line": lines.line,
        "end_line": lines.end_line,
        "confidence": lines.confidence,
    }
