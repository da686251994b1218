"""What the rules for a second copy share: environments and interpreters that are not in use."""

from __future__ import annotations

from imgdiag.facts.facts import Facts
from imgdiag.python.environments import Environment
from imgdiag.python.interpreters import Interpreter


def in_use(facts: Facts) -> list[Environment]:
    """Return the environments that the image's program imports from."""
    uses = facts.uses.environments
    return [each for each in facts.environments if uses[each.path].in_use]


def unused(facts: Facts) -> list[Environment]:
    """Return the environments of which it is known that the image's program does not."""
    uses = facts.uses.environments
    return [each for each in facts.environments if uses[each.path].in_use is False]


def unused_interpreters(facts: Facts) -> list[Interpreter]:
    """Return the interpreters that are known not to run, where another is known to."""
    uses = facts.uses.interpreters
    if not any(use.in_use for use in uses.values()):
        return []
    return [each for each in facts.interpreters if uses[each.library].in_use is False]
