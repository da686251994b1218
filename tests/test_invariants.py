from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from imgdiag.analysis import Analysis, UsageTable
from imgdiag.errors import ImgdiagError
from imgdiag.facts.facts import Facts
from imgdiag.filesystem import merge
from imgdiag.invariants import breaches, hold, hold_tree, tree_breaches
from imgdiag.pipeline import examine
from imgdiag.rules import all_rules
from imgdiag.rules.rule import ExampleLayer
from imgdiag.scanner.usage import UsageRow
from tests.made import distribution, made_image

LAYERS = (
    ExampleLayer(created_by="RUN make", files={"a": 2_000_000, "b": 1_000_000}),
    ExampleLayer(created_by="RUN rm b", files={"c": 5}, deletes=("b",)),
)


@pytest.fixture(scope="module")
def made() -> tuple[Analysis, Facts]:
    image = made_image(*LAYERS)
    facts = Facts(config=image.config, filesystem=merge([layer.content for layer in image.layers]))
    return examine(image), facts


def test_a_true_analysis_holds(made: tuple[Analysis, Facts]) -> None:
    assert list(breaches(*made)) == []
    hold(*made)


@pytest.mark.parametrize(
    "layers", [example.layers for rule in all_rules() for example in rule.examples]
)
def test_all_examples_hold(layers: tuple[ExampleLayer, ...]) -> None:
    examine(made_image(*layers))  # raises when its numbers do not add up


def test_all_examples_in_one_image_hold() -> None:
    examine(
        made_image(
            *(layer for rule in all_rules() for each in rule.examples for layer in each.layers)
        )
    )


def breach(analysis: Analysis, facts: Facts) -> str:
    found = list(breaches(analysis, facts))
    with pytest.raises(ImgdiagError, match="do not add up") as error:
        hold(analysis, facts)
    assert "report it" in str(error.value)
    return "; ".join(found)


def test_sizes_that_do_not_add_up(made: tuple[Analysis, Facts]) -> None:
    analysis, facts = made
    sizes = replace(analysis.sizes, visible_bytes=analysis.sizes.visible_bytes + 1)
    text = breach(replace(analysis, sizes=sizes), facts)
    assert text.startswith(
        "layer bytes are not visible plus wasted bytes; "
        "2,000,006 visible bytes, and 2,000,005 below the root; "
    )


def test_waste_without_a_cause(made: tuple[Analysis, Facts]) -> None:
    analysis, facts = made
    assert breach(replace(analysis, waste=()), facts) == (
        "the causes of waste in layer 0 do not add up; "
        "the causes of waste do not add up to the wasted bytes"
    )


def test_owners_that_do_not_add_up(made: tuple[Analysis, Facts]) -> None:
    analysis, facts = made
    text = breach(replace(analysis, unattributed=()), facts)
    assert "packages own 0 bytes and nobody 0, which is not the 2,000,005 that are" in text
    rows = (UsageRow("a", 2_000_005), UsageRow("b", 0))
    assert list(breaches(replace(analysis, unattributed=rows), facts)) == []
    rows = (UsageRow("a", 2_000_006), UsageRow("b", -1))
    text = breach(replace(analysis, unattributed=rows), facts)
    assert text == "a folder holds less than nothing of nobody's"


def test_a_layer_that_does_not_add_up(made: tuple[Analysis, Facts]) -> None:
    analysis, facts = made
    first, second = analysis.layers
    layers = (replace(first, layer_bytes=1), second)
    assert "layer 0 does not add up" in breach(replace(analysis, layers=layers), facts)


def test_a_finding_that_claims_too_much(made: tuple[Analysis, Facts]) -> None:
    analysis, facts = made
    [finding] = analysis.findings
    claim = replace(finding.claim, layer_bytes=10**9, visible_bytes=10**9)
    text = breach(replace(analysis, findings=(replace(finding, claim=claim),)), facts)
    assert "deleted-later claims more than there is" in text
    assert "deleted-later claims more than is visible" in text


@pytest.mark.parametrize("retained", [0, 10**9])
def test_a_package_that_goes_with_less_than_itself_or_with_more_than_there_is(
    retained: int,
) -> None:
    layer = ExampleLayer(created_by="RUN x", files=distribution("lib", {"lib.py": 7}))
    image = made_image(layer)
    facts = Facts(config=image.config, filesystem=merge([each.content for each in image.layers]))
    analysis = examine(image)
    [package] = analysis.packages
    packages = (replace(package, retained_bytes=retained),)
    text = breach(replace(analysis, packages=packages), facts)
    assert text == "what goes with lib is less than it has, or more than there is"


@pytest.mark.parametrize(
    "change", [{"visible_bytes": -1}, {"layer_bytes": 10**9}, {"layer_bytes": 0}]
)
def test_a_prediction_out_of_bounds(made: tuple[Analysis, Facts], change: dict[str, Any]) -> None:
    analysis, facts = made
    outcome = replace(analysis.prediction.safe, **change)
    prediction = replace(analysis.prediction, safe=outcome)
    text = breach(replace(analysis, prediction=prediction), facts)
    assert text == "the prediction is out of bounds"


def test_a_table_with_too_much_in_it(made: tuple[Analysis, Facts]) -> None:
    analysis, facts = made
    table = UsageTable(path="x", title="x", bytes=1, rows=(UsageRow("x/y", 2),))
    assert "the children of /x" in breach(replace(analysis, tables=(table,)), facts)


def test_the_tree_has_the_numbers_of_the_analysis(made: tuple[Analysis, Facts]) -> None:
    analysis, _ = made
    tree = analysis.tree()
    assert list(tree_breaches(analysis, tree)) == []
    hold_tree(analysis, tree)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"visible_bytes": 7}, "the tree has 2,000,012 visible bytes; layer 0 has other"),
        ({"wasted_bytes": 7}, "layer 0 has other bytes in the tree"),
        ({"layer": 1}, "layer 0 has other bytes in the tree; layer 1 has other"),
    ],
)
def test_a_tree_with_other_numbers(
    made: tuple[Analysis, Facts], change: dict[str, int], expected: str
) -> None:
    analysis, _ = made
    tree = analysis.tree()
    hidden = next(each for each in tree.contents if each.wasted_bytes)
    others = tuple(each for each in tree.contents if each != hidden)
    wrong = replace(tree, contents=(*others, hidden._replace(**change)))
    assert "; ".join(tree_breaches(analysis, wrong)).startswith(expected)
    with pytest.raises(ImgdiagError, match="do not add up"):
        hold_tree(analysis, wrong)


def test_a_package_that_has_more_in_the_tree() -> None:
    analysis = examine(made_image(ExampleLayer(created_by="RUN x", files=distribution("six"))))
    assert list(tree_breaches(analysis, analysis.tree())) == []
    status = "Package: a\nStatus: install ok installed\nArchitecture: all\nVersion: 1\n\n"
    of_debian: dict[str, int | str] = {
        "var/lib/dpkg/status": status,
        "var/lib/dpkg/info/a.list": "/usr/a\n",
        "usr/a": 7,
    }
    debian = examine(made_image(ExampleLayer(created_by="RUN x", files=of_debian)))
    assert list(tree_breaches(debian, debian.tree())) == []
    owned_by_it = replace(debian.system_packages[0], bytes=6)
    assert list(tree_breaches(replace(debian, system_packages=(owned_by_it,)), debian.tree())) == [
        "a has more bytes in the tree"
    ]
    owned = replace(analysis.packages[0], bytes=0)
    assert list(tree_breaches(replace(analysis, packages=(owned,)), analysis.tree())) == [
        "six has more bytes in the tree"
    ]


def test_of_a_quick_analysis_only_the_visible_bytes_are_held_to_the_tree(
    made: tuple[Analysis, Facts],
) -> None:
    analysis, _ = made
    layers = tuple(replace(each, visible_bytes=None, wasted_bytes=None) for each in analysis.layers)
    quick = replace(analysis, route="quick", layers=layers)
    assert list(tree_breaches(quick, analysis.tree())) == []


def test_layers_that_are_not_the_image(made: tuple[Analysis, Facts]) -> None:
    analysis, facts = made
    text = breach(replace(analysis, layers=analysis.layers[:1]), facts)
    assert text.startswith("layer 1 hides what layer 0 is still to make; ")
    assert "; the layers do not add up to the image; " in text


def test_waste_that_is_charged_to_another_layer(made: tuple[Analysis, Facts]) -> None:
    analysis, facts = made
    [waste] = analysis.waste
    text = breach(replace(analysis, waste=(replace(waste, created_in=1),)), facts)
    assert text == (
        "the causes of waste in layer 0 do not add up; the causes of waste in layer 1 do not add up"
    )


def test_downloads_that_do_not_add_up(made: tuple[Analysis, Facts]) -> None:
    analysis, facts = made
    assert analysis.sizes.transfer_bytes == 3_000_000
    sizes = replace(analysis.sizes, transfer_bytes=2_999_999)
    text = breach(replace(analysis, sizes=sizes), facts)
    assert text == "the layers' downloads do not add up to the image's"
    first, second = analysis.layers
    unknown = replace(analysis, layers=(first, replace(second, transfer_bytes=None)))
    only_first = replace(analysis.sizes, transfer_bytes=first.transfer_bytes)
    assert list(breaches(replace(unknown, sizes=only_first), facts)) == []


def test_a_prediction_that_takes_what_no_finding_claims(made: tuple[Analysis, Facts]) -> None:
    analysis, facts = made
    text = breach(replace(analysis, findings=()), facts)
    assert text == "the prediction takes more than the findings claim"
    prediction = replace(analysis.prediction, fixes=())
    text = breach(replace(analysis, prediction=prediction), facts)
    assert text == "the mends do not add up to the prediction"


def test_layers_whose_waste_is_not_known_are_left_alone(made: tuple[Analysis, Facts]) -> None:
    analysis, facts = made
    layers = tuple(
        replace(layer, visible_bytes=None, wasted_bytes=None) for layer in analysis.layers
    )
    assert list(breaches(replace(analysis, layers=layers), facts)) == []
    first, second = analysis.layers
    for unknown in (replace(first, visible_bytes=None), replace(first, wasted_bytes=None)):
        layers = (unknown, replace(second, visible_bytes=1))
        text = breach(replace(analysis, layers=layers), facts)
        assert text == "layer 1 does not add up"


def test_of_a_quick_analysis_neither_waste_nor_layers_are_held_to_the_image(
    made: tuple[Analysis, Facts],
) -> None:
    analysis, facts = made
    layers = tuple(
        replace(layer, layer_bytes=1, visible_bytes=None, wasted_bytes=None)
        for layer in analysis.layers
    )
    quick = replace(analysis, route="quick", layers=layers, waste=())
    assert list(breaches(quick, facts)) == []
