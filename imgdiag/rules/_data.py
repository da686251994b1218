"""Large files that are data: models, training's state, data sets."""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import StrEnum

from imgdiag.facts.facts import Facts
from imgdiag.python.environments import PACKAGE_FOLDERS

LEAST = 50_000_000  # bytes, for a model or a data set: what is smaller belongs to the code


class Data(StrEnum):
    """What a file holds, by its name."""

    TRAINING = "training"
    WEIGHTS = "weights"
    SET = "set"


_TRAINING = re.compile(
    r"(?:optimizer\d*|scheduler|scaler)\.(?:pt|pth|bin)|rng_state(?:_\d+)?\.pth|"
    r".*_optim_states\.pt|optimizer_\d+(?:_\d+)*\.distcp"
)
_WEIGHTS = re.compile(
    r".*\.(?:safetensors|ckpt|pt|pth|gguf|ggml|onnx|tflite|engine|plan|keras|llamafile|mlmodel)"
    r"|(?:pytorch_|diffusion_pytorch_|adapter_|ggml-|ctranslate2_)?model.*\.bin|ggml-.*\.bin"
    r"|.*\.(?:pkl|pickle|joblib)|tf_model.*\.h5|.*\.weights\.h5|saved_model\.pb|flax_model.*\.msgpack"
)
_SET = re.compile(
    r".*\.(?:csv|tsv|jsonl|ndjson|parquet|arrow|feather|npy|npz|hdf5|h5|tfrecords?|orc|avro|nc|zarr)"
    r"(?:\.(?:gz|bz2|xz|zst))?"
)
# Repositories of the hub's and package managers' caches have rules of their own.
_ELSEWHERE = ("models--", "datasets--", "/pkgs/", "huggingface/xet/")


def data_files(facts: Facts, kind: Data) -> Iterator[str]:
    """Yield the paths of large files of `kind` outside of packages, the largest first."""
    for path, file in facts.large_files:
        if file.size < LEAST and kind is not Data.TRAINING:
            return
        folders = path.split("/")[:-1]
        if not PACKAGE_FOLDERS.isdisjoint(folders) or any(each in path for each in _ELSEWHERE):
            continue
        if kind_of(path.rpartition("/")[2]) is kind:
            yield path


def kind_of(name: str) -> Data | None:
    """Return what a file of this name holds."""
    if _TRAINING.fullmatch(name):
        return Data.TRAINING
    if _WEIGHTS.fullmatch(name):
        return Data.WEIGHTS
    return Data.SET if _SET.fullmatch(name) else None
