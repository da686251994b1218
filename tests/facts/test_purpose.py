from __future__ import annotations

import json
from collections.abc import Mapping

import pytest

from imgdiag.facts.purpose import Purpose, Target, find_purpose
from imgdiag.image import parse_config
from tests.made import distribution, facts_of


def purpose(
    environment: Mapping[str, str] | None = None,
    *,
    labels: Mapping[str, str] | None = None,
    declared: Target | None = None,
    needs_gpu: tuple[str, ...] = (),
) -> Purpose:
    variables = [f"{name}={value}" for name, value in (environment or {}).items()]
    config = {"config": {"Env": variables, "Labels": dict(labels or {})}}
    return find_purpose(parse_config(json.dumps(config).encode()), declared, needs_gpu)


@pytest.mark.parametrize(
    ("environment", "evidence"),
    [
        ({"NVIDIA_VISIBLE_DEVICES": "all"}, "ENV NVIDIA_VISIBLE_DEVICES=all"),
        ({"CUDA_VERSION": "12.4.1", "PATH": "/bin"}, "ENV CUDA_VERSION=12.4.1"),
        ({"NV_CUDA_LIB_VERSION": "12.4.1-1"}, "ENV NV_CUDA_LIB_VERSION=12.4.1-1"),
        ({"NV_LIBNCCL_PACKAGE": "x"}, "ENV NV_LIBNCCL_PACKAGE=x"),
        ({"CUDA_VISIBLE_DEVICES": "0,1"}, "ENV CUDA_VISIBLE_DEVICES=0,1"),
        ({"ROCM_PATH": "/opt/rocm"}, "ENV ROCM_PATH=/opt/rocm"),
        ({"PYTORCH_ROCM_ARCH": "gfx90a"}, "ENV PYTORCH_ROCM_ARCH=gfx90a"),
        ({"HIP_PATH": "/opt/rocm"}, "ENV HIP_PATH=/opt/rocm"),
        # What everyone knows comes first, then the order of the alphabet.
        ({"HIP_PATH": "x", "CUDA_VERSION": "12.4.1", "NVIDIA_VISIBLE_DEVICES": "all"},
         "ENV NVIDIA_VISIBLE_DEVICES=all"),
        ({"ROCM_PATH": "x", "HIP_PATH": "y"}, "ENV HIP_PATH=y"),
        ({"NVIDIA_REQUIRE_CUDA": "cuda>=12.4 brand=tesla,driver>=470,driver<471"},
         "ENV NVIDIA_REQUIRE_CUDA=cuda>=12.4 brand=tesla,driver>=470,driv…"),
    ],
)  # fmt: skip
def test_settings_that_say_gpu(environment: dict[str, str], evidence: str) -> None:
    assert purpose(environment) == Purpose(target=Target.GPU, evidence=evidence)


@pytest.mark.parametrize(
    "environment",
    [
        {"NVIDIA_VISIBLE_DEVICES": "void"},
        {"NVIDIA_VISIBLE_DEVICES": "none"},
        {"NVIDIA_VISIBLE_DEVICES": "", "CUDA_VERSION": "12.4.1"},
        {"CUDA_VISIBLE_DEVICES": "-1"},
        {"CUDA_VISIBLE_DEVICES": "", "NVIDIA_VISIBLE_DEVICES": "all"},
    ],
)
def test_settings_that_hide_every_gpu(environment: dict[str, str]) -> None:
    found = purpose(environment)
    assert (found.target, found.declared) == (Target.CPU, False)
    name = next(iter(environment))
    assert found.evidence == f"ENV {name}={environment[name]}"


@pytest.mark.parametrize(
    "environment",
    [{}, {"PATH": "/usr/local/cuda/bin"}, {"CUDA_VERSION": ""}, {"NVM_DIR": "/x"},
     {"MY_CUDA_VERSION": "1"}, {"NV_X": "1"}],
)  # fmt: skip
def test_settings_that_say_nothing(environment: dict[str, str]) -> None:
    assert purpose(environment) == Purpose(target=Target.UNKNOWN)


@pytest.mark.parametrize(
    ("labels", "evidence"),
    [
        ({"com.nvidia.volumes.needed": "nvidia_driver"}, "LABEL com.nvidia.volumes.needed"),
        ({"com.nvidia.cudnn.version": "9"}, "LABEL com.nvidia.cudnn.version"),
        ({"nvidia": "yes"}, "LABEL nvidia"),
    ],
)
def test_labels(labels: dict[str, str], evidence: str) -> None:
    assert purpose(labels=labels) == Purpose(target=Target.GPU, evidence=evidence)


@pytest.mark.parametrize("name", ["com.nvidiafans.app", "maintainer", "no-nvidia"])
def test_other_labels(name: str) -> None:
    assert purpose(labels={name: "NVIDIA"}).target is Target.UNKNOWN


def test_a_package_that_is_of_no_use_without_one() -> None:
    assert facts_of(distribution("vllm", {"v.py": 1})).purpose == Purpose(
        target=Target.GPU, evidence="vllm is installed"
    )
    assert facts_of(distribution("xgboost", {"v.py": 1})).purpose.target is Target.UNKNOWN


@pytest.mark.parametrize("declared", [Target.GPU, Target.CPU])
def test_the_user_knows_best(declared: Target) -> None:
    for environment in ({}, {"NVIDIA_VISIBLE_DEVICES": "all"}, {"CUDA_VISIBLE_DEVICES": "-1"}):
        assert purpose(environment, declared=declared, needs_gpu=("vllm",)) == Purpose(
            target=declared, evidence=f"--{declared.value}", declared=True
        )
