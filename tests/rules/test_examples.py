"""Every rule's own examples, and the form that every rule keeps."""

from __future__ import annotations

import importlib
import inspect
import pkgutil

import pytest

from imgdiag import rules
from imgdiag.finding import Finding
from imgdiag.rules._example import example_facts
from imgdiag.rules.rule import Example, Rule

MODULES = sorted(
    module.name
    for module in pkgutil.iter_modules(rules.__path__)
    if module.name[0] != "_" and module.name != "rule"
)
EXAMPLES = [
    pytest.param(rule, example, id=f"{rule.name}: {example.what}")
    for rule in rules.all_rules()
    for example in rule.examples
]
SAMPLES = [
    pytest.param(rule, finding, id=f"{rule.name} {index}")
    for rule in rules.all_rules()
    for index, finding in enumerate(
        finding for example in rule.examples for finding in rule.run(example_facts(example))
    )
]


@pytest.mark.parametrize(("rule", "example"), EXAMPLES)
def test_an_example_finds_what_it_says(rule: Rule, example: Example) -> None:
    assert tuple(finding.bytes for finding in rule.run(example_facts(example))) == example.finds


@pytest.mark.parametrize("name", MODULES)
def test_a_rule_keeps_the_form(name: str) -> None:
    module = importlib.import_module(f"imgdiag.rules.{name}")
    rule = module.RULE
    assert isinstance(rule, Rule)
    assert rule.name == name.replace("_", "-")
    # The docstring says which rule it is, then what it finds.
    assert (module.__doc__ or "").startswith(f"{rule.name}: ")
    assert inspect.cleandoc(module.__doc__ or "").endswith(".")
    assert rule.title[0].isalpha()
    assert rule.title[-1] not in ".:!"
    for text in (rule.why, rule.fix, rule.ignore_when):
        assert text.endswith("."), text
        assert "  " not in text
    assert len(rule.why) > len(rule.title) + 60, "why it matters is more than what it is"
    for example in rule.examples:
        assert example.what.strip()
        assert not example.what.endswith(".")
        assert example.layers
    assert any(example.finds for example in rule.examples), "an example that finds something"
    assert any(not example.finds for example in rule.examples), "an example that finds nothing"


@pytest.mark.parametrize(("rule", "finding"), SAMPLES)
def test_a_finding_is_complete(rule: Rule, finding: Finding) -> None:
    assert finding.rule == rule.name
    assert finding.message[0].isalnum()
    assert finding.message[-1] not in ".:,; "
    assert "\n" not in finding.message
    assert finding.informational or not (finding.in_base or finding.hazard)
    assert finding.fix.summary[0].isupper()
    assert not finding.fix.summary.endswith(".")
    assert finding.fix.target
    assert finding.fix.snippet.strip() == finding.fix.snippet
    assert finding.claim.layers
    assert finding.visible_bytes <= finding.bytes
    claimed = finding.bytes + finding.replacement_bytes
    assert sum(finding.claim.sizes.values()) == claimed
    assert claimed == sum(file.size for file in finding.claim.files)


def test_rules_are_found_by_themselves_and_sorted() -> None:
    names = [rule.name for rule in rules.all_rules()]
    assert names == sorted(name.replace("_", "-") for name in MODULES)
    assert len(set(names)) == len(names)


def test_all_rules_bear_an_image_without_anything() -> None:
    empty = example_facts(Example(what="nothing", layers=(), finds=()))
    assert rules.find_all(empty) == ()


def test_findings_come_with_the_most_bytes_first() -> None:
    layers = tuple(
        layer for rule in rules.all_rules() for example in rule.examples for layer in example.layers
    )
    facts = example_facts(Example(what="all examples in one image", layers=layers, finds=()))
    sizes = [finding.bytes for finding in rules.find_all(facts)]
    assert sizes == sorted(sizes, reverse=True)
    assert len(sizes) >= 10
