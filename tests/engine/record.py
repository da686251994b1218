"""What the proofs of the predictions found: kept in a file, and shown by a page of the docs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from .proof import Proof

ROOT = Path(__file__).parents[2]
RECORD = ROOT / "docs" / "predictions.json"
PAGE = ROOT / "docs" / "predictions.md"
PARTS = ("small", "large")  # of the record, each written by a run of its own


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A proof as it is kept. `why` explains differences, and `recipe` is a path from the root."""

    what: str
    recipe: str
    why: str
    proof: Proof


def write(part: str, how: str, rows: Iterable[Row]) -> None:
    """Keep the rows of one part, and make the page anew. `how` says when and with what."""
    kept = read()
    kept[part] = {"how": how, "rows": [asdict(row) for row in rows]}
    RECORD.write_text(json.dumps(kept, indent=2) + "\n", encoding="utf-8")
    PAGE.write_text(page(kept), encoding="utf-8")


def read() -> dict[str, Any]:
    """Return the record, its parts empty where nothing has been kept."""
    kept: dict[str, Any] = {part: {"how": "", "rows": []} for part in PARTS}
    if RECORD.exists():
        kept.update(json.loads(RECORD.read_text(encoding="utf-8")))
    return kept


def page(record: Mapping[str, Any]) -> str:
    """Return docs/predictions.md."""
    small, large = (record[part] for part in PARTS)
    rows = (*small["rows"], *large["rows"])
    blocks = [
        "# Predictions, proven",
        f"<!-- Made from {RECORD.name} by the runs that it tells of; a test holds it to that. -->",
        _WHAT,
        "## Small images, built by each run of the tests",
        _table(small["rows"]),
        small["how"],
        "## A large one: torch for CUDA → torch for a CPU",
        _table(large["rows"]),
        large["how"],
        "## Where it is not exact, and why",
        "\n".join(f"- **{row['what']}**: {row['why']}" for row in rows if row["why"]),
        "## What the proofs found",
        _FOUND,
        "## Run them",
        _RUN,
    ]
    return "\n\n".join(filter(None, blocks)) + "\n"


def _table(rows: Iterable[Mapping[str, Any]]) -> str:
    lines = [
        "| mend | rules | before | predicted | real | error |",
        "| --- | --- | ---: | ---: | ---: | ---: |",
    ]
    for row in rows:
        proof = row["proof"]
        error = proof["after"] - proof["predicted"]
        share = error / proof["before"]
        rules = ", ".join(f"[{rule}](rules.md#{rule})" for rule in proof["rules"])
        lines.append(
            f"| [{row['what']}](../{row['recipe']}) | {rules} | {proof['before']:,} | "
            f"{proof['predicted']:,} | {proof['after']:,} | {_error(error, share)} |"
        )
    return "\n".join(lines)


def _error(error: int, share: float) -> str:
    if not error:
        return "**0**"
    return f"{error:+,}" + (f" ({share:+.1%} of before)" if abs(share) >= 0.001 else "")


_WHAT = """\
imgdiag says how big an image will be after its mends. Here each mend is made: an image is built
from `before.Dockerfile`; the lines that the report prints are put into that Dockerfile by a program
that knows nothing else ([tests/mending.py](../tests/mending.py)); the result, `after.Dockerfile`,
is built; and the two are compared, file by file. All sizes are `layer_bytes`: file content in all
layers. *Error* is real less predicted; **0** means that each file of each layer came out with the
size that was predicted, and that there is no other file."""

_FOUND = """\
Each of these was predicted wrongly, or mended wrongly, until an image was built and compared:

- a cache in two folders (Poetry's) was mounted in one of them;
- folders that several `RUN`s make were removed in one `RUN`, before the others had made theirs;
- a `chown -R` in a second `RUN` stores again what the layers below hold, even where the owner is
  the same: now large files of lower layers are passed by;
- `COPY --chown` leaves the folder that it copies into to root: the container could not write there;
- apt opens files of the base image for writing, so that they are stored again; nothing in a
  Dockerfile mends that;
- a compiler that a later `RUN` removes was removed in the `RUN` that installs it, before its use;
- package lists were removed by the `RUN` that downloads them, before the next one installed;
- what torch's CPU build brings of its own was not counted: 123 MB, mostly test programs."""

_RUN = """\
```console
# make test ARGS='tests/engine/test_predictions.py'
# IMGDIAG_UPDATE_PREDICTIONS=1 make test ARGS='tests/engine/test_predictions.py'  # and keep it
# python -m benchmarks.predictions.cuda_torch --help  # the large one
```

The recipes are in [tests/engine/predictions](../tests/engine/predictions) and
[benchmarks/predictions](../benchmarks/predictions). Versions are pinned where a recipe can pin
them; the packages of the base image and apt's lists are of the day."""
