"""The rules in words: one page for all of them, made from the rules themselves."""

from __future__ import annotations

from collections.abc import Iterable

from imgdiag.rules.rule import Example, Rule
from imgdiag.units import format_bytes


def rules_page(rules: Iterable[Rule]) -> str:
    """Return docs/rules.md: every rule with why, how to mend it, when to ignore it, examples."""
    blocks = [
        "# Rules",
        "<!-- Made from imgdiag/rules by `make docs`; a test holds it to them. -->",
        (
            "What imgdiag looks for. A finding says how many bytes it is about, in which layers, "
            "and what to write instead. *Safe* changes nothing for the running container, "
            "*review* is for someone who knows the service, *risky* breaks something for many."
        ),
    ]
    blocks += [rule_page(rule) for rule in rules]
    return "\n\n".join(blocks) + "\n"


def rule_page(rule: Rule) -> str:
    """Return one rule's part of the page."""
    return "\n\n".join(
        (
            f"## {rule.name}",
            f"**{rule.title}.** {rule.why}",
            f"*Mend:* {rule.fix}",
            f"*Ignore it when:* {rule.ignore_when}",
            "\n".join(f"- {example_line(example)}" for example in rule.examples),
        )
    )


def example_line(example: Example) -> str:
    """Return an example and what is found in it, in a sentence."""
    found = ", ".join(format_bytes(size) for size in example.finds)
    return f"{example.what[0].upper()}{example.what[1:]}: {f'finds {found}' if found else 'fine'}."
