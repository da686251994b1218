"""The rules in words: one page for all of them, made from the rules themselves."""

from __future__ import annotations

from collections.abc import Iterable

from imgdiag.rules.rule import Example, Rule, Topic
from imgdiag.units import format_bytes


def rules_page(rules: Iterable[Rule]) -> str:
    """Return docs/rules.md: every rule with why, how to mend it, when to ignore it, examples."""
    topics = by_topic(rules)
    blocks = [
        "# Rules",
        "<!-- Made from imgdiag/rules by `make docs`; a test holds it to them. -->",
        (
            "What imgdiag looks for. A finding says how many bytes it is about, in which layers, "
            "and what to write instead. *Safe* changes nothing for the running container, "
            "*review* is for someone who knows the service, *risky* breaks something for many. "
            "What comes with the base image is told and not counted: a Dockerfile cannot take it "
            "out. A rule that *warns* is about what the image's own history breaks."
        ),
        "\n".join(
            f"- {topic}: {', '.join(f'[{rule.name}](#{rule.name})' for rule in each)}"
            for topic, each in topics.items()
        ),
    ]
    for topic, each in topics.items():
        blocks += [f"## {topic}", *(rule_page(rule) for rule in each)]
    return "\n\n".join(blocks) + "\n"


def by_topic(rules: Iterable[Rule]) -> dict[Topic, list[Rule]]:
    """Return the rules by what they are about, topics and rules in their order."""
    topics: dict[Topic, list[Rule]] = {topic: [] for topic in Topic}
    for rule in rules:
        topics[rule.topic].append(rule)
    return {topic: each for topic, each in topics.items() if each}


def rule_page(rule: Rule) -> str:
    """Return one rule's part of the page."""
    return "\n\n".join(
        (
            f"### {rule.name}",
            f"**{rule.title}.** {rule.why}",
            f"*Mend:* {rule.fix}",
            f"*Ignore it when:* {rule.ignore_when}",
            "\n".join(f"- {example_line(example)}" for example in rule.examples),
        )
    )


def example_line(example: Example) -> str:
    """Return an example and what is found in it, in a sentence."""
    found = ", ".join(format_bytes(size) for size in example.finds if size)
    result = f"finds {found}" if found else "warns" if example.finds else "fine"
    return f"{example.what}: {result}."
