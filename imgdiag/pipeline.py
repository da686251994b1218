"""The way of the data: the only place that calls the rooms, in order."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import partial
from heapq import nsmallest
from pathlib import Path
from typing import TYPE_CHECKING

from imgdiag import invariants, inventory, sources
from imgdiag.analysis import (
    Analysis,
    LayerSummary,
    Package,
    Sizes,
    Skipped,
    UsageTable,
    Waste,
)
from imgdiag.capture import CAPTURE, CAPTURE_IMPORTS
from imgdiag.errors import JsonInstead, within
from imgdiag.facts.facts import Facts
from imgdiag.facts.purpose import Target
from imgdiag.filesystem import Cause, Directory, merge
from imgdiag.finding import Finding
from imgdiag.gate.files import Files
from imgdiag.image import instruction
from imgdiag.layers.walk import Layer
from imgdiag.prediction import Outcome, Prediction, predict
from imgdiag.project.alignment import Alignment
from imgdiag.project.choice import Choice
from imgdiag.rules import find_all
from imgdiag.rules._shell import sets_times
from imgdiag.scanner.tree import build_tree
from imgdiag.sources.base import Request, SourceImage

if TYPE_CHECKING:
    from imgdiag.comparison import Comparison, Snapshot

_ROWS = 15  # of a du table
_FILES = 20
_EXAMPLES = 5


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
        sizes=_sizes(image, facts),
        layers=_placed(_layers(image, facts), facts.dockerfile),
        waste=_waste(facts),
        tables=tuple(_tables(facts)),
        largest_files=tuple(facts.usage.largest_files(_FILES)),
        environments=inventory.environments(facts),
        interpreters=inventory.interpreters(facts),
        packages=tuple(_packages(facts)),
        system_packages=inventory.system_packages(facts),
        unattributed=facts.unattributed,
        folders=facts.folders,
        purpose=facts.purpose,
        torches=facts.torches,
        findings=findings,
        prediction=predict(facts, findings),
        skipped=tuple(
            Skipped(f"layer {index} ({layer.digest or layer.diff_id})", layer.problem)
            for index, layer in enumerate(image.layers)
            if layer.content is None
        ),
        warnings=tuple(_warnings(image, facts)),
        files=Files(facts),
        dockerfile=facts.dockerfile,
        tree=partial(build_tree, facts),
        predict=partial(predict, facts),
        is_skeleton=image.is_skeleton,
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
        layers=_placed(layers, alignment),
        waste=(),
        tables=tuple(_tables(facts)),
        largest_files=tuple(facts.usage.largest_files(_FILES)),
        environments=inventory.environments(facts),
        interpreters=inventory.interpreters(facts),
        packages=tuple(replace(each, layers=()) for each in _packages(facts)),
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


def _sizes(image: SourceImage[Layer], facts: Facts) -> Sizes:
    transfers = [layer.transfer_bytes for layer in image.layers]
    known = [transfer for transfer in transfers if transfer is not None]
    return Sizes(
        layer_bytes=facts.filesystem.layer_bytes,
        visible_bytes=facts.filesystem.visible_bytes,
        wasted_bytes=facts.filesystem.wasted_bytes,
        transfer_bytes=sum(known) if len(known) == len(transfers) else None,
        engine_bytes=image.engine_bytes,
        symlink_bytes=facts.filesystem.symlink_bytes,
    )


def _layers(image: SourceImage[Layer], facts: Facts) -> Iterator[LayerSummary]:
    for index, (layer, sizes) in enumerate(zip(image.layers, facts.filesystem.layers, strict=True)):
        yield LayerSummary(
            index=index,
            diff_id=layer.diff_id,
            digest=layer.digest,
            created_by=image.config.created_by(index),
            instruction=facts.instruction(index),
            layer_bytes=sizes.layer_bytes,
            visible_bytes=sizes.visible_bytes,
            wasted_bytes=sizes.wasted_bytes,
            transfer_bytes=layer.transfer_bytes,
            files=sizes.files,
            problem=layer.problem,
        )


def _placed(
    layers: Iterable[LayerSummary], alignment: Alignment | None
) -> tuple[LayerSummary, ...]:
    """Return layers with the lines that made them, or the base image that brought them."""
    if alignment is None or not alignment.fits:
        return tuple(layers)
    base = alignment.base_layers or 0
    return tuple(
        replace(
            layer,
            lines=alignment.layers.get(layer.index),
            base_image=alignment.base_image if layer.index < base else "",
        )
        for layer in layers
    )


def _waste(facts: Facts) -> tuple[Waste, ...]:
    waste = (
        Waste(
            cause=cause,
            created_in=created_in,
            hidden_in=hidden_in,
            bytes=sum(each.file.size for each in group),
            files=len(group),
            examples=tuple(
                each.path
                for each in nsmallest(_EXAMPLES, group, lambda each: (-each.file.size, each.path))
            ),
        )
        for (cause, created_in, hidden_in), group in facts.hidden_groups.items()
    )
    return tuple(
        sorted(waste, key=lambda each: (-each.bytes, each.created_in, each.hidden_in, each.cause))
    )


def _tables(facts: Facts) -> Iterator[UsageTable]:
    """Yield the tables of the guide: the root, the usual large folders, each environment."""
    titles = {"": "The root", "usr": "/usr", "usr/local": "/usr/local", "opt": "/opt"}
    for environment in facts.environments:
        if environment.prefix != environment.path:
            titles.setdefault(environment.prefix, f"/{environment.prefix} ({environment.kind})")
        titles.setdefault(environment.path, f"/{environment.path}")
    for path, title in titles.items():
        directory = facts.filesystem.find(path)
        rows = facts.usage.table(path)
        if isinstance(directory, Directory) and any(row.bytes for row in rows):
            yield UsageTable(
                path=path,
                title=title,
                bytes=facts.usage.bytes_below(directory),
                rows=tuple(rows[:_ROWS]),
            )


def _packages(facts: Facts) -> Iterator[Package]:
    # A broken upgrade leaves two metadata folders of one name: they go together.
    sizes: dict[tuple[str, str], int] = defaultdict(int)
    for each in facts.distributions:
        sizes[each.environment.path, each.name] += each.bytes
    retained = {
        path: graph.retained_bytes({name: sizes[path, name] for name in graph.requires})
        for path, graph in facts.graphs.items()
    }
    hidden_at = facts.usage.hidden_at()
    for each in facts.distributions:
        path = each.environment.path
        deleted = Counter(
            hidden.hidden_in
            for missing in each.missing_paths
            for hidden in hidden_at.get(missing, ())[-1:]
            if hidden.cause is Cause.DELETED
        )
        yield Package(
            name=each.name,
            version=each.version,
            environment=path,
            installer=each.installer,
            bytes=each.bytes,
            retained_bytes=retained[path][each.name],
            required_by=tuple(sorted(facts.graphs[path].required_by[each.name])),
            requires=tuple(facts.graphs[path].edges(each.name)),
            layers=facts.origins.layers(each.files),
            evidence=each.evidence,
            missing_files=each.missing,
            deleted_files=deleted.total(),
            deleted_in=tuple(sorted(deleted)),
            system_package=each.system_package,
            direct_url=each.direct_url,
            editable=each.is_editable,
        )


def _warnings(image: SourceImage[Layer], facts: Facts) -> Iterator[str]:
    yield from image.warnings
    for index, layer in enumerate(image.layers):
        for warning in layer.content.warnings if layer.content else ():
            yield f"layer {index}: {warning}"
    yield from facts.filesystem.warnings
    yield from facts.limits
    for path, graph in facts.graphs.items():
        yield from (f"/{path}: {warning}" for warning in graph.warnings)
