"""What a report predicts, held against the image that its mends build.

The mends are those that the report prints, applied by `tests.mending` to the Dockerfile that the
image was built from. With IMGDIAG_UPDATE_PREDICTIONS=1 the results are kept, as docs/predictions.md
shows them, and the mended Dockerfiles beside the recipes.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from fnmatch import fnmatch
from pathlib import Path

import pytest

from . import record
from .engine import Engine
from .proof import (
    Choice,
    all_safe,
    build,
    change_project,
    chosen,
    copied,
    look,
    mended_dockerfile,
    of_rule,
    prepared,
    proof,
    remove,
)

HERE = Path(__file__).parent / "predictions"
UPDATE = os.environ.get("IMGDIAG_UPDATE_PREDICTIONS") == "1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A recipe. Nothing but `may_differ`, patterns of paths, may come out otherwise; `why` says
    for what reason.
    """

    recipe: str
    what: str
    choice: Choice
    may_differ: tuple[str, ...] = ()
    why: str = ""


def one(recipe: str, what: str, *rules: str, may_differ: str = "", why: str = "") -> Case:
    return Case(
        recipe=recipe,
        what=what,
        choice=of_rule(*(rules or (recipe,))),
        may_differ=(may_differ,) if may_differ else (),
        why=why,
    )


CASES = (
    one("deleted-later", "clean-up moved into the same RUN"),
    one("overwritten-later", "a change moved into the same RUN"),
    one("stage-clean-up", "clean-up moved into the build stage", "deleted-later"),
    Case(recipe="compiler", what="a compiler installed, used and removed in one RUN",
         choice=all_safe),
    one("chown-copy", "chown → COPY --chown", "metadata-only-copy"),
    one("chown-run", "chown in the RUN that makes the files", "metadata-only-copy"),
    one("chown-user-later", "chown, the user made in between", "metadata-only-copy"),
    one("chown-two-runs", "chown of what two RUNs make", "metadata-only-copy"),
    one("pip-cache", "pip's cache mounted"),
    one("uv-cache", "uv's cache mounted"),
    one("poetry-cache", "Poetry's cache mounted"),
    one("npm-cache", "npm's cache mounted", may_differ="root/.npm/_logs/*",
        why="npm writes a log, with times in it, beside its cache."),
    one("apt-lists", "apt's lists removed"),
    one("apt-archives", "apt's downloads removed"),
    Case(recipe="apt-two-runs", what="apt's lists and downloads, of two RUNs", choice=all_safe),
    one("test-dirs", "packages' tests removed"),
    one("docs-examples", "packages' documentation removed"),
    one("two-places", "tests in two environments, one of them chowned", "test-dirs",
        "metadata-only-copy"),
    one("dev-pip", "developers' tools out of requirements.txt", "dev-dependencies",
        may_differ="app/requirements.txt",
        why="requirements.txt itself is in the image, and becomes shorter."),
    one("dev-uv", "developers' tools in uv's group dev", "dev-dependencies",
        may_differ="app/*",
        why="pyproject.toml and uv.lock are in the image, and name the group."),
    Case(recipe="service", what="all safe mends of a small service", choice=all_safe),
)  # fmt: skip


@pytest.fixture(scope="module")
def base(engine: Engine, base_image: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the base image that the recipes build on."""
    return prepared(engine, base_image, tmp_path_factory.mktemp("base"))


@pytest.fixture(scope="module")
def rows() -> Iterator[list[record.Row]]:
    """Collect what is to be kept, and keep it when all of it is there."""
    rows: list[record.Row] = []
    yield rows
    if UPDATE and len(rows) == len(CASES):
        day = datetime.now(UTC).date().isoformat()
        record.write(
            "small",
            f"Measured on {day} by `tests/engine/test_predictions.py`: Docker on overlay2, "
            "BuildKit, a Debian base made by debootstrap, linux/amd64.",
            rows,
        )


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.recipe)
def test_prediction(
    case: Case, engine: Engine, base: str, tmp_path: Path, rows: list[record.Row]
) -> None:
    recipe = HERE / case.recipe
    context = copied(recipe, tmp_path / "context")
    dockerfile = (recipe / "before.Dockerfile").read_text(encoding="utf-8")
    tags = [f"imgdiag-proof-{case.recipe}-{which}" for which in ("before", "after")]
    try:
        build(engine, tags[0], context, dockerfile, base)
        before = look(engine, tags[0])
        findings = chosen(before, case.choice)
        assert findings
        after_text = mended_dockerfile(dockerfile, findings)
        change_project(engine, tags[0], context, findings)
        build(engine, tags[1], context, after_text, base)
        after = look(engine, tags[1])
    finally:
        if not engine.private:
            remove(engine, *tags)
    result = proof(before, findings, after)
    rows.append(
        record.Row(
            what=case.what,
            recipe=str(recipe.relative_to(record.ROOT)),
            why=case.why if result.differences else "",
            proof=result,
        )
    )
    if UPDATE:
        (recipe / "after.Dockerfile").write_text(after_text, encoding="utf-8")
    if not os.environ.get("IMGDIAG_TEST_BASE"):  # another base has another Python
        assert after_text == (recipe / "after.Dockerfile").read_text(encoding="utf-8")
    unexpected = {
        path: sizes
        for path, sizes in result.differences.items()
        if not any(fnmatch(path, pattern) for pattern in case.may_differ)
    }
    assert unexpected == {}
    changed = sum(real - kept for kept, real in result.differences.values())
    assert changed == result.brought + result.error
    assert abs(result.error) <= result.after / 50
    # The engine's own sizes know nothing of imgdiag's.
    sizes = [each.analysis.sizes.engine_bytes or 0 for each in (before, after)]
    if engine.kind == "overlay2":
        assert sizes[0] - sizes[1] == result.before - result.after
