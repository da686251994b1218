"""What folders are called that packages ship and a running service most often does not import."""

from __future__ import annotations

import re

TESTS = frozenset(("test", "tests"))
BENCHMARKS = frozenset(("benchmark", "benchmarks"))
DOCUMENTS = frozenset(("doc", "docs", "example", "examples"))
NAMES = TESTS | BENCHMARKS | DOCUMENTS

# pytest alone imports these modules, so what they import needs no folder until something else
# imports them.
CONFTEST = "conftest"

WORDS = "(?:tests?|docs?|examples?|benchmarks?)"  # NAMES as a regular expression

_STANDARD_LIBRARY = re.compile(
    r"(?:^|/)lib(?:32|64)?/(?:python|pypy)\d[\d.]*t?(?:$|/(?!(?:site|dist)-packages(?:/|$)))"
)


def in_standard_library(folder: str) -> bool:
    """Tell whether a folder is an interpreter's own: what is there imports no package's tests."""
    match = _STANDARD_LIBRARY.search(folder)
    return match is not None and "-packages/" not in folder[: match.start()]


def is_inside(folder: str) -> bool:
    """Tell whether a folder has one of the names, or is below one that has."""
    return not NAMES.isdisjoint(folder.split("/"))
