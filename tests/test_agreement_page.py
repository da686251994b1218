"""docs/agreement.md shows the answers that the engine tests hold the programs to."""

from __future__ import annotations

import os
import re
from pathlib import Path

from tests.builder import merged, walked
from tests.engine.odd_layers import CASES, table

PAGE = Path(__file__).parents[1] / "docs" / "agreement.md"


def test_the_table() -> None:
    text = PAGE.read_text("utf-8")
    fresh = re.sub(
        r"<!-- odd -->\n.*?\n## ", f"<!-- odd -->\n\n{table()}\n\n## ", text, flags=re.DOTALL
    )
    if os.environ.get("IMGDIAG_UPDATE_DOCS") == "1":
        PAGE.write_text(fresh, encoding="utf-8")
    assert PAGE.read_text("utf-8") == fresh
    assert table() in fresh


def test_imgdiag_warns_where_it_says_so() -> None:
    for case in CASES:
        warnings = [
            *merged(*case.layers).warnings,
            *(warning for layer in case.layers for warning in walked(*layer).warnings),
        ]
        assert warnings or "warning" not in case.ours, case.what
