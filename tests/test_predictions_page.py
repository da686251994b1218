"""The page of the proofs, held to what the runs found."""

from __future__ import annotations

from tests.engine import record

RECIPES = record.ROOT / "tests" / "engine" / "predictions"


def test_the_page_is_made_from_the_record() -> None:
    assert record.PAGE.read_text(encoding="utf-8") == record.page(record.read())


def test_each_recipe_is_in_the_record_and_was_mended() -> None:
    rows = record.read()["small"]["rows"]
    folders = sorted(each for each in RECIPES.iterdir() if each.is_dir())
    assert sorted(row["recipe"] for row in rows) == [
        str(each.relative_to(record.ROOT)) for each in folders
    ]
    for each in folders:
        assert (each / "after.Dockerfile").exists(), each


def test_what_is_kept_is_exact_or_explained() -> None:
    for part in record.PARTS:
        for row in record.read()[part]["rows"]:
            proof = row["proof"]
            error = proof["after"] - proof["predicted"]
            differences = proof["differences"].values()
            assert sum(real - kept for kept, real in differences) == proof["brought"] + error
            assert bool(row["why"]) == bool(proof["differences"])
            assert abs(error) <= proof["after"] / 50
            assert 0 < proof["after"] < proof["before"]
