"""gpu-build: libraries other than torch built for a GPU, with what comes with them."""

from collections.abc import Iterator

from imgdiag.facts.facts import Facts
from imgdiag.finding import Finding, Safety
from imgdiag.python.distributions import Distribution
from imgdiag.python.gpu import TORCH
from imgdiag.python.gpu_use import GpuBuild
from imgdiag.rules._gpu import chain_to, named
from imgdiag.rules._gpu_fix import build_fix
from imgdiag.rules._hidden import largest, visible
from imgdiag.rules._installed import installed
from imgdiag.rules.rule import Example, ExampleLayer, Rule, Topic
from imgdiag.units import format_bytes


def _check(facts: Facts) -> Iterator[Finding]:
    if facts.purpose.is_gpu:
        return
    for environment in facts.environments:
        for build in facts.gpu[environment.path].builds:
            if build.family is TORCH:
                continue
            family = build.family
            members = named(facts, environment, build.members)
            libraries = named(facts, environment, build.libraries)
            goes = libraries if not (family.sibling or family.dropped) else (*members, *libraries)
            claim = facts.claims.distributions(goes)
            replacement = min(family.sibling.bytes, claim.visible_bytes) if family.sibling else 0
            yield Finding(
                rule=RULE.name,
                safety=Safety.REVIEW,
                message=_message(facts, build, members, libraries, visible(claim)),
                fix=build_fix(facts, environment, build, claim),
                claim=claim,
                estimate=f"{family.sibling.name} takes about {format_bytes(replacement)}, as "
                "measured on one release"
                if family.sibling
                else "",
                replacement_bytes=replacement,
            )


def _message(
    facts: Facts,
    build: GpuBuild,
    members: tuple[Distribution, ...],
    libraries: tuple[Distribution, ...],
    size: str,
) -> str:
    environment = members[0].environment
    family = build.family
    whose = ", ".join(f"{each.name} {each.version}" for each in members)
    if family.sibling or family.dropped:
        own = format_bytes(sum(each.bytes for each in members))
        message = f"{whose} of {own} in /{environment.prefix}"
        chain = chain_to(facts.graphs[environment.path], build)
        message += f", brought in by {chain}" if chain else ""
        message += f", and with it {largest(libraries)}" if libraries else ""
    else:  # the library itself stays
        message = f"{largest(libraries)} in /{environment.prefix} come with {whose}"
    message += f": {size}"
    if family.sibling:
        message += f", less about {format_bytes(family.sibling.bytes)} that {family.sibling.name} "
        message += "takes"
    message += f". {family.about}"
    if build.shared:
        message += f". {', '.join(build.shared)} goes only when the GPU build of "
        message += f"{', '.join(build.shared_with)} goes too"
    return message


_NCCL = installed("nvidia-nccl-cu12", "2.27.5", {"nvidia/nccl/lib/libnccl.so.2": 490_000_000})
_CUDNN = installed("nvidia-cudnn-cu12", "9.1.0", {"nvidia/cudnn/lib/libcudnn.so.9": 900_000_000})


def _example(what: str, *distributions: dict[str, int | str], finds: tuple[int, ...]) -> Example:
    files = {path: size for each in distributions for path, size in each.items()}
    run = "RUN pip install -r requirements.txt"
    return Example(what=what, layers=(ExampleLayer(created_by=run, files=files),), finds=finds)


RULE = Rule(
    name="gpu-build",
    topic=Topic.GPU,
    title="A library's build for a GPU in an image that may never see one",
    why="Many libraries have two builds of one version, under two names, and the one that "
    "everyone knows is the one for a GPU: xgboost requires NCCL on Linux (711 MB more than "
    "xgboost-cpu), PyPI's tensorflow has 600 MB of CUDA code, onnxruntime-gpu, faiss-gpu and "
    "paddlepaddle-gpu have a namesake without. `jax[cuda12]`, CuPy, xformers and bitsandbytes "
    "are of use on a GPU alone. catboost, lightgbm and ctranslate2 are left alone: there is no "
    "smaller build of them.",
    fix="Ask for the other name, with the version kept where it has that version. Where another "
    "package asks for the GPU build by its name, uv can be told never to install it; with pip, "
    "exchange it in the same RUN.",
    ignore_when="The service runs on GPUs: `--gpu` says so.",
    check=_check,
    examples=(
        _example(
            "xgboost and the NCCL that it requires, less the 18 MB of xgboost-cpu",
            installed(
                "xgboost",
                "3.2.0",
                {"xgboost/lib/libxgboost.so": 238_000_000},
                ["nvidia-nccl-cu12; platform_system == 'Linux'"],
            ),
            _NCCL,
            finds=(710_000_000,),
        ),
        _example(
            "tensorflow with its extra and-cuda, less the 1.27 GB of tensorflow-cpu",
            installed(
                "tensorflow",
                "2.21.0",
                {"tensorflow/libtensorflow_cc.so.2": 1_870_000_000},
                ["nvidia-cudnn-cu12==9.1.0; extra == 'and-cuda'"],
            ),
            _CUDNN,
            finds=(1_500_000_000,),
        ),
        _example(
            "onnxruntime-gpu, less the 76 MB of onnxruntime",
            installed("onnxruntime-gpu", "1.31.1", {"onnxruntime/capi/x.so": 350_000_000}),
            finds=(274_000_000,),
        ),
        _example(
            "what jax[cuda12] adds to jax",
            installed(
                "jax",
                "0.8.0",
                {"jax/core.py": 1_000_000},
                ["jax-cuda12-plugin[with-cuda]; extra == 'cuda12'"],
            ),
            installed(
                "jax-cuda12-plugin",
                "0.8.0",
                {"jax_cuda12_plugin/x.so": 21_000_000},
                ["jax-cuda12-pjrt==0.8.0", "nvidia-cudnn-cu12; extra == 'with-cuda'"],
            ),
            installed("jax-cuda12-pjrt", "0.8.0", {"jax_plugins/xla_cuda12/x.so": 487_000_000}),
            _CUDNN,
            finds=(1_408_000_000,),
        ),
        _example(
            "CuPy",
            installed("cupy-cuda12x", "13.6.0", {"cupy/x.so": 293_000_000}),
            finds=(293_000_000,),
        ),
        _example(
            "libraries built for a CPU, and catboost",
            installed("onnxruntime", "1.31.1", {"onnxruntime/capi/x.so": 76_000_000}),
            installed("xgboost-cpu", "3.2.0", {"xgboost/lib/libxgboost.so": 18_000_000}),
            installed("catboost", "1.2.10", {"catboost/_catboost.so": 288_000_000}),
            finds=(),
        ),
    ),
)
