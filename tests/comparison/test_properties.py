"""What is true of every comparison, on random images."""

from __future__ import annotations

from collections.abc import Hashable

from hypothesis import given, settings

from imgdiag.comparison import Comparison, compare, snapshot
from imgdiag.comparison.causes import CauseKind
from imgdiag.comparison.packages import Change
from imgdiag.comparison.saved import parse_report
from imgdiag.gate.gate import Gate
from imgdiag.reports import Style, _difference, render
from imgdiag.rules.rule import ExampleLayer
from tests.comparison.images import examined, pairs, taken

Image = tuple[ExampleLayer, ...]


@settings(max_examples=60, deadline=None)
@given(pairs())
def test_each_byte_of_the_growth_has_one_cause(both: tuple[Image, Image]) -> None:
    found = compare(taken(*both[0]), taken(*both[1]))
    sizes = {each.name: each.growth for each in found.sizes}
    waste = sum(each.bytes for each in found.causes if each.kind is CauseKind.WASTE)
    assert sum(each.bytes for each in found.causes) == found.growth == sizes["layer_bytes"]
    assert waste == sizes["wasted_bytes"]
    assert found.growth - waste == sizes["visible_bytes"]
    assert sum(each.growth for each in found.folders) == sizes["visible_bytes"]
    assert not [each for each in found.causes if each.kind is CauseKind.UNEXPLAINED]
    assert all(each.bytes for each in found.causes)
    for cause in found.causes:
        assert not cause.parts or sum(part.bytes for part in cause.parts) == cause.bytes


@settings(max_examples=60, deadline=None)
@given(pairs())
def test_the_other_way_round_is_the_mirror_image(both: tuple[Image, Image]) -> None:
    base, head = taken(*both[0]), taken(*both[1])
    assert facts(compare(base, head), mirrored=False) == facts(compare(head, base), mirrored=True)


@settings(max_examples=30, deadline=None)
@given(pairs())
def test_an_image_is_the_same_as_itself(both: tuple[Image, Image]) -> None:
    found = compare(taken(*both[1]), taken(*both[1]))
    assert found.is_unchanged
    assert found.growth == 0
    differing = (found.causes, found.environments, found.findings, found.folders)
    assert differing == ((), (), (), ())


@settings(max_examples=30, deadline=None)
@given(pairs())
def test_saved_reports_compare_as_their_images_do(both: tuple[Image, Image]) -> None:
    analyses = [examined(*image) for image in both]
    live = compare(*map(snapshot, analyses))
    saved = compare(
        *(parse_report(render("json", each, Gate(()), Style()).encode()) for each in analyses)
    )
    assert saved == live
    for name in _difference.formats():
        texts = {_difference.render(name, each, Gate(()), Style(), 10) for each in (live, saved)}
        assert len(texts) == 1


_OF_ENVIRONMENTS = (CauseKind.ENVIRONMENT, CauseKind.SAME_VERSIONS)
_MIRROR = {Change.ADDED: Change.REMOVED, Change.REMOVED: Change.ADDED}


def facts(comparison: Comparison, *, mirrored: bool) -> dict[str, Hashable]:
    """Return what a comparison says, the other way round where it is `mirrored`."""
    sign = -1 if mirrored else 1

    def turned(base: Hashable, head: Hashable) -> tuple[Hashable, Hashable]:
        return (head, base) if mirrored else (base, head)

    def change(of: Change) -> Change:
        return _MIRROR.get(of, of) if mirrored else of

    return {
        "sizes": tuple((each.name, turned(each.base, each.head)) for each in comparison.sizes),
        "layers": frozenset(turned(each.base, each.head) for each in comparison.layers),
        "folders": tuple(
            (each.path, turned(each.base_bytes, each.head_bytes)) for each in comparison.folders
        ),
        "findings": frozenset(turned(each.base, each.head) for each in comparison.findings),
        "system": tuple(
            (each.manager, each.package.name, turned(each.package.base, each.package.head))
            for each in comparison.system_packages
        ),
        "environments": frozenset(
            (
                turned(each.base, each.head),
                frozenset(
                    (package.name, package.chain, turned(package.base, package.head))
                    for package in each.packages
                ),
                turned(each.graph.roots_gone, each.graph.roots_new),
                turned(each.graph.edges_gone, each.graph.edges_new),
                frozenset(each.bringers.items()),
            )
            for each in comparison.environments
        ),
        "causes": frozenset(
            (
                each.kind,
                change(each.change),
                # An environment that was moved is told by HEAD's path.
                "" if each.kind in _OF_ENVIRONMENTS else each.name,
                sign * each.bytes,
                each.chain,
                frozenset((part.name, sign * part.bytes) for part in each.parts),
                turned(each.base_layer, each.head_layer),
                turned(each.hidden_by_base, each.hidden_by_head),
            )
            for each in comparison.causes
        ),
    }
