"""The numbers of a real service with a CUDA build of torch, to the byte."""

from __future__ import annotations

from pathlib import Path

import pytest

from imgdiag.analysis import Analysis
from imgdiag.capture import CAPTURE
from imgdiag.facts.purpose import Target
from imgdiag.finding import Safety
from imgdiag.layers.walk import Layer, read_layer
from imgdiag.pipeline import examine
from imgdiag.sources import Request, SourceImage, load

BEFORE = Path(__file__).parents[1] / "fixtures" / "ml-service" / "before.oci.tar"
CUDA_TORCH = 8_443_813_378  # both copies of 13 distributions' files: the chown stored them again
CPU_FILES = 123_000_000  # that the CPU build brings instead
XGBOOST = 949_311_458


@pytest.fixture(scope="module")
def image() -> SourceImage[Layer]:
    return load(str(BEFORE), lambda reader: read_layer(reader, CAPTURE), Request())


def bytes_by_rule(analysis: Analysis) -> dict[str, int]:
    wanted = ("cuda-torch", "gpu-build", "nvidia-orphans", "nvidia-packages", "triton-in-cpu")
    return {each.rule: each.bytes for each in analysis.findings if each.rule in wanted}


def test_every_gpu_byte_is_in_one_finding(image: SourceImage[Layer]) -> None:
    analysis = examine(image)
    assert bytes_by_rule(analysis) == {
        "cuda-torch": CUDA_TORCH - CPU_FILES,
        "gpu-build": XGBOOST,
    }
    added = {fix.finding.rule: fix.bytes for fix in analysis.prediction.fixes}
    # Of each file the copy that the chown made is another mend's.
    assert 2 * (added["cuda-torch"] + CPU_FILES) == CUDA_TORCH
    names = {"torch", "triton", "nvidia-nccl-cu12"}
    kept = {each.name: each.bytes for each in analysis.packages if each.name in names}
    own = 1_031_763_141  # torch's own GPU libraries, by its RECORD
    distributions = sum(
        each.bytes
        for each in analysis.packages
        if each.name == "triton" or each.name.startswith("nvidia-")
    )
    assert 2 * (distributions - kept["nvidia-nccl-cu12"] + own) == CUDA_TORCH


def test_for_a_gpu_none_of_it_is_too_much(image: SourceImage[Layer]) -> None:
    analysis = examine(image, Target.GPU)
    assert bytes_by_rule(analysis) == {}
    assert not analysis.prediction.review.estimate


def test_for_a_cpu_the_build_of_torch_is_a_safe_mend(image: SourceImage[Layer]) -> None:
    analysis = examine(image, Target.CPU)
    assert bytes_by_rule(analysis) == {
        "cuda-torch": CUDA_TORCH - CPU_FILES,
        "gpu-build": XGBOOST,
    }
    safety = {each.rule: each.safety for each in analysis.findings}
    assert safety["cuda-torch"] is Safety.SAFE
    assert safety["gpu-build"] is Safety.REVIEW
    assert analysis.prediction.safe.estimate
