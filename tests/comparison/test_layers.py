from __future__ import annotations

from dataclasses import replace

from imgdiag.comparison.layers import LayerKind, compare_layers
from imgdiag.comparison.snapshot import Layer
from imgdiag.image import instruction


def layer(diff_id: str, created_by: str = "RUN x", size: int = 10, place: str = "") -> Layer:
    return Layer(
        index=0,
        diff_id=diff_id,
        created_by=created_by,
        instruction=instruction(created_by),
        layer_bytes=size,
        visible_bytes=size,
        wasted_bytes=0,
        transfer_bytes=None,
        place=place,
        base_image="",
    )


def kinds(base: list[Layer], head: list[Layer]) -> list[tuple[str, str, int]]:
    """Return what became of each layer: its kind, both diff_ids, its growth."""
    numbered = [
        [replace(each, index=index) for index, each in enumerate(side)] for side in (base, head)
    ]
    return [
        (
            each.kind.value,
            f"{each.base.diff_id if each.base else ''}>{each.head.diff_id if each.head else ''}",
            each.growth,
        )
        for each in compare_layers(*numbered)
    ]


def test_the_same_content_is_the_same_layer_whatever_made_it() -> None:
    assert kinds([layer("a", "RUN x")], [layer("a", "RUN y")]) == [("shared", "a>a", 0)]


def test_the_same_instruction_with_other_content_is_changed() -> None:
    assert kinds(
        [layer("base"), layer("a", "RUN pip install  -r r.txt"), layer("b", "COPY . .", 7)],
        [layer("base"), layer("c", "RUN pip install -r r.txt", 15), layer("d", "COPY . .", 7)],
    ) == [("shared", "base>base", 0), ("changed", "a>c", 5), ("changed", "b>d", 0)]


def test_the_classic_builders_names_of_content_do_not_count() -> None:
    first, second = (f"/bin/sh -c #(nop) COPY dir:{each * 64} in /app " for each in "ab")
    assert kinds([layer("a", first)], [layer("b", second)]) == [("changed", "a>b", 0)]


def test_of_several_alike_the_first_is_paired_with_the_first() -> None:
    assert kinds([layer("a"), layer("b")], [layer("c"), layer("d"), layer("e")]) == [
        ("changed", "a>c", 0),
        ("changed", "b>d", 0),
        ("new", ">e", 10),
    ]
    assert kinds([layer("a"), layer("a")], [layer("a")]) == [
        ("shared", "a>a", 0),
        ("gone", "a>", -10),
    ]


def test_the_same_line_of_the_dockerfile_with_the_same_word() -> None:
    assert kinds(
        [layer("a", "RUN one", place="Dockerfile:3"), layer("b", "RUN z", place="Dockerfile:4")],
        [layer("c", "RUN two", place="Dockerfile:3"), layer("d", "COPY z", place="Dockerfile:4")],
    ) == [("changed", "a>c", 0), ("gone", "b>", -10), ("new", ">d", 10)]


def test_two_alone_between_the_same_neighbours() -> None:
    base, last = layer("base"), layer("last", "COPY . .")
    assert kinds(
        [base, layer("a", "RUN pip install a"), last],
        [base, layer("b", "RUN pip install a b"), last],
    ) == [("shared", "base>base", 0), ("changed", "a>b", 0), ("shared", "last>last", 0)]
    assert kinds(
        [base, layer("a", "RUN pip install a"), last],
        [base, layer("b", "RUN pip install b"), layer("c", "RUN make"), last],
    ) == [
        ("shared", "base>base", 0),
        ("gone", "a>", -10),
        ("new", ">b", 10),
        ("new", ">c", 10),
        ("shared", "last>last", 0),
    ]
    assert kinds([layer("a", "RUN one")], [layer("b", "COPY one")]) == [
        ("gone", "a>", -10),
        ("new", ">b", 10),
    ]


def test_layers_whose_instruction_is_not_known_pair_by_their_place_alone() -> None:
    assert kinds([layer("a", ""), layer("b", "")], [layer("c", "")]) == [
        ("gone", "a>", -10),
        ("gone", "b>", -10),
        ("new", ">c", 10),
    ]


def test_what_is_gone_stands_where_it_stood() -> None:
    found = kinds(
        [layer("a", "RUN a"), layer("b", "RUN b"), layer("c", "RUN c")],
        [layer("a", "RUN a"), layer("c", "RUN c"), layer("d", "COPY d")],
    )
    assert [each for each, _, _ in found] == ["shared", "gone", "shared", "new"]
    assert kinds([], []) == []
    assert {kind.value for kind in LayerKind} == {"shared", "changed", "new", "gone"}
