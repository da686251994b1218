"""What the reports for people have in common: which things matter, and in what order."""

from __future__ import annotations

from collections.abc import Iterator

from imgdiag.analysis import Analysis, LayerSummary
from imgdiag.finding import Finding, Safety, Severity
from imgdiag.gate import verdict
from imgdiag.units import format_bytes, format_share

CAUSES = 5
LAYERS = 6


def headline(analysis: Analysis) -> str:
    """Return the verdict in a sentence."""
    sizes = analysis.sizes
    if any(layer.problem for layer in analysis.layers):
        return "and more: not every layer could be read"
    text = verdict(sizes.layer_bytes)
    if sizes.wasted_bytes * 20 >= sizes.layer_bytes > 0:
        share = format_share(sizes.wasted_bytes, sizes.layer_bytes)
        text += f"; {share} of it is shipped and never seen"
    return text


def size_rows(analysis: Analysis) -> Iterator[tuple[str, str, str]]:
    """Yield each meaning of 'size' that is known: its name, its bytes, what it is."""
    sizes = analysis.sizes
    yield "layers", format_bytes(sizes.layer_bytes), "files in all layers: what a disk holds"
    yield "visible", format_bytes(sizes.visible_bytes), "what the container sees"
    if sizes.wasted_bytes:
        share = format_share(sizes.wasted_bytes, sizes.layer_bytes)
        yield (
            "wasted",
            format_bytes(sizes.wasted_bytes),
            f"{share}: shipped, hidden by later layers",
        )
    if sizes.transfer_bytes is not None:
        yield "download", format_bytes(sizes.transfer_bytes), "compressed, as a registry sends it"
    if sizes.engine_bytes is not None:
        difference = sizes.engine_bytes - sizes.layer_bytes
        what = "what 'docker images' says"
        if 0 < difference <= sizes.symlink_bytes:
            what += f": the layers and {difference:,} bytes of symlink targets"
        yield "engine", format_bytes(sizes.engine_bytes), what


def layers_that_matter(analysis: Analysis) -> list[LayerSummary]:
    """Return the largest layers, oldest first, leaving out those under a hundredth of the image."""
    least = analysis.sizes.layer_bytes / 100
    largest = sorted(analysis.layers, key=lambda layer: -layer.layer_bytes)[:LAYERS]
    chosen = [layer for layer in largest if layer.layer_bytes >= least or layer.problem]
    return sorted(chosen or largest[:1], key=lambda layer: layer.index)


def causes_that_matter(analysis: Analysis) -> list[Finding]:
    """Return the findings to show: those that can be acted on, the most bytes first."""
    return [finding for finding in analysis.findings if finding.severity is not Severity.NOTE]


def notes(analysis: Analysis) -> list[Finding]:
    """Return the findings that are only counted: information, and what is under 1 MB."""
    return [finding for finding in analysis.findings if finding.severity is Severity.NOTE]


def first_mends(analysis: Analysis, count: int) -> list[Finding]:
    """Return the findings whose mends to do first: the most bytes for the least risk.

    Risky ones are not among them, as the prediction does not count them. Of two with the same
    mend only the first is named; what saves under a hundredth of the image waits.
    """
    least = analysis.sizes.layer_bytes / 100
    chosen: list[Finding] = []
    seen: set[str] = set()
    order = {Safety.SAFE: 0, Safety.REVIEW: 1, Safety.RISKY: 2}
    for finding in sorted(
        causes_that_matter(analysis), key=lambda each: (order[each.safety], -each.bytes)
    ):
        new = finding.fix.snippet not in seen and finding.safety is not Safety.RISKY
        if new and finding.bytes >= least:
            seen.add(finding.fix.snippet)
            chosen.append(finding)
    # What saves the most comes first; among equals, what is safe.
    chosen.sort(key=lambda each: -each.bytes)
    return sorted(chosen[:count], key=lambda each: order[each.safety])


def wasted(layer: LayerSummary) -> str:
    """Return what of a layer nobody sees: its bytes, a dash for none, ? when it is not known."""
    if layer.wasted_bytes is None:
        return "?"
    return format_bytes(layer.wasted_bytes) if layer.wasted_bytes else "–"


def made_by(layer: LayerSummary) -> str:
    """Return a layer's instruction, or what is known instead."""
    if layer.problem:
        return f"size unknown: {layer.problem}"
    return layer.instruction or "(the history does not say)"


def predictions(analysis: Analysis) -> Iterator[tuple[str, str, str]]:
    """Yield the image after the safe mends, and after those for review: what, size, saving."""
    prediction = analysis.prediction
    for name, outcome, before in (
        ("after the safe fixes", prediction.safe, 0),
        ("and after those to review", prediction.review, prediction.safe.bytes),
    ):
        if outcome.bytes > before:
            about = "about " if outcome.estimate else ""
            yield (
                name,
                f"{about}{format_bytes(outcome.layer_bytes)}",
                f"{about}{format_bytes(outcome.bytes)} less",
            )
