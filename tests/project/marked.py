"""The lines that make files in tests/engine/lines, marked by hand."""

from pathlib import Path

LINES = Path(__file__).parents[1] / "engine" / "lines"

COMMON = [16, 17, 18]
EVERY = [*COMMON, 28, 29, 30, 31, 32, 33, 34, 35, 36, 38]
HEREDOCS = [4, 8, 11, 14, 18, 23, 24, 25, 27]
WORKDIRS = frozenset((16, 17))  # buildah makes no layers of them
NOTHING_DONE = frozenset((36,))  # the classic builder makes no layer of `RUN true`


def without(lines: list[int], left_out: frozenset[int]) -> list[int]:
    return [line for line in lines if line not in left_out]
