"""nvidia-orphans: libraries for a GPU that nothing installed requires."""

from collections.abc import Iterator

from imgdiag.facts.facts import Facts
from imgdiag.finding import Finding, Safety
from imgdiag.rules._gpu import named
from imgdiag.rules._gpu_fix import orphans_fix
from imgdiag.rules._hidden import largest, visible
from imgdiag.rules._installed import installed
from imgdiag.rules.rule import Example, ExampleLayer, Rule, Topic
from imgdiag.units import counted

# These look for CUDA's libraries when they run, and do not require them.
_LOADERS = frozenset(("ctranslate2", "cupy", "faster-whisper", "numba", "onnxruntime-gpu"))


def _check(facts: Facts) -> Iterator[Finding]:
    if facts.purpose.is_gpu:
        return
    for environment in facts.environments:
        found = named(facts, environment, facts.gpu[environment.path].orphans)
        if not found:
            continue
        claim = facts.claims.distributions(found)
        loaders = sorted(_LOADERS & facts.graphs[environment.path].requires.keys())
        may = f". {', '.join(loaders)} may load them all the same, on a GPU" if loaders else ""
        yield Finding(
            rule=RULE.name,
            safety=Safety.REVIEW,
            message=f"{counted(len(found), 'GPU package')} of {visible(claim)} in "
            f"/{environment.prefix} that nothing installed requires: {largest(found)}{may}",
            fix=orphans_fix(facts, environment, (each.name for each in found), claim),
            claim=claim,
        )


_FILES = installed("nvidia-cudnn-cu12", "9.1.0", {"nvidia/cudnn/lib/libcudnn.so.9": 9_000_000})

RULE = Rule(
    name="nvidia-orphans",
    topic=Topic.GPU,
    title="Libraries for a GPU that nothing requires",
    why="A requirements file made by `pip freeze` names every CUDA library, and keeps asking for "
    "them when torch is the CPU build at last; an upgrade leaves the old ones behind. Nothing that "
    "is installed requires these.",
    fix="Take their names out of your requirements, or uninstall them in the RUN that installs.",
    ignore_when="Something loads them by name when it runs on a GPU, as ctranslate2 and "
    "onnxruntime-gpu do.",
    check=_check,
    examples=(
        Example(
            what="cuDNN in an environment that has no use for it",
            layers=(ExampleLayer(created_by="RUN pip install -r requirements.txt", files=_FILES),),
            finds=(9_000_000,),
        ),
        Example(
            what="cuDNN in an image for a GPU",
            layers=(ExampleLayer(created_by="RUN pip install nvidia-cudnn-cu12", files=_FILES),),
            environment={"CUDA_VERSION": "12.4.1"},
            finds=(),
        ),
    ),
)
