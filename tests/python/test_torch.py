from __future__ import annotations

import pytest

from imgdiag.python.torch import Torch
from tests.made import SITE, distribution, facts_of


def torch(
    version_py: str | None = None,
    *,
    version: str = "2.4.1",
    library: str = "",
    requires: tuple[str, ...] = (),
) -> Torch:
    files: dict[str, int | str] = {}
    if version_py is not None:
        files["torch/version.py"] = version_py
    if library:
        files[f"torch/lib/{library}"] = 100
    [found] = facts_of(distribution("torch", files, version=version, requires=requires)).torches
    return found


@pytest.mark.parametrize(
    ("text", "variant", "toolkit", "label"),
    [
        ("cuda: Optional[str] = '12.1'\n", "cuda", "12.1", "CUDA 12.1 build"),
        ('cuda = "13.2"\nhip = None\n', "cuda", "13.2", "CUDA 13.2 build"),
        ("cuda = None\nhip: Optional[str] = '6.2.41133'\n", "rocm", "6.2.41133",
         "ROCm 6.2.41133 build"),
        ("cuda = None\nhip = None\nrocm = '7.0'\n", "rocm", "7.0", "ROCm 7.0 build"),
        ("cuda = None\nxpu: Optional[str] = '20250101'\n", "xpu", "20250101",
         "XPU 20250101 build"),
        ("cuda: Optional[str] = None\nhip: Optional[str] = None\n", "cpu", "", "CPU build"),
    ],
)  # fmt: skip
def test_version_py_says_it(text: str, variant: str, toolkit: str, label: str) -> None:
    found = torch(f"__version__ = '2.4.1+x'\n{text}")
    assert (found.variant, found.toolkit, found.label) == (variant, toolkit, label)
    assert found.version == "2.4.1+x"
    assert found.evidence.endswith("in torch/version.py")


def test_version_py_is_stronger_than_all_else() -> None:
    found = torch(
        "cuda = None\n",
        version="2.4.1+cu121",
        library="libtorch_cuda.so",
        requires=("nvidia-cudnn-cu12",),
    )
    assert found.variant == "cpu"


def test_the_first_assignment_counts_and_comments_do_not() -> None:
    assert torch("# cuda = '9.9'\ncuda = '12.1'\ncuda = None\n").toolkit == "12.1"


@pytest.mark.parametrize(
    ("library", "variant"), [("libtorch_cuda.so", "cuda"), ("libtorch_hip.so", "rocm")]
)
def test_a_library_comes_next(library: str, variant: str) -> None:
    found = torch("__version__ = '2.4.1'\n", library=library, version="2.4.1+cpu")
    assert (found.variant, found.evidence) == (variant, f"torch/lib/{library} is there")


@pytest.mark.parametrize("requirement", ["nvidia-cudnn-cu12==9.1 ; x", "cuda-toolkit[cublas]==13"])
def test_then_requirements(requirement: str) -> None:
    found = torch(requires=("filelock", requirement), version="2.4.1+cpu")
    assert found.variant == "cuda"
    assert found.evidence == f"requires {requirement.partition(';')[0].strip()}"


@pytest.mark.parametrize(
    ("version", "variant", "toolkit"),
    [
        ("2.4.1+cpu", "cpu", ""),
        ("2.4.1+cu121", "cuda", "12.1"),
        ("2.15.0+cu132", "cuda", "13.2"),
        ("2.4.1+rocm6.1", "rocm", "6.1"),
        ("2.4.1+git123", "unknown", ""),
        ("2.4.1", "unknown", ""),
        ("no version", "unknown", ""),
    ],
)
def test_then_the_local_version_and_a_plain_one_proves_nothing(
    version: str, variant: str, toolkit: str
) -> None:
    found = torch(version=version)
    assert (found.variant, found.toolkit) == (variant, toolkit)
    assert found.evidence == (f"the version {version}" if variant != "unknown" else "nothing says")
    assert found.label


def test_each_environment_has_its_own() -> None:
    other = "opt/lib/python3.11/site-packages"
    files = {
        **distribution("torch", version="2.4.1+cpu"),
        **distribution("torch", version="2.4.1+cu121", site=other),
    }
    assert {each.variant for each in facts_of(files).torches} == {"cpu", "cuda"}


def test_without_torch_there_is_none() -> None:
    assert facts_of({f"{SITE}/torch/version.py": "cuda = '12.1'\n"}).torches == ()
