"""What must be true of every analysis; cheap enough to be asked every time.

A breach is a fault of imgdiag's: better no number than a wrong one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from imgdiag.analysis import Analysis
from imgdiag.errors import ImgdiagError
from imgdiag.facts.facts import Facts
from imgdiag.filesystem import File
from imgdiag.scanner.tree import Tree


class Breach(ImgdiagError):
    """An analysis's numbers contradict each other: a fault of imgdiag's, never of the image."""


def hold(analysis: Analysis, facts: Facts) -> None:
    """Raise Breach when the numbers of an analysis do not add up."""
    _raise_first(breaches(analysis, facts))


def hold_tree(analysis: Analysis, tree: Tree) -> None:
    """Raise Breach when the tree of an image has other numbers than its analysis."""
    _raise_first(tree_breaches(analysis, tree))


def _raise_first(breaches: Iterator[str]) -> None:
    for breach in breaches:
        raise Breach(
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
    yield from _layer_breaches(analysis)
    by_cause = sum(waste.bytes for waste in analysis.waste)
    if sizes.wasted_bytes != by_cause and analysis.route != "quick":
        yield "the causes of waste do not add up to the wasted bytes"
    package_bytes = analysis.package_bytes
    owned = package_bytes + analysis.system_package_bytes
    if owned + analysis.unattributed_bytes != sizes.visible_bytes:
        yield (
            f"packages own {owned:,} bytes and nobody {analysis.unattributed_bytes:,}, "
            f"which is not the {sizes.visible_bytes:,} that are visible"
        )
    if any(row.bytes < 0 for row in analysis.unattributed):
        yield "a folder holds less than nothing of nobody's"
    for package in analysis.packages:
        if not package.bytes <= package.retained_bytes <= package_bytes:
            yield f"what goes with {package.name} is less than it has, or more than there is"
    for finding in analysis.findings:
        if finding.claim.layer_bytes > sizes.layer_bytes:
            yield f"{finding.rule} claims more than there is"
        if finding.claim.visible_bytes > sizes.visible_bytes:
            yield f"{finding.rule} claims more than is visible"
    for outcome in (analysis.prediction.safe, analysis.prediction.review):
        if not 0 <= outcome.visible_bytes <= outcome.layer_bytes <= sizes.layer_bytes:
            yield "the prediction is out of bounds"
    # A file that several findings claim goes once.
    claimed = set[File]().union(*(finding.claim.files for finding in analysis.findings))
    if sizes.layer_bytes - analysis.prediction.review.layer_bytes > sum(
        file.size for file in claimed
    ):
        yield "the prediction takes more than the findings claim"
    mended = sum(fix.bytes for fix in analysis.prediction.fixes)
    if mended != sizes.layer_bytes - analysis.prediction.review.layer_bytes:
        yield "the mends do not add up to the prediction"
    for table in analysis.tables:
        if sum(row.bytes for row in table.rows) > table.bytes:
            yield f"the children of /{table.path} are more than it holds"


def tree_breaches(analysis: Analysis, tree: Tree) -> Iterator[str]:
    """Yield each number of `tree` that is not the analysis' own.

    By layer, what is seen and what is hidden; by package, what it owns. A quick analysis knows
    only what is visible in all.
    """
    visible: dict[int, int] = defaultdict(int)
    wasted: dict[int, int] = defaultdict(int)
    owned: dict[int, int] = defaultdict(int)
    for content in tree.contents:
        visible[content.layer] += content.visible_bytes
        wasted[content.layer] += content.wasted_bytes
        owner = tree.owners[content.node]
        if owner is not None:
            owned[owner] += content.visible_bytes
    if sum(visible.values()) != analysis.sizes.visible_bytes:
        yield f"the tree has {sum(visible.values()):,} visible bytes"
    if analysis.route != "quick":
        for layer in analysis.layers:
            if (visible[layer.index], wasted[layer.index]) != (
                layer.visible_bytes,
                layer.wasted_bytes,
            ):
                yield f"layer {layer.index} has other bytes in the tree"
    packages = [(each.name, each.bytes) for each in analysis.packages]
    packages += [(each.name, each.bytes) for each in analysis.system_packages]
    for owner, (name, size) in enumerate(packages):
        if owned[owner] > size:
            yield f"{name} has more bytes in the tree"


def _layer_breaches(analysis: Analysis) -> Iterator[str]:
    """Yield what is wrong between the layers, their waste and the image."""
    sizes, layers = analysis.sizes, analysis.layers
    wasted: dict[int, int] = defaultdict(int)
    for waste in analysis.waste:
        wasted[waste.created_in] += waste.bytes
        if not 0 <= waste.created_in <= waste.hidden_in < len(layers):
            yield f"layer {waste.hidden_in} hides what layer {waste.created_in} is still to make"
    for layer in layers:
        if layer.visible_bytes is None or layer.wasted_bytes is None:
            continue  # --quick does not know them
        if layer.layer_bytes != layer.visible_bytes + layer.wasted_bytes or layer.wasted_bytes < 0:
            yield f"layer {layer.index} does not add up"
        if layer.wasted_bytes != wasted[layer.index]:
            yield f"the causes of waste in layer {layer.index} do not add up"
    total = sum(layer.layer_bytes for layer in layers)
    if total != sizes.layer_bytes and analysis.route != "quick":
        yield "the layers do not add up to the image"
    transfers = [layer.transfer_bytes for layer in layers]
    if sizes.transfer_bytes is not None and sizes.transfer_bytes != sum(
        transfer or 0 for transfer in transfers
    ):
        yield "the layers' downloads do not add up to the image's"
