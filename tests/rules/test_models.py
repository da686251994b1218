"""Models and data: the hub's cache, formats side by side, weights, data sets, training's state."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from imgdiag.finding import Safety
from imgdiag.rules import (
    checkpoints_baked,
    datasets_baked,
    hf_cache_baked,
    hf_download_leftovers,
    training_state,
    weights_dup_format,
)
from imgdiag.rules._data import Data, kind_of
from imgdiag.rules.rule import ExampleLayer
from tests.made import distribution, facts_of, made_facts, only

MB = 1_000_000
HUB = "root/.cache/huggingface/hub"
BERT = f"{HUB}/models--google--bert"


def bert(more: Mapping[str, int] | None = None) -> ExampleLayer:
    blobs = {"aaa": 400 * MB, **(more or {})}
    return ExampleLayer(
        created_by="RUN python download.py",
        files={f"{BERT}/blobs/{name}": size for name, size in blobs.items()},
        symlinks={f"{BERT}/snapshots/1/model.safetensors": "../../blobs/aaa"},
    )


def test_blobs_count_once_however_many_links_there_are() -> None:
    layer = bert()
    links = {**layer.symlinks, f"{BERT}/snapshots/2/model.safetensors": "../../blobs/aaa"}
    facts = made_facts(ExampleLayer(created_by="RUN x", files=layer.files, symlinks=links))
    finding = only(hf_cache_baked.RULE, facts)
    assert finding.bytes == 400 * MB
    assert "1 model (google/bert 400.0 MB)" in finding.message
    assert f"- data:/{HUB}" in finding.fix.snippet
    assert not list(hf_download_leftovers.RULE.run(facts))


def test_blobs_without_a_link_and_chunks_are_leftovers() -> None:
    layer = bert({"bbb": 30, "ccc.incomplete": 4})
    chunks = ExampleLayer(
        created_by="RUN python more.py", files={"root/.cache/huggingface/xet/chunk-cache/x": 900}
    )
    finding = only(hf_download_leftovers.RULE, made_facts(layer, chunks))
    assert finding.bytes == 934
    assert finding.safety is Safety.SAFE
    assert "2 blobs that no snapshot links to" in finding.message
    assert finding.fix.snippet == (
        f"RUN python download.py \\\n && rm -rf \\\n    /{BERT}/blobs/bbb \\\n"
        f"    /{BERT}/blobs/ccc.incomplete\n\n"
        "RUN python more.py \\\n && rm -rf \\\n    /root/.cache/huggingface/xet"
    )


def test_a_cache_that_a_variable_moves() -> None:
    files = {"models/xet/chunk-cache/x": 900}
    facts = made_facts(
        ExampleLayer(created_by="RUN x", files=files), environment={"HF_HOME": "/models"}
    )
    assert only(hf_download_leftovers.RULE, facts).bytes == 900


def test_blobs_without_snapshots_are_left_alone() -> None:
    facts = facts_of({f"{BERT}/blobs/aaa": 5})
    assert not list(hf_download_leftovers.RULE.run(facts))


def test_formats_in_the_hubs_cache_are_followed_to_their_blobs() -> None:
    layer = ExampleLayer(
        created_by="RUN /bin/sh -c python download.py",
        files={f"{BERT}/blobs/{name}": size for name, size in
               (("aaa", 400), ("bbb", 401), ("ccc", 90))},
        symlinks={
            f"{BERT}/snapshots/1/model.safetensors": "../../blobs/aaa",
            f"{BERT}/snapshots/1/pytorch_model.bin": "../../blobs/bbb",
            f"{BERT}/snapshots/1/onnx/model.onnx": "../../../blobs/ccc",
        },
    )  # fmt: skip
    finding = only(weights_dup_format.RULE, made_facts(layer))
    assert finding.bytes == 491
    assert "hf download google/bert \\\n    --exclude '*.bin'" in finding.fix.snippet


@pytest.mark.parametrize(
    ("present", "twin"),
    [
        ("model.safetensors", "pytorch_model.bin"),
        ("model.safetensors.index.json", "pytorch_model-00001-of-00003.bin"),
        ("model.safetensors", "tf_model.h5"),
        ("model.safetensors", "flax_model.msgpack"),
        ("model.safetensors", "rust_model.ot"),
        ("adapter_model.safetensors", "adapter_model.bin"),
        ("diffusion_pytorch_model.safetensors", "diffusion_pytorch_model.bin"),
    ],
)
def test_twins(present: str, twin: str) -> None:
    facts = facts_of({f"m/{present}": 10, f"m/{twin}": 11}, "COPY m /m")
    assert only(weights_dup_format.RULE, facts).bytes == 11


@pytest.mark.parametrize(
    ("present", "other"),
    [
        ("model.safetensors", "training_args.bin"),
        ("model.safetensors", "adapter_model.bin"),
        ("adapter_model.safetensors", "pytorch_model.bin"),
        ("other.safetensors", "pytorch_model.bin"),
        ("pytorch_model.bin", "tf_model.h5"),
    ],
)
def test_no_twins(present: str, other: str) -> None:
    facts = facts_of({f"m/{present}": 10, f"m/{other}": 11}, "COPY m /m")
    assert not list(weights_dup_format.RULE.run(facts))


@pytest.mark.parametrize(
    ("folder", "reader", "found"),
    [
        ("onnx", "", True),
        ("onnx", "onnxruntime", False),
        ("onnx", "onnxruntime-gpu", False),
        ("openvino", "onnxruntime", True),
        ("openvino", "openvino", False),
        ("other", "", False),
    ],
)
def test_folders_for_engines(folder: str, reader: str, found: bool) -> None:
    files: dict[str, int | str] = {"m/model.safetensors": 10, f"m/{folder}/model.bin": 11}
    files |= distribution(reader) if reader else {}
    findings = list(weights_dup_format.RULE.run(facts_of(files, "COPY m /m")))
    assert [finding.bytes for finding in findings] == [11] * found


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("model.safetensors", Data.WEIGHTS),
        ("yolo.pt", Data.WEIGHTS),
        ("pytorch_model-00001-of-00002.bin", Data.WEIGHTS),
        ("llama.Q4_K_M.gguf", Data.WEIGHTS),
        ("forest.joblib", Data.WEIGHTS),
        ("optimizer.pt", Data.TRAINING),
        ("rng_state_3.pth", Data.TRAINING),
        ("zero_pp_rank_0_mp_rank_00_optim_states.pt", Data.TRAINING),
        ("train.csv.gz", Data.SET),
        ("x.parquet", Data.SET),
        ("program.bin", None),
        ("libtorch.so", None),
        ("app.db", None),
    ],
)
def test_kinds_by_name(name: str, kind: Data | None) -> None:
    assert kind_of(name) is kind


def test_weights_in_packages_in_the_hub_and_small_ones_do_not_count() -> None:
    files = {
        "app/m.pt": 50 * MB,
        "app/small.pt": 50 * MB - 1,
        "usr/lib/python3.11/site-packages/x/m.pt": 60 * MB,
        f"{BERT}/snapshots/1/model.safetensors": 60 * MB,
        "opt/conda/pkgs/x/m.pt": 60 * MB,
    }
    finding = only(checkpoints_baked.RULE, facts_of(files, "COPY . ."))
    assert finding.bytes == 50 * MB
    assert finding.safety is Safety.REVIEW
    assert (finding.fix.target, "- data:/app" in finding.fix.snippet) == ("compose.yaml", True)


def test_data_from_the_context_stays_there_and_other_data_is_mounted() -> None:
    files = {"app/data/train.csv": 80 * MB}
    ignored = only(datasets_baked.RULE, facts_of(files, "COPY . .")).fix
    assert (ignored.target, ignored.snippet) == (".dockerignore", "**/train.csv")
    mounted = only(datasets_baked.RULE, facts_of(files, "RUN curl -O https://x/train.csv")).fix
    assert mounted.target == "compose.yaml"


def test_training_state_counts_from_one_megabyte() -> None:
    files = {"m/optimizer.pt": MB, "m/scheduler.pt": 999_999, "m/model.safetensors": 60 * MB}
    facts = facts_of(files, "COPY checkpoint-1 /m")
    assert only(training_state.RULE, facts).bytes == MB
    assert only(checkpoints_baked.RULE, facts).bytes == 60 * MB


def test_a_folder_with_odd_letters_is_not_put_into_yaml() -> None:
    facts = facts_of({"a: b\n/m.pt": 60 * MB}, "COPY . .")
    assert "- data:<folder>\n" in only(checkpoints_baked.RULE, facts).fix.snippet
