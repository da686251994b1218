"""What an image's own RUN instructions did, as far as their text tells."""

from __future__ import annotations

from collections.abc import Iterator

from imgdiag.facts.facts import Facts


def runs(facts: Facts) -> Iterator[tuple[int, str]]:
    """Yield each RUN of the Dockerfile in hand: its layer and its command, oldest first."""
    for layer in range(len(facts.filesystem.layers)):
        if command := facts.step(layer).command:
            yield layer, command
