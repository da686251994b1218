"""What the reports of a comparison for people have in common: the sentences and the rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from imgdiag.comparison import Comparison
from imgdiag.comparison.findings import FindingChange, FindingKind
from imgdiag.comparison.layers import LayerChange, LayerKind
from imgdiag.comparison.packages import (
    Change,
    EnvironmentChange,
    Installed,
    PackageChange,
    SystemChange,
)
from imgdiag.comparison.snapshot import Environment, Layer, Snapshot
from imgdiag.finding import WARNING_BYTES, Severity
from imgdiag.python.requires import Edge, with_extras
from imgdiag.python.root import Root
from imgdiag.text import shortened
from imgdiag.units import counted, format_bytes

_NAMES = 12  # of what one package requires


def image_line(image: Snapshot) -> str:
    """Return which image it is, and how it was read."""
    return f"{image.reference}   {image.platform}   {image.source}, by {image.route}"


def verdict(comparison: Comparison) -> str:
    """Return in a sentence by how much the image grew."""
    before, after = comparison.base.sizes.layer_bytes, comparison.head.sizes.layer_bytes
    growth = comparison.growth
    if comparison.is_unchanged:
        text = f"nothing changed, {format_bytes(after)}"
    elif not growth:
        text = f"the same size, {format_bytes(after)}, and not the same in it"
    else:
        what = "grew" if growth > 0 else "shrank"
        text = (
            f"{what} by {format_bytes(abs(growth))}, {format_bytes(before)} → {format_bytes(after)}"
        )
        if percent := growth_percent(comparison):
            text += f"; {percent}"
    if comparison.is_partial:
        text += "; not all could be read"
    return text


def growth_percent(comparison: Comparison) -> str:
    """Return the growth of the layers, such as `+34 %`, "" where there were none."""
    percent = comparison.growth_percent
    if percent is None:
        return ""
    digits = 0 if abs(percent) >= 10 else 1 if abs(percent) >= 1 else 2
    return f"{percent:+,.{digits}f} %".replace("-", "−")


def signed(count: int) -> str:
    """Return bytes of growth with their sign, such as `+1.20 GB`."""
    if not count:
        return "0 B"
    return f"{'+' if count > 0 else '−'}{format_bytes(abs(count))}"


_SIZES = {
    "layer_bytes": "layers",
    "visible_bytes": "visible",
    "wasted_bytes": "wasted",
    "transfer_bytes": "download",
    "engine_bytes": "engine",
    "symlink_bytes": "symlink targets",
}


def size_rows(comparison: Comparison) -> Iterator[tuple[str, str, str, str]]:
    """Yield each size that is known: its name, before, after, and the growth."""
    for each in comparison.sizes:
        if each.name == "symlink_bytes" and not each.growth:
            continue
        if each.base is not None or each.head is not None:
            yield (
                _SIZES[each.name],
                "?" if each.base is None else format_bytes(each.base),
                "?" if each.head is None else format_bytes(each.head),
                "?" if each.growth is None else signed(each.growth),
            )
    before, after = comparison.base.sizes, comparison.head.sizes
    yield "efficiency", f"{100 * before.efficiency:.1f} %", f"{100 * after.efficiency:.1f} %", ""


def layer_name(layer: Layer, *, of_base: bool) -> str:
    """Return which layer it is, and what made it."""
    at = f"{layer.place}: " if layer.place else ""
    whose = "BASE's layer" if of_base else "layer"
    return f"{whose} {layer.index} ({at}{instruction(layer, 60)})"


def instruction(layer: Layer, width: int) -> str:
    """Return what made a layer in one line."""
    text = shortened(layer.instruction, width) or "the history does not say"
    return f"base image {layer.base_image}: {text}" if layer.base_image else text


def place(path: str) -> str:
    """Return a folder's path; the root's row has what is too little for one of its own."""
    return f"/{path}" if path else "elsewhere"


def environment_title(change: EnvironmentChange) -> str:
    """Return which environment it is and how many packages differ."""
    names = _environment_name(change)
    return f"{names}: {changes(each for each in change.packages)}, {signed(change.growth)}"


def _environment_name(change: EnvironmentChange) -> str:
    before, after = change.base, change.head
    if before is None or after is None:
        return f"{_name(change.shown)}, {'gone' if after is None else 'new'}"
    if _name(before) == _name(after):
        return _name(after)
    return f"{_name(before)} → {_name(after)}"


def _name(environment: Environment) -> str:
    version = f", Python {environment.python_version}" if environment.python_version else ""
    whole = environment.kind in ("venv", "conda", "standalone")  # with a root of its own
    path = environment.prefix if whole else environment.path
    return f"/{path} ({environment.kind}{version})"


def changes(packages: Iterable[PackageChange]) -> str:
    """Return how many packages were added, removed and changed."""
    counts = Counter(each.change for each in packages)
    parts = (
        (counts[Change.ADDED], "added"),
        (counts[Change.REMOVED], "removed"),
        (counts[Change.VERSION], "changed version"),
        (counts[Change.BYTES], "changed size"),
    )
    return ", ".join(f"{count:,} {what}" for count, what in parts if count) or "no package changed"


def package_row(package: PackageChange) -> tuple[str, str, str, str, str]:
    """Return a package's name, its version before and after, its growth, and what brings it."""
    chain = package.chain
    brought = " → ".join(chain[:-1]) if len(chain) > 1 else "asked for" if chain else ""
    return (
        package.name,
        _version(package.base),
        _version(package.head),
        signed(package.growth),
        brought,
    )


def _version(installed: Installed | None) -> str:
    return installed.version if installed else "–"


def system_row(change: SystemChange) -> tuple[str, str, str, str, str]:
    """Return a system package's name, its version before and after, growth, and manager."""
    return (*package_row(change.package)[:4], change.manager)


def root_name(root: Root) -> str:
    """Return what was asked for."""
    return with_extras(root.name, root.extras)


def _names(names: Iterable[str]) -> str:
    """Return names in a row, at most a dozen of them."""
    each = list(dict.fromkeys(names))
    return ", ".join(each[:_NAMES]) + f" and {len(each) - _NAMES:,} more" * (len(each) > _NAMES)


def tree_lines(change: EnvironmentChange, top: int) -> Iterator[tuple[str, str]]:
    """Yield how the tree of requirements differs: a sign and what came or went.

    Of requirements, those of packages that are in both images are named: all that a package
    requires comes and goes with it.
    """
    graph = change.graph
    moved = {each.name for each in change.packages if each.base is None or each.head is None}
    for sign, roots, edges in (
        ("+", graph.roots_new, graph.edges_new),
        ("−", graph.roots_gone, graph.edges_gone),
    ):
        if roots:
            yield sign, f"asked for: {_names(map(root_name, roots))}"
        by_source: dict[str, list[Edge]] = {}
        for edge in edges:
            if edge.source not in moved:
                by_source.setdefault(
                    with_extras(edge.source, (edge.extra,) * bool(edge.extra)), []
                ).append(edge)
        for source, requires in list(by_source.items())[:top]:
            yield (
                sign,
                f"{source} → {_names(with_extras(each.target, each.extras) for each in requires)}",
            )
        rest = len(edges) - sum(len(each) for each in list(by_source.values())[:top])
        if rest:
            of = "new" if sign == "+" else "gone"
            what = f"of packages that are {of}" if len(by_source) <= top else "in all"
            yield sign, f"{counted(rest, 'more requirement')}, {what}"


def layers_line(comparison: Comparison) -> str:
    """Return how many layers are shared, and what has to be fetched by who has BASE."""
    counts = Counter(each.kind for each in comparison.layers)
    parts = ", ".join(f"{counts[kind]:,} {kind}" for kind in LayerKind if counts[kind])
    fetched = comparison.head.sizes.layer_bytes - comparison.shared_bytes
    return f"{parts}; who has BASE stores {format_bytes(max(fetched, 0))} more for HEAD"


def layer_rows(comparison: Comparison, top: int) -> list[LayerChange]:
    """Return the layers with the largest changes, in their order."""
    differing = [each for each in comparison.layers if each.growth]
    largest = sorted(differing, key=lambda each: -abs(each.growth))[:top]
    kept = {id(each) for each in largest}
    return [each for each in differing if id(each) in kept]


def layer_row(change: LayerChange) -> tuple[str, str, str, str, str, str]:
    """Return what became of a layer, its bytes before, after and grown, its line, its maker."""
    layer = change.shown
    return (
        change.kind.value,
        format_bytes(change.base.layer_bytes) if change.base else "–",
        format_bytes(change.head.layer_bytes) if change.head else "–",
        signed(change.growth),
        layer.place or "–",
        instruction(layer, 200),
    )


def has_places(comparison: Comparison) -> bool:
    """Tell whether layers are known by their lines of a Dockerfile."""
    return any(each.shown.place for each in comparison.layers)


def findings_that_matter(comparison: Comparison) -> list[FindingChange]:
    """Return the findings to show: those that can be acted on, and whose change is not small."""
    return [
        each
        for each in comparison.findings
        if any(side and side.severity is not Severity.NOTE for side in (each.base, each.head))
        and (each.kind is not FindingKind.CHANGED or abs(each.growth) >= WARNING_BYTES)
    ]


def finding_row(change: FindingChange) -> tuple[str, str, str, str, str]:
    """Return what became of a finding, its bytes before and after, its rule and its safety."""
    return (
        change.kind.value,
        format_bytes(change.base.bytes) if change.base else "–",
        format_bytes(change.head.bytes) if change.head else "–",
        change.shown.rule,
        change.shown.safety.value,
    )


def more(count: int, what: str) -> str:
    """Return how many rows a table leaves out, "" when it leaves none out."""
    return counted(count, f"more {what}") if count > 0 else ""
