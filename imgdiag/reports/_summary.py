"""What the reports for people have in common: which things matter, and in what order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from imgdiag.analysis import Analysis, EnvironmentSummary, LayerSummary
from imgdiag.facts.purpose import Target
from imgdiag.facts.steps import RunEdit
from imgdiag.finding import WARNING_BYTES, Finding, Fix, Safety, Severity
from imgdiag.gate.gate import GOOD_BYTES, NORMAL_BYTES, Check, Gate, verdict
from imgdiag.gate.waivers import T, Waivers
from imgdiag.scanner.usage import UsageRow
from imgdiag.units import counted, format_bytes, format_share

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


def tone(analysis: Analysis) -> str:
    """Return what the verdict comes to: good, normal or bad."""
    if any(layer.problem for layer in analysis.layers):
        return "bad"
    size = analysis.sizes.layer_bytes
    return "good" if size < GOOD_BYTES else "normal" if size <= NORMAL_BYTES else "bad"


def size_rows(analysis: Analysis) -> Iterator[tuple[str, str, str]]:
    """Yield each meaning of 'size' that is known: its name, its bytes, what it is."""
    sizes = analysis.sizes
    quick = analysis.route == "quick"
    counted = "as the engine counts them" if quick else "what a disk holds"
    yield "layers", format_bytes(sizes.layer_bytes), f"files in all layers: {counted}"
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


@dataclass(frozen=True, slots=True)
class Reason:
    """Why an image is big: findings that one mend answers, the largest first."""

    findings: tuple[Finding, ...]
    bytes: int  # what they claim together, each byte once

    @property
    def rules(self) -> str:
        """Return the names of the rules."""
        return ", ".join(dict.fromkeys(each.rule for each in self.findings))

    @property
    def safety(self) -> Safety:
        """Return what the mend may change for the running container."""
        return self.findings[0].safety

    @property
    def message(self) -> str:
        """Return what was found, in sentences."""
        return ". ".join(each.message for each in self.findings)


def reasons(analysis: Analysis) -> list[Reason]:
    """Return what can be acted on, the most bytes first; what has one mend is one reason."""
    groups: dict[tuple[Safety, str], list[Finding]] = {}
    for finding in analysis.findings:
        if finding.severity is not Severity.NOTE and not finding.hazard:
            groups.setdefault((finding.safety, finding.fix.snippet), []).append(finding)
    found = [Reason(tuple(group), _bytes_of(group)) for group in groups.values()]
    return sorted(found, key=lambda each: -each.bytes)


def _bytes_of(findings: list[Finding]) -> int:
    if len(findings) == 1:
        return findings[0].bytes
    files = {file for each in findings for file in each.claim.files}
    return sum(file.size for file in files) - max(each.replacement_bytes for each in findings)


def overlaps(analysis: Analysis, gate: Gate) -> bool:
    """Tell whether the mends that are advised take less than what their findings claim."""
    advised = (
        each.bytes
        for each in reasons(analysis)
        if any(gate.waivers.of(finding) is None for finding in each.findings)
    )
    return sum(advised) > analysis.prediction.review.bytes


def hazards(analysis: Analysis) -> list[Finding]:
    """Return the warnings: what the image's own history did breaks something."""
    return [finding for finding in analysis.findings if finding.hazard]


def notes(analysis: Analysis) -> list[Finding]:
    """Return the findings that are only counted: information, and what is under 1 MB."""
    return [finding for finding in analysis.findings if finding.severity is Severity.NOTE]


def note_lines(analysis: Analysis) -> Iterator[str]:
    """Yield the findings that are only counted, in a line for each kind of them."""
    large = [each for each in notes(analysis) if each.bytes >= WARNING_BYTES]
    of_base = [each for each in large if each.in_base]
    if of_base:
        yield f"In the base image, and gone only with another: {by_rule(of_base)}"
    if rest := [each for each in large if not each.in_base]:
        yield f"For information: {by_rule(rest)}"
    if small := [each for each in notes(analysis) if each.bytes < WARNING_BYTES]:
        files = {file for each in small for file in each.claim.files}
        count = counted(len(small), "more finding")
        together = " together" * (len(small) != 1)
        yield f"{count} under 1 MB: {format_bytes(sum(file.size for file in files))}{together}"


def by_rule(findings: Iterable[Finding]) -> str:
    """Return the rules of findings with their bytes, the most first."""
    sizes: dict[str, int] = {}
    for finding in findings:
        sizes[finding.rule] = sizes.get(finding.rule, 0) + finding.bytes
    ordered = sorted(sizes, key=lambda rule: (-sizes[rule], rule))
    return ", ".join(f"{rule} {format_bytes(sizes[rule])}" for rule in ordered)


@dataclass(frozen=True, slots=True)
class Mend:
    """A mend to do, in its place among those before it.

    `bytes` is what it takes away beyond them, and `snippet` has their changes of the same RUN in
    it when `includes_earlier`.
    """

    finding: Finding
    bytes: int
    snippet: str
    includes_earlier: bool


def nothing_to_mend(analysis: Analysis) -> str:
    """Return what to say where there is nothing to mend, with what the image is made of."""
    sizes = [(each.bytes, each.name) for each in analysis.packages]
    sizes += [(each.bytes, each.name) for each in analysis.system_packages]
    sizes += [(row.bytes, place(row)) for row in analysis.unattributed if row.path]
    largest = sorted(sizes, key=lambda each: -each[0])[:3]
    text = "Nothing here to mend: no finding of 1 MB or more."
    if named := ", ".join(f"{name} {format_bytes(size)}" for size, name in largest if size):
        text += f" The largest: {named}."
    return text


def first_mends(analysis: Analysis, count: int) -> list[Mend]:
    """Return the mends to do first: safe ones, then those for review, each by what it adds.

    Risky ones are not among them, as the prediction does not count them. Of two with the same
    mend only the first is named; what adds under a hundredth of the image waits.
    """
    least = analysis.sizes.layer_bytes / 100
    added = {fix.finding: fix.bytes for fix in analysis.prediction.fixes}
    chosen: list[Finding] = []
    seen: set[str] = set()
    for finding in sorted(added, key=lambda each: -added[each]):
        if added[finding] >= least and finding.fix.snippet not in seen:
            seen.add(finding.fix.snippet)
            chosen.append(finding)
    order = {Safety.SAFE: 0, Safety.REVIEW: 1}
    chosen = sorted(chosen[:count], key=lambda each: order[each.safety])
    return put_together(chosen, added)


def put_together(findings: Iterable[Finding], added: Mapping[Finding, int]) -> list[Mend]:
    """Return the mends of `findings`, each with the changes that earlier ones make to its RUNs."""
    mends: list[Mend] = []
    edits: dict[int, RunEdit] = {}
    home: dict[int, int] = {}  # where a RUN has moved to
    for finding in findings:
        snippet, includes_earlier = finding.fix.snippet, False
        whole: dict[int, RunEdit] = {}
        for edit in finding.fix.edits:
            layer = home.get(edit.layer, edit.layer)
            includes_earlier |= layer in edits
            new = edits[layer].merged(edit) if layer in edits else edit
            for moved, _ in new.joined:
                home[moved] = layer
                if moved in edits:
                    includes_earlier = True
                    new = new.merged(edits.pop(moved))
            edits[layer] = whole[layer] = new
        if whole:
            snippet = finding.fix.with_edits(whole[layer] for layer in sorted(whole))
        mends.append(Mend(finding, added[finding], snippet, includes_earlier))
    return mends


def mend_line(mend: Mend) -> str:
    """Return what a mend is and what it adds, in a sentence."""
    about = "about " if mend.finding.estimate else ""
    text = (
        f"{mend.finding.fix.summary} ({mend.finding.rule}, {mend.finding.safety}: "
        f"{about}{format_bytes(mend.bytes)} less)"
    )
    return text + ", together with the mend above" * mend.includes_earlier


_FOR_A_CPU = frozenset(("cuda-torch", "gpu-build", "nvidia-orphans", "triton-in-cpu"))


def purpose_line(analysis: Analysis) -> str:
    """Return what the image is meant to run on, "" where that makes no difference."""
    purpose = analysis.purpose
    if purpose.declared:
        return f"Meant for a {purpose.target.upper()}, as {purpose.evidence} says"
    if purpose.target is not Target.UNKNOWN:
        other = Target.CPU if purpose.is_gpu else Target.GPU
        return f"Meant for a {purpose.target.upper()} ({purpose.evidence}); --{other} if it is not"
    if _FOR_A_CPU & {finding.rule for finding in analysis.findings}:
        return "Nothing in it says whether it is meant for a GPU; --gpu or --cpu changes the advice"
    return ""


def environment_name(environment: EnvironmentSummary) -> str:
    """Return an environment's folder and kind, such as `/app/.venv (venv by uv, Python 3.12)`.

    One with a root of its own is named by that, another by the folder of packages itself.
    """
    whole = environment.kind in ("venv", "conda", "standalone")
    path = environment.prefix if whole else environment.path
    by = f" by {environment.creator}" if environment.creator else ""
    version = f", Python {environment.python_version}" if environment.python_version else ""
    return f"/{path} ({environment.kind}{by}{version})"


def use(environment: EnvironmentSummary) -> str:
    """Return whether the image's program uses an environment, in words."""
    return {True: "in use", False: "not in use", None: "not known whether in use"}[
        environment.in_use
    ]


def owners_line(analysis: Analysis) -> str:
    """Return how Python's packages, the system's and the rest add up."""
    parts = [(analysis.package_bytes, "Python's packages")] if analysis.packages else []
    if analysis.system_packages:
        parts.append((analysis.system_package_bytes, "the system's"))
    parts.append((analysis.unattributed_bytes, "no package's"))
    text = " + ".join(f"{name} {format_bytes(size)}" for size, name in parts)
    text = text[:1].upper() + text[1:]
    return f"{text} = visible {format_bytes(analysis.sizes.visible_bytes)}"


def place(row: UsageRow) -> str:
    """Return where bytes of nobody are: a folder, or what has no row of its own."""
    return f"/{row.path}" if row.path else "elsewhere"


def rest_of_packages(bytes_of: Sequence[int]) -> str:
    """Return the line for packages that a table leaves out, "" when it leaves none out."""
    if not bytes_of:
        return ""
    return f"{counted(len(bytes_of), 'more package')} {format_bytes(sum(bytes_of))}"


def wasted(layer: LayerSummary) -> str:
    """Return what of a layer nobody sees: its bytes, a dash for none, ? when it is not known."""
    if layer.wasted_bytes is None:
        return "?"
    return format_bytes(layer.wasted_bytes) if layer.wasted_bytes else "–"


def made_by(layer: LayerSummary) -> str:
    """Return a layer's instruction, or what is known instead."""
    if layer.problem:
        return f"size unknown: {layer.problem}"
    text = layer.instruction or "(the history does not say)"
    return f"base image {layer.base_image}: {text}" if layer.base_image else text


def dockerfile_line(analysis: Analysis) -> str:
    """Return what is known of the Dockerfile in a line, "" when there is none."""
    return f"{analysis.dockerfile.path}: {analysis.dockerfile.note}" if analysis.dockerfile else ""


def has_lines(analysis: Analysis) -> bool:
    """Tell whether layers are known by their lines of a Dockerfile."""
    return analysis.dockerfile is not None and analysis.dockerfile.fits


def line_of(layer: LayerSummary) -> str:
    """Return where in the Dockerfile a layer was made, a dash where that is not known."""
    return str(layer.lines or "–")


def fix_place(fix: Fix) -> str:
    """Return where the lines of a mend go: a file, and the lines of the RUNs it rewrites."""
    places = dict.fromkeys(edit.step.place for edit in fix.edits)
    return fix.target if not places or "" in places else ", ".join(places)


def predictions(analysis: Analysis) -> Iterator[tuple[str, str, str]]:
    """Yield the image after the safe mends, and after those for review: what, size, saving."""
    prediction = analysis.prediction
    for name, outcome, before in (
        (f"after {_all(analysis, Safety.SAFE)}", prediction.safe, 0),
        (f"after {_all(analysis, Safety.REVIEW)} too", prediction.review, prediction.safe.bytes),
    ):
        if outcome.bytes > before:
            about = "about " if outcome.estimate else ""
            yield (
                name,
                f"{about}{format_bytes(outcome.layer_bytes)}",
                f"{about}{format_bytes(outcome.bytes)} less",
            )


def _all(analysis: Analysis, safety: Safety) -> str:
    count = sum(fix.finding.safety is safety for fix in analysis.prediction.fixes)
    what = "safe mend" if safety is Safety.SAFE else "mend for review"
    return f"the {what}" if count == 1 else f"all {count} {what.replace('mend', 'mends')}"


def gate_verdict(gate: Gate) -> str:
    """Return the verdict in a word."""
    return "FAILED" if not gate.passed else "passed" if gate.checks else "not checked"


def check_text(check: Check) -> str:
    """Return all that is to be said of a check: what was measured, the most of it, the message."""
    return "\n".join((check.detail, *more_lines(check)))


def more_lines(check: Check) -> tuple[str, ...]:
    """Return what is to be said of a check beyond its verdict."""
    return tuple(filter(None, (parts_line(check), check.message)))


def parts_line(check: Check) -> str:
    """Return what has the most of what a budget limits, "" when the budget holds."""
    if not check.parts:
        return ""
    parts = (f"{format_bytes(each.bytes)} {each.what}" for each in check.parts)
    return f"The most: {'; '.join(parts)}"


def waivers_line(waivers: Waivers[T]) -> str:
    """Return how many findings are waived, and how many waivers do nothing."""
    count = len(waivers.waived)
    parts = [f"{counted(count, 'finding')} waived"] if count else []
    parts += [f"{len(waivers.expired)} expired"] if waivers.expired else []
    parts += [f"{len(waivers.unused)} unused"] if waivers.unused else []
    return ", ".join(parts)


def waived(gate: Gate, findings: Sequence[Finding]) -> str:
    """Return what to say beside findings that are waived, "" when none of them is."""
    waivers = [waiver for each in findings if (waiver := gate.waivers.of(each))]
    if not waivers:
        return ""
    if len(waivers) < len(findings):
        return f", {len(waivers)} of {len(findings)} waived"
    return f", waived until {min(each.expires for each in waivers)}"
