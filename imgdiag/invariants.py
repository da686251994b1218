"""What must be true of every analysis; cheap enough to be asked every time.

A breach is a fault of imgdiag's: better no number than a wrong one.
"""

from __future__ import annotations

from collections.abc import Iterator

from imgdiag.analysis import Analysis
from imgdiag.errors import ImgdiagError
from imgdiag.facts import Facts


def hold(analysis: Analysis, facts: Facts) -> None:
    """Raise ImgdiagError when the numbers of an analysis do not add up."""
    for breach in breaches(analysis, facts):
        raise ImgdiagError(
            f"imgdiag's numbers do not add up: {breach}",
            hint="This is a fault of imgdiag: please report it with the file that "
            "'imgdiag skeleton' makes of this image",
        )


def breaches(analysis: Analysis, facts: Facts) -> Iterator[str]:
    """Yield each statement that should hold and does not."""
    sizes = analysis.sizes
    seen = facts.usage.bytes_below(facts.filesystem.root)
    if sizes.layer_bytes != sizes.visible_bytes + sizes.wasted_bytes:
        yield "layer bytes are not visible plus wasted bytes"
    if sizes.visible_bytes != seen:
        yield f"{sizes.visible_bytes:,} visible bytes, and {seen:,} below the root"
    by_cause = sum(waste.bytes for waste in analysis.waste)
    if sizes.wasted_bytes != by_cause and analysis.route != "quick":
        yield "the causes of waste do not add up to the wasted bytes"
    owned = analysis.package_bytes + analysis.system_package_bytes
    if owned + analysis.unattributed_bytes != sizes.visible_bytes:
        yield (
            f"packages own {owned:,} bytes and nobody {analysis.unattributed_bytes:,}, "
            f"which is not the {sizes.visible_bytes:,} that are visible"
        )
    if any(row.bytes < 0 for row in analysis.unattributed):
        yield "a folder holds less than nothing of nobody's"
    for package in analysis.packages:
        if not package.bytes <= package.retained_bytes <= analysis.package_bytes:
            yield f"what goes with {package.name} is less than it has, or more than there is"
    for layer in analysis.layers:
        if layer.visible_bytes is None or layer.wasted_bytes is None:
            continue
        if layer.layer_bytes != layer.visible_bytes + layer.wasted_bytes or layer.wasted_bytes < 0:
            yield f"layer {layer.index} does not add up"
    for finding in analysis.findings:
        if finding.claim.layer_bytes > sizes.layer_bytes:
            yield f"{finding.rule} claims more than there is"
        if finding.claim.visible_bytes > sizes.visible_bytes:
            yield f"{finding.rule} claims more than is visible"
    for outcome in (analysis.prediction.safe, analysis.prediction.review):
        if not 0 <= outcome.visible_bytes <= outcome.layer_bytes <= sizes.layer_bytes:
            yield "the prediction is out of bounds"
    for table in analysis.tables:
        if sum(row.bytes for row in table.rows) > table.bytes:
            yield f"the children of /{table.path} are more than it holds"
