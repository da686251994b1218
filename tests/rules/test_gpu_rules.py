"""What the rules for GPU builds find, with whom, and when they say nothing."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from imgdiag.facts.facts import Facts
from imgdiag.facts.purpose import Target
from imgdiag.finding import Safety
from imgdiag.prediction import predict
from imgdiag.rules import (
    cpu_torch_test_binaries,
    cuda_base_cpu,
    cuda_devel_base,
    cuda_majors,
    cuda_torch,
    cuda_twice,
    find_all,
    gpu_build,
    nvidia_dirs_deleted,
    nvidia_orphans,
    nvidia_packages,
    torchvision_mismatch,
    triton_in_cpu,
)
from imgdiag.rules.rule import ExampleLayer, Rule
from tests.made import SITE, facts_of, made_facts, only
from tests.made import distribution as whole

Files = dict[str, int | str]
FOR_A_CPU = (cuda_torch, gpu_build, nvidia_orphans, nvidia_packages, triton_in_cpu)
GPU = {"NVIDIA_VISIBLE_DEVICES": "all"}


def distribution(name: str, files: Files | None = None, **options: object) -> Files:
    """Return a distribution that owns nothing but `files`, so that sizes are round."""
    record = "".join(f"{path},,\n" for path in files or {"nothing": 0})
    return whole(name, files, record=record, **options)  # type: ignore[arg-type]


CUDNN = distribution("nvidia-cudnn-cu12", {"nvidia/cudnn/lib/libcudnn.so.9": 1_000})
NCCL = distribution("nvidia-nccl-cu12", {"nvidia/nccl/lib/libnccl.so.2": 500})


def torch(cuda: str | None = "12.1", *, requires: tuple[str, ...] = ()) -> Files:
    return distribution(
        "torch",
        {
            "torch/version.py": f"__version__ = '2.4.1'\ncuda = {cuda!r}\n",
            "torch/lib/libtorch_cuda.so": 80 if cuda else 0,
            "torch/lib/libtorch_cpu.so": 50,
        },
        version="2.4.1",
        requires=requires or (["nvidia-cudnn-cu12==9.1.0.70"] if cuda else []),
    )


def facts(
    *files: Files, environment: Mapping[str, str] | None = None, declared: Target | None = None
) -> Facts:
    merged = {path: what for each in files for path, what in each.items()}
    made = made_facts(
        ExampleLayer(created_by="RUN pip install x", files=merged), environment=environment
    )
    return Facts(config=made.config, filesystem=made.filesystem, declared=declared)


def test_one_finding_for_torch_and_what_comes_with_it() -> None:
    app = distribution("easyocr", requires=["torch>=2"])
    made = facts(torch(), CUDNN, NCCL, app)
    finding = only(cuda_torch.RULE, made)
    assert finding.bytes == 1_000 + 80
    assert finding.message == (
        "torch 2.4.1 in /app/.venv is a CUDA 12.1 build (cuda = '12.1' in torch/version.py), "
        "brought in by easyocr → torch: a GPU package of 1.0 kB comes with it "
        "(nvidia-cudnn-cu12 1.0 kB); its own GPU libraries have 80 B. In all 1.1 kB"
    )
    assert finding.safety is Safety.REVIEW
    assert finding.estimate.endswith("test programs above all: not counted")
    orphans = only(nvidia_orphans.RULE, made)
    assert orphans.bytes == 500
    assert not list(nvidia_packages.RULE.run(made))


def test_what_the_cpu_build_brings_is_one_number_wherever_it_is_said() -> None:
    libraries = {f"{SITE}/torch/lib/libtorch_cuda.so": 900_000_000}
    finding = only(cuda_torch.RULE, facts({**torch(), **libraries}, CUDNN))
    assert finding.message.endswith(
        "In all 900.0 MB; the CPU build brings about 123.0 MB of its own"
    )
    assert "counted with 123.0 MB, as measured" in finding.estimate
    assert finding.replacement_bytes == 123_000_000
    assert finding.bytes == 900_001_000 - 123_000_000


def test_the_bytes_of_all_findings_are_apart() -> None:
    xgboost = distribution("xgboost", {"x.so": 20_000_000}, requires=["nvidia-nccl-cu12"])
    made = facts(torch(requires=("nvidia-cudnn-cu12", "nvidia-nccl-cu12")), CUDNN, NCCL, xgboost)
    first, second = only(cuda_torch.RULE, made), only(gpu_build.RULE, made)
    assert not first.claim.files & second.claim.files
    assert first.bytes == 1_080
    assert second.claim.layer_bytes == 20_000_500
    assert second.bytes == 20_000_500 - 18_000_000
    assert second.message == (
        "xgboost 1.0 of 20.0 MB in /app/.venv, and with it nvidia-nccl-cu12 500 B: 20.0 MB, less "
        "about 18.0 MB that xgboost-cpu takes. On Linux it requires NCCL, which only several GPUs "
        "together use. nvidia-nccl-cu12 goes only when the GPU build of torch goes too"
    )
    review = predict(made, [first, second]).review
    assert review.bytes == first.bytes + second.bytes
    assert review.estimate


@pytest.mark.parametrize("rule", [each.RULE for each in FOR_A_CPU], ids=lambda rule: rule.name)
@pytest.mark.parametrize(
    ("environment", "declared"),
    [
        ({"NVIDIA_VISIBLE_DEVICES": "all"}, None),
        ({"CUDA_VERSION": "12.4.1"}, None),
        ({"ROCM_PATH": "/opt/rocm"}, None),
        ({}, Target.GPU),
        ({"NVIDIA_VISIBLE_DEVICES": "void"}, Target.GPU),
    ],
)
def test_an_image_for_a_gpu_gets_no_advice_for_a_cpu(
    rule: Rule, environment: dict[str, str], declared: Target | None
) -> None:
    whisper = distribution("whisper", requires=["triton"])
    triton = distribution("triton", {"triton.so": 9})
    codec = distribution("codec", requires=["nvidia-nccl-cu12"])
    onnx = distribution("onnxruntime-gpu", {"o.so": 300_000_000})
    made = facts(torch(), CUDNN, NCCL, codec, onnx, environment=environment, declared=declared)
    assert not list(rule.run(made))
    made = facts(torch(None), triton, whisper, environment=environment, declared=declared)
    assert not list(rule.run(made))


def test_vllm_is_for_a_gpu_unless_the_user_says_otherwise() -> None:
    vllm = distribution("vllm", {"v.so": 9}, requires=["torch"])
    assert not list(cuda_torch.RULE.run(facts(torch(), CUDNN, vllm)))
    finding = only(cuda_torch.RULE, facts(torch(), CUDNN, vllm, declared=Target.CPU))
    assert finding.safety is Safety.REVIEW


def test_safe_for_a_declared_cpu_when_nothing_was_compiled_against_torch() -> None:
    app = distribution("easyocr", {"easyocr.py": 10}, requires=["torch"])
    vision = distribution("torchvision", {"torchvision/_C.so": 7}, requires=["torch"])
    made = facts(torch(), CUDNN, app, vision, declared=Target.CPU)
    assert only(cuda_torch.RULE, made).safety is Safety.SAFE
    scatter = distribution("torch-scatter", {"torch_scatter/_C.so.1": 7}, requires=["torch"])
    finding = only(cuda_torch.RULE, facts(torch(), CUDNN, app, scatter, declared=Target.CPU))
    assert finding.safety is Safety.REVIEW
    assert finding.message.endswith("Compiled against torch, so to be looked at: torch-scatter")
    # Evidence in the image is none of the user's word.
    hidden = facts(torch(), CUDNN, environment={"CUDA_VISIBLE_DEVICES": "-1"})
    assert hidden.purpose.target is Target.CPU
    assert only(cuda_torch.RULE, hidden).safety is Safety.REVIEW


def test_other_builds_are_for_review_for_a_declared_cpu_too() -> None:
    onnx = distribution("onnxruntime-gpu", {"o.so": 300_000_000})
    finding = only(gpu_build.RULE, facts(onnx, declared=Target.CPU))
    assert (finding.safety, finding.bytes) == (Safety.REVIEW, 224_000_000)


def test_a_build_that_is_no_larger_than_its_sibling_is_no_finding() -> None:
    onnx = distribution("onnxruntime-gpu", {"o.so": 60_000_000})
    assert not list(gpu_build.RULE.run(facts(onnx)))


def test_copies_in_other_layers_count_and_the_mend_is_in_the_first() -> None:
    files = {**distribution("cupy-cuda12x", {"cupy/core.so": 5_000_000})}
    whisper = distribution("whisper", requires=["triton"])
    files |= {**torch(None), **whisper, **distribution("triton", {"triton/t.so": 7_000_000})}
    made = made_facts(
        ExampleLayer(created_by="RUN pip install x", files=files),
        ExampleLayer(created_by="RUN chown -R a /app", files=files, uid=1),
    )
    finding = only(gpu_build.RULE, made)
    assert (finding.bytes, finding.visible_bytes) == (10_000_000, 5_000_000)
    assert "5.0 MB (10.0 MB with the copies in other layers)" in finding.message
    snippet = only(triton_in_cpu.RULE, made).fix.snippet
    assert "RUN pip install x" in snippet
    assert "chown" not in snippet


def test_each_environment_is_a_finding_of_its_own() -> None:
    other = "opt/tool/lib/python3.12/site-packages"
    files = distribution("nvidia-nccl-cu12", {"nvidia/x": 7}, site=other)
    findings = list(nvidia_orphans.RULE.run(facts(NCCL, files)))
    assert [each.bytes for each in findings] == [500, 7]
    assert "/opt/tool" in findings[1].message


def test_orphans_name_what_may_load_them() -> None:
    finding = only(nvidia_orphans.RULE, facts(NCCL, distribution("ctranslate2", {"c.so": 1})))
    assert finding.message == (
        "1 GPU package of 500 B in /app/.venv that nothing installed requires: nvidia-nccl-cu12 "
        "500 B. ctranslate2 may load them all the same, on a GPU"
    )


def test_what_has_no_known_sibling_is_information() -> None:
    finding = only(
        nvidia_packages.RULE, facts(NCCL, distribution("codec", requires=["nvidia-nccl-cu12"]))
    )
    assert finding.informational
    assert finding.message == (
        "1 GPU package of 500 B in /app/.venv, brought in by codec; the largest nvidia-nccl-cu12 "
        "500 B. No build for a CPU is known to take their place"
    )


# Deleted libraries


def deleted(*, whole_package: bool, environment: Mapping[str, str] | None = None) -> Facts:
    installs = ExampleLayer(created_by="RUN pip install torch", files={**torch(), **CUDNN})
    gone = [f"{SITE}/nvidia"]
    if whole_package:
        gone.append(f"{SITE}/nvidia_cudnn_cu12-1.0.dist-info")
    removes = ExampleLayer(created_by="RUN rm -rf nvidia*", deletes=tuple(gone))
    return made_facts(installs, removes, environment=environment)


@pytest.mark.parametrize(
    ("whole_package", "reason"),
    [
        (False, "the RECORD of nvidia-cudnn-cu12 names files that are gone, 1 of them"),
        (True, "nvidia-cudnn-cu12 is required and not installed"),
    ],
)
def test_a_torch_whose_libraries_were_deleted_is_broken_and_big(
    whole_package: bool, reason: str
) -> None:
    made = deleted(whole_package=whole_package)
    finding = only(nvidia_dirs_deleted.RULE, made)
    assert finding.bytes == 80
    assert finding.safety is Safety.REVIEW
    assert finding.message == (
        "torch 2.4.1 in /app/.venv is a CUDA 12.1 build (cuda = '12.1' in torch/version.py) that "
        f"cannot be imported: {reason}, deleted by layer 1 (RUN rm -rf nvidia*). What is left of "
        "it for a GPU still has 80 B"
    )
    assert "torch==2.4.1+cpu" in finding.fix.snippet
    assert not list(cuda_torch.RULE.run(made)), "one finding for one mend"


def test_for_a_gpu_the_libraries_have_to_come_back() -> None:
    finding = only(nvidia_dirs_deleted.RULE, deleted(whole_package=True, environment=GPU))
    assert finding.safety is Safety.RISKY
    assert finding.fix.summary == "Leave NVIDIA's packages as they are installed"


def test_libraries_of_the_system_do_as_well() -> None:
    system: Files = {"usr/lib/x86_64-linux-gnu/libcudnn.so.9.1.0": 3}
    assert not list(nvidia_dirs_deleted.RULE.run(facts(torch(), system)))
    assert list(nvidia_dirs_deleted.RULE.run(facts(torch())))


def test_a_library_without_byte_code_is_not_deleted() -> None:
    record = "nvidia/cudnn/lib/libcudnn.so.9,,\nnvidia/__pycache__/a.cpython-311.pyc,,\n"
    files = {**CUDNN, f"{SITE}/nvidia_cudnn_cu12-1.0.dist-info/RECORD": record}
    assert not list(nvidia_dirs_deleted.RULE.run(facts(torch(), files)))


@pytest.mark.parametrize(
    "requirement",
    [
        "triton==3.0.0",  # not linked: only torch.compile takes it
        "nvidia-cudnn-cu12; platform_machine == 'aarch64'",
        "nvidia-cudnn-cu12; extra == 'cuda'",
    ],
)
def test_what_torch_can_do_without_is_not_missed(requirement: str) -> None:
    assert not list(nvidia_dirs_deleted.RULE.run(facts(torch(requires=(requirement,)))))


# CUDA in the system

LIBRARIES: Files = {
    "usr/local/cuda-12.4/targets/x86_64-linux/lib/libcublas.so.12.4.5.8": 4_000,
    "usr/lib/x86_64-linux-gnu/libcudnn.so.9.1.0": 2_000,
    "usr/local/cuda-12.4/version.json": 10,
}
OS_RELEASE: Files = {"etc/os-release": 'NAME="Ubuntu"\nVERSION_ID="22.04"\nID=ubuntu\n'}
CUDA_BASE = {
    "CUDA_VERSION": "12.4.1", "NVIDIA_VISIBLE_DEVICES": "all", "NV_CUDNN_VERSION": "9.1.0.70-1",
}  # fmt: skip


def test_the_same_libraries_twice() -> None:
    made = facts(LIBRARIES, OS_RELEASE, torch(), CUDNN, environment=CUDA_BASE)
    finding = only(cuda_twice.RULE, made)
    assert finding.bytes == 2_000
    assert finding.message == (
        "1 CUDA library is there twice, 2.0 kB in /usr/lib/x86_64-linux-gnu and 1.0 kB in Python "
        "packages (libcudnn); torch loads the packages' own, where its libraries' RPATH leads"
    )
    assert finding.fix.snippet.endswith("FROM nvidia/cuda:12.4.1-base-ubuntu22.04")


def test_without_torch_nobody_knows_which_is_loaded() -> None:
    finding = only(cuda_twice.RULE, facts(LIBRARIES, CUDNN, environment=GPU))
    assert "which of them is loaded depends on who loads it" in finding.message
    assert finding.fix.snippet.endswith("FROM python:<version>-slim")


def test_for_a_cpu_neither_copy_is_of_use() -> None:
    made = facts(LIBRARIES, torch(), CUDNN, declared=Target.CPU)
    assert not list(cuda_twice.RULE.run(made))
    finding = only(cuda_base_cpu.RULE, made)
    assert finding.bytes == 6_010
    assert "the image is for a CPU (--cpu)" in finding.message
    assert finding.fix.snippet.endswith("FROM python:3.11-slim")


def test_a_cuda_base_under_cpu_builds() -> None:
    onnx = distribution("onnxruntime", {"o.so": 5})
    finding = only(cuda_base_cpu.RULE, facts(LIBRARIES, torch(None), onnx, environment=CUDA_BASE))
    assert finding.message == (
        "6.0 kB of CUDA in the system (libraries in /usr/lib/x86_64-linux-gnu, "
        "/usr/local/cuda-12.4/targets/x86_64-linux/lib), and only builds for a CPU are installed "
        "(torch 2.4.1, onnxruntime)"
    )
    assert finding.safety is Safety.REVIEW


@pytest.mark.parametrize(
    "more",
    [
        torch(),
        distribution("ctranslate2", {"c.so": 1}),
        NCCL,
        distribution("vllm", {"v.so": 1}),
        distribution("onnxruntime-gpu", {"o.so": 1}),
    ],
)
def test_a_cuda_base_that_something_may_use(more: Files) -> None:
    cpu = distribution("faiss-cpu", {"f.so": 1})
    assert not list(cuda_base_cpu.RULE.run(facts(LIBRARIES, cpu, more, environment=CUDA_BASE)))


def test_a_cuda_base_under_nothing_that_is_known_or_declared_for_a_gpu() -> None:
    assert not list(cuda_base_cpu.RULE.run(facts(LIBRARIES, environment=CUDA_BASE)))
    assert not list(cuda_base_cpu.RULE.run(facts(LIBRARIES, torch(None), declared=Target.GPU)))


DEVEL: Files = {
    "usr/local/cuda-12.4/bin/nvcc": 100,
    "usr/local/cuda-12.4/nvvm/bin/cicc": 200,
    "usr/local/cuda-12.4/targets/x86_64-linux/include/cuda.h": 3,
    "usr/local/cuda-12.4/targets/x86_64-linux/lib/libcublas_static.a": 5_000,
    "usr/local/cuda-12.4/targets/x86_64-linux/lib/stubs/libcuda.so": 7,
    "usr/lib/x86_64-linux-gnu/libcudnn_static.a": 900,
    "opt/nvidia/nsight-compute/2024.1/ncu": 40,
    "usr/lib/x86_64-linux-gnu/libz.a": 1_000_000,
}


def test_a_devel_image() -> None:
    made = facts(LIBRARIES, DEVEL, OS_RELEASE, torch(), CUDNN, environment=CUDA_BASE)
    finding = only(cuda_devel_base.RULE, made)
    assert finding.bytes == 100 + 200 + 3 + 5_000 + 7 + 900 + 40
    assert finding.message == (
        "6.2 kB of CUDA that only compiling takes (/usr/local/cuda-12.4/bin/nvcc is there), 5.9 kB "
        "of it static libraries"
    )
    # cuda-twice says the same: torch brings the libraries.
    assert finding.fix.snippet.endswith("FROM nvidia/cuda:12.4.1-base-ubuntu22.04")
    alone = only(cuda_devel_base.RULE, facts(LIBRARIES, DEVEL, OS_RELEASE, environment=CUDA_BASE))
    assert alone.fix.snippet.endswith("FROM nvidia/cuda:12.4.1-cudnn-runtime-ubuntu22.04")


@pytest.mark.parametrize(
    ("version", "cudnn", "release", "image"),
    [
        ("11.8.0", "8.9.6.50-1", 'ID="ubuntu"\nVERSION_ID="20.04"\n',
         "nvidia/cuda:11.8.0-cudnn8-runtime-ubuntu20.04"),
        ("13.0.2", "", 'ID="rocky"\nVERSION_ID="9.3"\n', "nvidia/cuda:13.0.2-runtime-rockylinux9"),
        ("12.4.1", "", "ID=debian\nVERSION_ID=12\n", "nvidia/cuda:<version>-runtime-<system>"),
        ("12.4", "", "ID=ubuntu\nVERSION_ID=22.04\n", "nvidia/cuda:<version>-runtime-<system>"),
        ("1; rm -rf /", "", "ID=ubuntu\nVERSION_ID=22.04\n",
         "nvidia/cuda:<version>-runtime-<system>"),
    ],
)  # fmt: skip
def test_the_runtime_image_to_a_devel_image(
    version: str, cudnn: str, release: str, image: str
) -> None:
    environment = {"CUDA_VERSION": version, "NV_CUDNN_VERSION": cudnn}
    made = facts(DEVEL, {"etc/os-release": release}, environment=environment)
    assert only(cuda_devel_base.RULE, made).fix.snippet.endswith(f"\nFROM {image}")


def test_with_cpu_builds_alone_all_of_cuda_is_one_finding() -> None:
    made = facts(LIBRARIES, DEVEL, torch(None), environment=CUDA_BASE)
    assert not list(cuda_devel_base.RULE.run(made))
    assert only(cuda_base_cpu.RULE, made).bytes == 6_010 + 6_250


# Several CUDAs, mixed builds, test programs


def test_several_versions_of_cuda() -> None:
    old = distribution("nvidia-cublas-cu11", {"nvidia/cublas/x.so": 70})
    codec = distribution("codec", requires=["nvidia-cublas-cu11"])
    finding = only(cuda_majors.RULE, facts(torch(), CUDNN, old, codec, environment=GPU))
    assert finding.bytes == 70
    assert finding.message == (
        "70 B of libraries for CUDA 11 in /app/.venv (nvidia-cublas-cu11 70 B), brought in by "
        "codec, beside 1.0 kB for CUDA 12"
    )
    assert not list(cuda_majors.RULE.run(facts(torch(), CUDNN, old, codec)))


def test_who_brings_torch_in_is_not_torchvision() -> None:
    vision = distribution("torchvision", requires=["torch"])
    assert "brought in" not in only(cuda_torch.RULE, facts(torch(), CUDNN, vision)).message
    ocr = distribution("easyocr", requires=["torchvision"])
    message = only(cuda_torch.RULE, facts(torch(), CUDNN, vision, ocr)).message
    assert "brought in by easyocr → torchvision: a GPU package" in message


def test_what_comes_with_jax_is_not_jax() -> None:
    jax = distribution("jax", {"jax.py": 70}, requires=["jax-cuda12-plugin; extra == 'cuda12'"])
    flax = distribution("flax", requires=["jax"])
    plugin = distribution("jax-cuda12-plugin", {"plugin.so": 21})
    finding = only(gpu_build.RULE, facts(jax, flax, plugin))
    assert finding.bytes == 21
    assert finding.message == (
        "jax-cuda12-plugin 21 B in /app/.venv come with jax 1.0: 21 B. Without its extra for CUDA "
        "or ROCm jax runs on a CPU"
    )


def test_a_package_that_asks_for_both_versions_of_cuda_cannot_be_exchanged() -> None:
    both = distribution("dsl", requires=["nvidia-x-cu11", "nvidia-cudnn-cu12"])
    old = distribution("nvidia-x-cu11", {"x.so": 70})
    assert not list(cuda_majors.RULE.run(facts(torch(), CUDNN, old, both, environment=GPU)))


def test_libraries_without_a_suffix_are_of_the_newest_cuda() -> None:
    new = distribution("nvidia-cublas", {"nvidia/cu13/lib/libcublas.so": 9_000}, version="13.1")
    runtime = distribution("nvidia-cuda-runtime", {"nvidia/cu14/lib/x.so": 1}, version="14.0.1")
    finding = only(cuda_majors.RULE, facts(new, runtime, CUDNN, environment=GPU))
    assert finding.bytes == 1_000
    assert finding.message.endswith("required by nothing installed, beside 9.0 kB for CUDA 14")


def test_torchvision_of_another_build() -> None:
    def vision(version: str) -> Files:
        files: Files = {
            "torchvision/version.py": f"__version__ = '{version}'\n",
            "torchvision/_C.so": 2_000_000,
        }
        return distribution("torchvision", files, version="0.19.1")

    finding = only(torchvision_mismatch.RULE, facts(torch(None), vision("0.19.1+cu121")))
    assert finding.message == (
        "torchvision 0.19.1+cu121 in /app/.venv (2.0 MB) is built for a GPU and torch 2.4.1 for a "
        'CPU: its compiled operators do not load, as in "operator torchvision::nms does not exist"'
    )
    assert finding.fix.snippet.splitlines()[-2:] == ["torch==2.4.1+cpu", "torchvision==0.19.1+cpu"]
    for version, cuda in (("0.19.1", None), ("0.19.1+cpu", None), ("0.19.1+cu121", "12.1")):
        assert not list(torchvision_mismatch.RULE.run(facts(torch(cuda), vision(version))))


def test_torchs_test_programs() -> None:
    programs: Files = {
        "torch/version.py": "cuda = None\n", "torch/test/atest": 100, "torch/bin/test_api": 20,
        "torch/bin/upgrader_models/a.ptl": 3, "torch/bin/torch_shm_manager": 7,
        "torch/bin/protoc-3.13.0.0": 7, "torch/testing/_internal/a.py": 7,
    }  # fmt: skip
    finding = only(cpu_torch_test_binaries.RULE, facts(distribution("torch", programs)))
    assert finding.bytes == 123
    assert finding.fix.snippet == (
        "RUN pip install x \\\n"
        f" && rm -rf /{SITE}/torch/test \\\n"
        f" && find /{SITE}/torch/bin -mindepth 1 ! -name torch_shm_manager ! -name 'protoc*' "
        "-delete"
    )
    rules = {each.rule for each in find_all(facts(distribution("torch", programs)))}
    assert "test-dirs" not in rules, "one finding for one mend"


def test_a_file_that_asks_for_torch_by_its_name_brings_it_in() -> None:
    files: Files = {
        **distribution(
            "torch",
            {"torch/version.py": "cuda = '12.1'\n", "torch/lib/libtorch_cuda.so": 8_000_000},
            requires=["nvidia-cudnn-cu12"],
        ),
        **distribution("nvidia-cudnn-cu12", {"nvidia/cudnn/lib/libcudnn.so.9": 9_000_000}),
        **distribution("sentence-transformers", {"s.py": 9}, requires=["torch"]),
    }
    found = only(cuda_torch.RULE, facts_of(files))
    assert ", brought in by sentence-transformers → torch: " in found.message
    files["app/requirements.txt"] = "torch\nsentence-transformers\n"
    found = only(cuda_torch.RULE, facts_of(files))
    assert ", brought in by /app/requirements.txt: " in found.message
