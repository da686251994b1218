from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgdiag.facts.facts import Facts
from imgdiag.python.gpu import is_gpu_only
from imgdiag.python.gpu_use import GpuBuild, GpuUse
from imgdiag.rules._example import example_facts
from imgdiag.rules.rule import Example, ExampleLayer
from tests.made import SITE, distribution, facts_of

CUDA = {"torch/version.py": "__version__ = '2.4.1+cu121'\ncuda = '12.1'\n"}
CPU = {"torch/version.py": "__version__ = '2.4.1+cpu'\ncuda = None\n"}


def environment(
    requires: Mapping[str, tuple[str, ...]], files: Mapping[str, Mapping[str, int | str]] | None
) -> Facts:
    made: dict[str, int | str] = {}
    for name, wanted in requires.items():
        made |= distribution(name, (files or {}).get(name), requires=wanted)
    return facts_of(made)


def use_of(
    requires: Mapping[str, tuple[str, ...]],
    files: Mapping[str, Mapping[str, int | str]] | None = None,
) -> GpuUse:
    return environment(requires, files).gpu[SITE]


def by_family(use: GpuUse) -> dict[str, GpuBuild]:
    return {each.family.name: each for each in use.builds}


def test_torch_takes_its_libraries_along_and_what_only_they_need() -> None:
    use = use_of(
        {
            "easyocr": ("torch",),
            "torch": ("nvidia-cudnn-cu12", "triton", "sympy", "cuda-toolkit[cublas]"),
            "torchvision": ("torch",),
            "nvidia-cudnn-cu12": ("nvidia-cublas-cu12",),
            "nvidia-cublas-cu12": (),
            "cuda-toolkit": ("nvidia-curand; extra == 'cublas'",),
            "nvidia-curand": (),
            "triton": ("lit",),
            "lit": (),
            "sympy": (),
        },
        {"torch": CUDA},
    )
    [build] = use.builds
    assert build.members == ("torch", "torchvision")
    assert build.libraries == (
        "cuda-toolkit", "lit", "nvidia-cublas-cu12", "nvidia-cudnn-cu12", "nvidia-curand",
        "triton",
    )  # fmt: skip
    assert build.required_by == ("easyocr",)
    assert (build.shared, build.shared_with) == ((), ())
    assert (use.orphans, use.others, use.needs_gpu) == ((), (), ())


def test_a_cpu_build_of_torch_is_none() -> None:
    assert use_of({"torch": ("sympy",), "sympy": ()}, {"torch": CPU}).builds == ()


def test_what_another_package_needs_stays() -> None:
    use = use_of(
        {
            "torch": ("nvidia-cudnn-cu12", "nvidia-nccl-cu12"),
            "codec": ("nvidia-cudnn-cu12",),
            "nvidia-cudnn-cu12": (),
            "nvidia-nccl-cu12": (),
        },
        {"torch": CUDA},
    )
    assert by_family(use)["torch"].libraries == ("nvidia-nccl-cu12",)
    assert use.others == ("nvidia-cudnn-cu12",)
    assert use.orphans == ()


def test_what_two_builds_share_goes_with_the_last() -> None:
    use = use_of(
        {
            "torch": ("nvidia-cudnn-cu12", "nvidia-nccl-cu12"),
            "xgboost": ("nvidia-nccl-cu12", "numpy"),
            "nvidia-cudnn-cu12": (),
            "nvidia-nccl-cu12": (),
            "numpy": (),
        },
        {"torch": CUDA},
    )
    builds = by_family(use)
    assert builds["torch"].libraries == ("nvidia-cudnn-cu12",)
    assert builds["xgboost"].libraries == ("nvidia-nccl-cu12",)
    assert builds["xgboost"].shared == ("nvidia-nccl-cu12",)
    assert builds["xgboost"].shared_with == ("torch",)
    assert builds["torch"].shared_with == ()


def test_an_older_xgboost_without_nccl_is_left_alone() -> None:
    assert use_of({"xgboost": ("numpy",), "numpy": ()}).builds == ()


def test_an_extra_of_jax_is_nothings_requirement() -> None:
    use = use_of(
        {
            "flax": ("jax",),
            "jax": ("jaxlib", "jax-cuda12-plugin[with-cuda]==0.8; extra == 'cuda12'"),
            "jaxlib": (),
            "jax-cuda12-plugin": (
                "jax-cuda12-pjrt",
                "nvidia-cudnn-cu12>=9; extra == 'with-cuda'",
                "nvidia-nccl-cu12; extra == 'with-cuda'",
            ),
            "jax-cuda12-pjrt": (),
            "nvidia-cudnn-cu12": (),
            "nvidia-nccl-cu12": (),
        }
    )
    [build] = use.builds
    assert build.members == ("jax",)
    assert build.libraries == (
        "jax-cuda12-pjrt", "jax-cuda12-plugin", "nvidia-cudnn-cu12", "nvidia-nccl-cu12",
    )  # fmt: skip
    assert use.orphans == ()


def test_jax_without_a_plugin_is_a_cpu_build() -> None:
    requires = "jax-cuda12-plugin[with-cuda]==0.8; extra == 'cuda12'"
    assert use_of({"jax": ("jaxlib", requires), "jaxlib": ()}).builds == ()


@pytest.mark.parametrize(
    ("architecture", "build_info", "found"),
    [
        ("amd64", None, True),
        ("arm64", None, False),
        ("amd64", "collections.OrderedDict([('is_cuda_build', False)])", False),
        (
            "amd64",
            "collections.OrderedDict([('cuda_version', '12'), ('is_cuda_build', True)])",
            True,
        ),
        ("arm64", '{"is_cuda_build": True}', True),
        ("amd64", "[('is_cuda_build', False), ('is_rocm_build', True)]", True),
    ],
)
def test_tensorflow_says_which_build_it_is(
    architecture: str, build_info: str | None, *, found: bool
) -> None:
    path = "tensorflow/python/platform/build_info.py"
    files: dict[str, int | str] = {"tensorflow/x.so": 1} | (
        {path: build_info} if build_info else {}
    )
    layer = ExampleLayer(created_by="RUN x", files=distribution("tensorflow", files))
    example = Example(what="", layers=(layer,), finds=(), architecture=architecture)
    assert bool(example_facts(example).gpu[SITE].builds) is found


def test_libraries_that_nothing_requires_are_orphans() -> None:
    use = use_of(
        {
            "torch": (),
            "nvidia-cudnn-cu12": ("nvidia-cublas-cu12",),
            "nvidia-cublas-cu12": (),
            "triton": (),
        },
        {"torch": CPU},
    )
    assert use.orphans == ("nvidia-cublas-cu12", "nvidia-cudnn-cu12", "triton")
    assert use.others == ()


def test_programs_that_a_project_asks_for_are_no_orphans() -> None:
    use = use_of({"cudf-cu12": ("rmm-cu12",), "rmm-cu12": ("nvidia-nvcc-cu12",),
                  "nvidia-nvcc-cu12": ()})  # fmt: skip
    assert use.orphans == ()
    assert use.others == ("cudf-cu12", "nvidia-nvcc-cu12", "rmm-cu12")
    assert use.needs_gpu == ("cudf-cu12", "rmm-cu12")


def test_what_is_dropped_is_so_only_when_nothing_requires_it() -> None:
    [build] = use_of({"cupy-cuda12x": ("fastrlock",), "fastrlock": ()}).builds
    assert (build.members, build.libraries) == (("cupy-cuda12x",), ())
    use = use_of({"simulator": ("cupy-cuda12x",), "cupy-cuda12x": ()})
    assert use.builds == ()
    assert use.others == ("cupy-cuda12x",)


def test_dropping_xformers_does_not_drop_torch() -> None:
    use = use_of(
        {"xformers": ("torch", "numpy"), "torch": ("triton",), "numpy": (), "triton": ()},
        {"torch": CUDA},
    )
    builds = by_family(use)
    assert builds["torch"].libraries == ("triton",)
    assert (builds["xformers"].members, builds["xformers"].libraries) == (("xformers",), ())


def test_the_xpu_build_of_torch_takes_its_runtime_along() -> None:
    use = use_of(
        {"torch": ("intel-sycl-rt", "mkl", "tbb", "sympy"), "intel-sycl-rt": ("umf",),
         "mkl": (), "tbb": (), "umf": (), "sympy": (), "numpy-mkl": ("mkl",)},
        {"torch": {"torch/version.py": "cuda = None\nxpu = '20250101'\n"}},
    )  # fmt: skip
    assert by_family(use)["torch"].libraries == ("intel-sycl-rt", "tbb", "umf")


NAMES = ["torch", "torchvision", "xgboost", "jax", "jax-cuda12-plugin", "onnxruntime-gpu",
         "cupy-cuda12x", "nvidia-nccl-cu12", "nvidia-cudnn-cu12", "nvidia-cublas", "triton",
         "cuda-toolkit", "cudf-cu12", "numpy", "service", "whisper"]  # fmt: skip
GRAPHS = st.fixed_dictionaries(
    {},
    optional={name: st.sets(st.sampled_from(NAMES), max_size=4).map(sorted).map(tuple)
              for name in NAMES},
)  # fmt: skip


@given(GRAPHS)
def test_each_distribution_goes_with_one_mend_and_nothing_needed_goes(
    requires: dict[str, tuple[str, ...]],
) -> None:
    if not requires:
        return
    use = use_of(requires, {"torch": CUDA})
    gone = [name for build in use.builds for name in build.libraries]
    gone += [name for build in use.builds if build.family.dropped for name in build.members]
    gone += use.orphans
    assert len(gone) == len(set(gone))
    assert not set(gone) & set(use.others)
    mended = {name for build in use.builds for name in build.members}
    for name in requires.keys() - set(gone):
        # What stays still has all that it requires, but for the libraries of an exchanged build.
        missing = set(requires[name]) & set(gone)
        assert not missing or name in mended
        assert all(is_gpu_only(each) for each in missing)
    exchanged = {n for build in use.builds if build.family.sibling for n in build.members}
    for name in requires:
        if is_gpu_only(name):
            assert (name in gone) + (name in use.others) + (name in exchanged) >= 1, name
    for name in use.others:
        assert is_gpu_only(name)
