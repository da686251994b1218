"""The real story: what was wrong with the service of fixtures/ml-service, byte by byte."""

from __future__ import annotations

from pathlib import Path

import pytest

from imgdiag.comparison import Comparison
from imgdiag.pipeline import compare
from imgdiag.project.choice import choose

SERVICE = Path(__file__).parents[2] / "fixtures" / "ml-service"


@pytest.fixture(scope="module")
def found() -> Comparison:
    dockerfile = choose(SERVICE / "before.Dockerfile", None, SERVICE)
    return compare(
        str(SERVICE / "after.oci.tar"), str(SERVICE / "before.oci.tar"), dockerfile=dockerfile
    )


def test_the_largest_causes(found: Comparison) -> None:
    assert [
        (
            each.bytes,
            each.kind.value,
            each.name,
            len(each.parts),
            each.layer.place if each.layer else "",
            each.hidden_by.place if each.hidden_by else "",
        )
        for each in found.causes[:7]
    ] == [
        (6_050_910_769, "waste", "metadata-only", 0, "before.Dockerfile:7", "before.Dockerfile:16"),
        (5_089_451_907, "package", "torch", 21, "before.Dockerfile:7", ""),
        (3_253_224_537, "waste", "deleted", 0, "before.Dockerfile:7", "before.Dockerfile:13"),
        (382_589_583, "waste", "deleted", 0, "before.Dockerfile:7", "before.Dockerfile:12"),
        (361_387_432, "system-packages", "dpkg", 61, "before.Dockerfile:4", ""),
        (250_919_862, "package", "xgboost", 1, "before.Dockerfile:7", ""),
        (163_318_924, "files", "var/cache/apt", 0, "before.Dockerfile:4", ""),
    ]


def test_they_add_up(found: Comparison) -> None:
    assert found.growth == 16_109_489_270
    assert sum(each.bytes for each in found.causes) == found.growth
    assert sum(each.growth for each in found.folders) == 6_421_544_913


def test_who_brings_what(found: Comparison) -> None:
    [environment] = found.environments
    chains = {each.name: each.chain for each in environment.packages}
    assert chains["nvidia-cudnn-cu12"] == ("torch", "nvidia-cudnn-cu12")
    assert chains["xgboost"] == ("xgboost",)
    assert environment.bringers["triton"] == "torch"
    assert "torch" in {each.name for each in environment.graph.roots_new}
