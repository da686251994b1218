"""The way of the data: the only place that calls the rooms, in order."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from imgdiag import invariants, inventory, sources, summaries
from imgdiag.analysis import (
    Analysis,
    LayerSummary,
    Sizes,
)
from imgdiag.capture import CAPTURE, CAPTURE_IMPORTS
from imgdiag.errors import JsonInstead, within
from imgdiag.facts.facts import Facts
from imgdiag.facts.purpose import Target
from imgdiag.facts.steps import sets_times
from imgdiag.filesystem import merge
from imgdiag.finding import Finding
from imgdiag.gate.files import Files
from imgdiag.image import instruction
from imgdiag.layers.walk import Layer
from imgdiag.prediction import Outcome, Prediction, predict
from imgdiag.project.choice import Choice
from imgdiag.rules import find_all
from imgdiag.scanner.tree import build_tree
from imgdiag.sources.base import Request, SourceImage

if TYPE_CHECKING:
    from imgdiag.comparison import Comparison, Snapshot

_LARGEST = 20  # files


def analyze(
    reference: str,
    request: Request | None = None,
    *,
    declared: Target | None = None,
    dockerfile: Choice | None = None,
    check_imports: bool = False,
) -> Analysis:
    """Analyse the image that `reference` names: a tag, a file, a folder, or `-` for a pipe.

    `declared` is what the user says that the image is meant to run on; `dockerfile` is used where
    it fits the image. `check_imports` reads every Python source too, to prove which folders
    nothing imports. Nothing of the image is run and nothing is written. Raises ImgdiagError.
    """
    capture = CAPTURE_IMPORTS if check_imports else CAPTURE
    image = sources.load_layers(reference, request or Request(), capture)
    return examine(image, declared, dockerfile, sources_read=check_imports)


def examine(
    image: SourceImage[Layer],
    declared: Target | None = None,
    dockerfile: Choice | None = None,
    *,
    sources_read: bool = False,
) -> Analysis:
    """Measure and judge an image whose layers have been read."""
    return judge(image, measure(image, declared, dockerfile, sources_read=sources_read))


def measure(
    image: SourceImage[Layer],
    declared: Target | None = None,
    dockerfile: Choice | None = None,
    *,
    sources_read: bool = False,
) -> Facts:
    """Merge an image's layers: all that is known of it before it is judged."""
    commands = [instruction(image.config.created_by(index)) for index in range(len(image.layers))]
    filesystem = merge(
        [layer.content for layer in image.layers],
        frozenset(index for index, command in enumerate(commands) if sets_times(command)),
        image.limits,
    )
    unread = [index for index, layer in enumerate(image.layers) if layer.content is None]
    return Facts(
        config=image.config,
        filesystem=filesystem,
        declared=declared,
        dockerfile=dockerfile.alignment(image.config) if dockerfile else None,
        sources_read=sources_read,
        unread=f"layer {unread[0]} could not be read" if unread else "",
    )


def judge(image: SourceImage[Layer], facts: Facts) -> Analysis:
    """Find what can be mended, predict what is left then, and hold the numbers to each other."""
    findings = find_all(facts)
    analysis = Analysis(
        reference=image.reference,
        source=image.source,
        route=image.route,
        route_note=image.route_note,
        config=image.config,
        sizes=summaries.sizes(image, facts),
        layers=summaries.placed(summaries.layers(image, facts), facts.dockerfile),
        waste=summaries.waste(facts),
        tables=summaries.tables(facts),
        largest_files=tuple(facts.usage.largest_files(_LARGEST)),
        environments=inventory.environments(facts),
        interpreters=inventory.interpreters(facts),
        packages=inventory.packages(facts),
        system_packages=inventory.system_packages(facts),
        unattributed=facts.unattributed,
        folders=facts.folders,
        purpose=facts.purpose,
        torches=facts.torches,
        findings=findings,
        prediction=predict(facts, findings),
        skipped=summaries.skipped(image),
        warnings=summaries.warnings(image, facts),
        files=Files(facts),
        dockerfile=facts.dockerfile,
        tree=partial(build_tree, facts),
        predict=partial(predict, facts),
    )
    invariants.hold(analysis, facts)
    return analysis


def compare(
    base: str,
    head: str,
    request: Request | None = None,
    *,
    declared: Target | None = None,
    dockerfile: Choice | None = None,
    check_imports: bool = False,
) -> Comparison:
    """Compare two images, each a reference or a saved JSON report, told by what it holds.

    The second is read when nothing is left of the first but what is compared. The options are for
    both, as in `analyze`. Raises ImgdiagError.
    """
    from imgdiag import comparison  # of which a single analysis has no use
    from imgdiag.comparison import saved

    # Reports first: what is wrong with one is said at once, not after an image was read.
    reports = {
        each: saved.read_report(Path(each)) for each in (base, head) if saved.is_report(Path(each))
    }

    def snapshot(reference: str) -> Snapshot:
        if reference in reports:
            return reports[reference]
        try:
            analysis = analyze(
                reference,
                request,
                declared=declared,
                dockerfile=dockerfile,
                check_imports=check_imports,
            )
        except JsonInstead as error:  # in a pipe: what it is, only its content tells
            with within("standard input" if reference == "-" else reference):
                return saved.parse_report(error.data)
        return comparison.snapshot(analysis)

    before = snapshot(base)
    return comparison.compare(before, snapshot(head))


def analyze_quickly(
    reference: str,
    request: Request | None = None,
    *,
    declared: Target | None = None,
    dockerfile: Choice | None = None,
) -> Analysis:
    """Analyse an engine's image by its history and a scan in a throw-away container.

    This runs the image's own Python or find. Raises ImgdiagError.
    """
    from imgdiag import quick  # with all of the scanner behind it, which nothing else needs here

    image = quick.load(reference, request or Request())
    alignment = dockerfile.alignment(image.config) if dockerfile else None
    filesystem = merge([image.visible])
    # Which layer holds what is not known, so no finding may speak of instructions.
    facts = Facts(
        config=replace(image.config, history=()), filesystem=filesystem, declared=declared
    )
    findings = tuple(
        replace(each, claim=replace(each.claim, layers=())) for each in find_all(facts)
    )
    visible = filesystem.visible_bytes
    total = max(sum(image.layer_sizes), visible)

    def predicted(some: Iterable[Finding]) -> Prediction:
        prediction = predict(facts, some)
        return replace(
            prediction,
            safe=_of_whole(prediction.safe, total - visible),
            review=_of_whole(prediction.review, total - visible),
        )

    layers = (
        LayerSummary(
            index=index,
            diff_id=image.config.diff_ids[index],
            digest=None,
            created_by=image.config.created_by(index),
            instruction=instruction(image.config.created_by(index)),
            layer_bytes=size,
            visible_bytes=None,
            wasted_bytes=None,
            transfer_bytes=None,
            files=None,
            problem="",
        )
        for index, size in enumerate(image.layer_sizes)
    )
    analysis = Analysis(
        reference=image.reference,
        source="docker",
        route="quick",
        route_note="",
        config=image.config,
        sizes=Sizes(
            layer_bytes=total,
            visible_bytes=visible,
            wasted_bytes=total - visible,
            transfer_bytes=None,
            engine_bytes=image.engine_bytes,
            symlink_bytes=0,
        ),
        layers=summaries.placed(layers, alignment),
        waste=(),
        tables=summaries.tables(facts),
        largest_files=tuple(facts.usage.largest_files(_LARGEST)),
        environments=inventory.environments(facts),
        interpreters=inventory.interpreters(facts),
        packages=tuple(replace(each, layers=()) for each in inventory.packages(facts)),
        system_packages=tuple(
            replace(each, layers=()) for each in inventory.system_packages(facts)
        ),
        unattributed=facts.unattributed,
        folders=tuple(replace(each, made_by=()) for each in facts.folders),
        purpose=facts.purpose,
        torches=facts.torches,
        findings=findings,
        prediction=predicted(findings),
        skipped=image.skipped,
        warnings=(*image.config.warnings, *filesystem.warnings, *facts.limits),
        files=Files(facts),
        dockerfile=alignment,
        tree=partial(build_tree, facts),
        predict=predicted,
    )
    invariants.hold(analysis, facts)
    return analysis


def _of_whole(outcome: Outcome, hidden_bytes: int) -> Outcome:
    """Return an outcome for visible bytes as one for the image with its unexplained waste."""
    return replace(outcome, layer_bytes=outcome.layer_bytes + hidden_bytes, estimate=True)
