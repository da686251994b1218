from __future__ import annotations

from dataclasses import replace

from imgdiag.comparison import Snapshot
from imgdiag.comparison.findings import compare_findings
from imgdiag.comparison.snapshot import FoundIssue
from imgdiag.finding import Safety, Severity
from tests.comparison.images import layer, taken


def finding(
    rule: str, size: int, *, layers: tuple[int, ...] = (0,), path: str = "a", safe: bool = True
) -> FoundIssue:
    return FoundIssue(
        rule=rule,
        severity=Severity.ERROR,
        safety=Safety.SAFE if safe else Safety.REVIEW,
        bytes=size,
        layers=layers,
        paths=(path,),
        message=f"{size} bytes of layer {layers}",
    )


IMAGE = taken(layer("RUN one"), layer("RUN two"))


def with_findings(*findings: FoundIssue, image: Snapshot = IMAGE) -> Snapshot:
    return replace(image, findings=findings)


def rows(base: Snapshot, head: Snapshot) -> list[tuple[str, str, int]]:
    return [
        (each.kind.value, each.shown.rule, each.growth) for each in compare_findings(base, head)
    ]


def test_new_gone_and_changed() -> None:
    base = with_findings(finding("kept", 5), finding("more", 10), finding("gone", 70))
    head = with_findings(finding("kept", 5), finding("more", 30), finding("new", 90))
    assert rows(base, head) == [("new", "new", 90), ("gone", "gone", -70), ("changed", "more", 20)]
    assert rows(base, base) == []


def test_another_safety_is_a_change() -> None:
    base, head = with_findings(finding("a", 5)), with_findings(finding("a", 5, safe=False))
    assert rows(base, head) == [("changed", "a", 0)]


def test_numbers_of_layers_do_not_count() -> None:
    later = taken(layer("RUN zero"), layer("RUN one"), layer("RUN two"))
    head = with_findings(finding("a", 9, layers=(1,)), finding("a", 4, layers=(2,)), image=later)
    base = with_findings(finding("a", 4, layers=(1,)), finding("a", 9, layers=(0,)))
    assert rows(base, head) == []


def test_of_one_rule_the_same_layers_and_file_pair_first_then_either() -> None:
    base = with_findings(finding("a", 9, path="x"), finding("a", 5, path="y"))
    assert rows(base, with_findings(finding("a", 6, path="y"))) == [
        ("gone", "a", -9),
        ("changed", "a", 1),
    ]
    # Neither file is there any more, and the layers are the same: the larger one it is.
    assert rows(base, with_findings(finding("a", 6, path="z"))) == [
        ("gone", "a", -5),
        ("changed", "a", -3),
    ]
    assert rows(base, with_findings(finding("a", 6, layers=(1,), path="y"))) == [
        ("gone", "a", -9),
        ("changed", "a", 1),
    ]


def test_the_only_one_of_a_rule_is_the_same_finding() -> None:
    base = with_findings(finding("a", 9, path="x"))
    assert rows(base, with_findings(finding("a", 6, layers=(1,), path="y"))) == [
        ("changed", "a", -3)
    ]
    two = with_findings(
        finding("a", 6, layers=(1,), path="y"), finding("a", 4, layers=(1,), path="z")
    )
    assert rows(base, two) == [("gone", "a", -9), ("new", "a", 6), ("new", "a", 4)]


def test_one_that_both_images_hold_is_not_lost() -> None:
    shared = finding("a", 5)
    other = replace(shared, bytes=9)
    assert rows(with_findings(shared), with_findings(other, shared)) == [
        ("new", "a", 5),
        ("changed", "a", 4),
    ]
