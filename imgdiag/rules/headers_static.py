"""headers-static: headers, static libraries and C sources inside installed packages."""

import shlex
from collections import defaultdict
from collections.abc import Iterator
from functools import partial

from imgdiag.facts.claims import Claim
from imgdiag.facts.facts import Facts
from imgdiag.filesystem import File
from imgdiag.finding import Finding, Fix, Safety
from imgdiag.rules._hidden import visible
from imgdiag.rules._programs import program
from imgdiag.rules._shell import command_fix, wrapped
from imgdiag.rules._visible import visible_findings
from imgdiag.rules.rule import Example, ExampleLayer, Rule, Topic
from imgdiag.units import format_bytes

_SUFFIXES = (
    *(".h", ".hh", ".hpp", ".hxx", ".cuh", ".a"),
    *(".c", ".cc", ".cpp", ".cxx", ".cu", ".pyx", ".pxd", ".pxi"),
)
# fmt: off
# They compile as they run, and need their headers or sources for it.
_COMPILERS = frozenset((
    "aesara", "apex", "cffi", "clang", "cppyy", "cppyy_backend", "cuda", "cupy", "cupy_backends",
    "cupyx", "Cython", "deepspeed", "gsplat", "httpstan", "keopscore", "mypyc", "nanobind",
    "numba", "numba_cuda", "nvidia", "pybind11", "pycparser", "pycuda", "pykeops", "pyopencl",
    "pystan", "pytensor", "pythran", "taichi", "tensorrt", "theano", "torch_tensorrt", "triton",
    "tvm", "warp", "ziglang",
))
# fmt: on
_LEAST = 20_000_000  # bytes in all: less is not worth a look


def _check(facts: Facts) -> Iterator[Finding]:
    for environment in facts.environments:
        if environment.path.endswith("/dist-packages"):
            continue
        by_package: dict[str, list[tuple[str, File]]] = defaultdict(list)
        start = len(environment.path) + 1
        for path, directory in facts.usage.directories:
            if not path.startswith(f"{environment.path}/"):
                continue
            package = path[start:].partition("/")[0]
            if package in _COMPILERS:
                continue
            for name, node in directory.children.items():
                if name.endswith(_SUFFIXES) and type(node) is File:
                    by_package[package].append((f"{path}/{name}", node))
        sizes = {
            package: sum(file.size for _, file in files) for package, files in by_package.items()
        }
        if sum(sizes.values()) < _LEAST:
            continue
        largest = sorted(sizes, key=lambda package: (-sizes[package], package))[:3]
        yield from visible_findings(
            facts,
            RULE.name,
            [path for files in by_package.values() for path, _ in files],
            message=partial(
                _message, facts, [f"{each} {format_bytes(sizes[each])}" for each in largest]
            ),
            fix=partial(_fix, facts, environment.path),
            safety=Safety.REVIEW,
        )


def _message(facts: Facts, largest: list[str], claim: Claim) -> str:
    compiler = program(facts, "cc", "gcc", "g++", "clang", "nvcc")
    without = (
        f"for compiling with /{compiler} as the service runs, as torch.compile does"
        if compiler
        else "and no compiler in the image to use them"
    )
    return (
        f"{visible(claim)} of headers, static libraries and C sources in packages, "
        f"the most in {', '.join(largest)}; {without}"
    )


def _fix(facts: Facts, site: str, layer: int, paths: list[str]) -> Fix:
    found = {f".{path.rpartition('.')[2]}" for path in paths}
    present = [each for each in _SUFFIXES if each in found]
    names = wrapped(f"{'-o ' * (each != present[0])}-name '*{each}'" for each in present)
    known = {path[len(site) + 1 :].partition("/")[0] for path in paths}
    there = facts.filesystem.find(site)
    kept = sorted(_COMPILERS & set(getattr(there, "children", ())) - known)
    without = "".join(f"-not -path {shlex.quote(f'/{site}/{each}/*')} \\\n    " for each in kept)
    command = f"find {shlex.quote(f'/{site}')} -mindepth 2 -type f"
    return command_fix(
        facts,
        layer,
        f"{command} \\\n    {without}\\( {names} \\) -delete",
        where="builds the environment",
    )


_SITE = "app/.venv/lib/python3.11/site-packages"

RULE = Rule(
    name="headers-static",
    topic=Topic.PYTHON,
    title="Headers, static libraries and C sources in packages",
    why="Packages ship what extensions are compiled against: 49 MB of headers in a science stack "
    "(39 of them torch's), 35 MB of C and Cython sources, 3 MB of static libraries. Only what "
    "compiles at run time reads them: torch.compile does, and packages that are known to are left "
    "out (triton, cupy, numba, pytensor …).",
    fix="Remove them in the stage that builds the environment, when nothing compiles in the "
    "container.",
    ignore_when="torch.compile, or anything else that calls a C compiler as the service runs.",
    check=_check,
    examples=(
        Example(
            what="torch's headers, and triton's, which it compiles against",
            layers=(
                ExampleLayer(
                    created_by="RUN /bin/sh -c uv sync",
                    files={
                        f"{_SITE}/torch/include/ATen/ops.h": 39_000_000,
                        f"{_SITE}/triton/backends/nvidia/include/cuda.h": 700_000,
                    },
                ),
            ),
            finds=(39_000_000,),
        ),
        Example(
            what="a project's own C sources",
            layers=(ExampleLayer(created_by="COPY . .", files={"app/src/fast.c": 39_000_000}),),
            finds=(),
        ),
    ),
)
