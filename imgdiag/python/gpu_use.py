"""What of one environment is there for a GPU, who brings it in, and what goes with which mend."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from packaging.utils import canonicalize_name

from imgdiag.filesystem import File, Filesystem
from imgdiag.python.distributions import Distribution
from imgdiag.python.gpu import (
    FAMILIES,
    TORCH,
    Family,
    is_gpu_library,
    is_gpu_only,
    is_xpu_runtime,
    needs_gpu,
)
from imgdiag.python.graph import Graph
from imgdiag.python.torch import Torch


@dataclass(frozen=True, slots=True, kw_only=True)
class GpuBuild:
    """A library's build for a GPU, and what goes when the build for a CPU takes its place.

    All names, sorted. `members` are the family's installed distributions, `libraries` what goes
    besides. What several builds share goes with the last of them: `shared` are those of
    `libraries` that go only when the builds of `shared_with` go too. `required_by` are the
    others that ask for a member by its name.
    """

    family: Family
    members: tuple[str, ...]
    libraries: tuple[str, ...]
    shared: tuple[str, ...]
    shared_with: tuple[str, ...]
    required_by: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class GpuUse:
    """One environment's distributions for a GPU. All names, sorted.

    `orphans` are libraries that nothing installed requires, with what only they require.
    `others` are those that are left: the distributions that bring them in have no known
    counterpart for a CPU. `needs_gpu` are distributions that nobody has without meaning a GPU.
    """

    builds: tuple[GpuBuild, ...]
    orphans: tuple[str, ...]
    others: tuple[str, ...]
    needs_gpu: tuple[str, ...]


def gpu_use(
    distributions: Iterable[Distribution],
    graph: Graph,
    torch: Torch | None,
    cpu_builds: frozenset[str],
) -> GpuUse:
    """Sort one environment's distributions for GPUs by the mend that would take them away.

    `cpu_builds` are those of which their own files say that they have no code for a GPU.
    """
    needs = _Needs(list(distributions), graph, xpu=torch is not None and torch.variant == "xpu")
    kept = needs.reach({})
    cut: dict[str, Family] = {}
    builds: list[GpuBuild] = []
    for family in FAMILIES:
        members = tuple(name for name in sorted(graph.requires) if family.members.fullmatch(name))
        if family.dropped:
            members = tuple(name for name in members if not needs.requirers(name, members))
        if cpu_builds & set(members) or not needs.is_gpu_build(family, members, torch):
            continue
        now = dict.fromkeys(members, family)
        left = needs.reach({**cut, **now})
        gone = kept - left
        alone = needs.reach({}) - needs.reach(now)
        kept, cut = left, {**cut, **now}
        shared = gone - alone
        builds.append(
            GpuBuild(
                family=family,
                members=members,
                libraries=tuple(sorted(gone - set(members))),
                shared=tuple(sorted(shared)),
                shared_with=tuple(
                    each.family.name for each in builds if shared & needs.below(each.members)
                ),
                required_by=tuple(
                    sorted({by for name in members for by in needs.requirers(name, members)})
                ),
            )
        )
    orphaned = [name for name in needs.roots if is_gpu_library(name) and name not in cut]
    without = needs.reach(cut, closed=orphaned)
    replaced = {name for name, family in cut.items() if family.sibling}
    return GpuUse(
        builds=tuple(builds),
        orphans=tuple(sorted(kept - without)),
        others=tuple(
            sorted(name for name in without if is_gpu_only(name) and name not in replaced)
        ),
        needs_gpu=tuple(name for name in sorted(graph.requires) if needs_gpu(name)),
    )


_BUILD_INFO = "tensorflow/python/platform/build_info.py"
_CUDA_BUILD = re.compile(r"['\"]is_(?:cuda|rocm)_build['\"]\s*[,:]\s*True")


def cpu_builds(
    filesystem: Filesystem, distributions: Iterable[Distribution], architecture: str
) -> frozenset[str]:
    """Return those of one environment's distributions that have no code for a GPU.

    tensorflow says so in its build_info.py. Without that, PyPI's has CUDA code for amd64 alone.
    """
    names: set[str] = set()
    for each in distributions:
        if each.name.startswith("tensorflow"):
            file = filesystem.find(f"{each.environment.path}/{_BUILD_INFO}")
            text = file.content if isinstance(file, File) else None
            if text is None:
                is_cpu = architecture != "amd64"
            else:
                is_cpu = _CUDA_BUILD.search(text.decode("utf-8", "replace")) is None
            names |= {each.name} if is_cpu else set()
    return frozenset(names)


class _Needs:
    """Who requires whom, extras that a project asks for among it."""

    def __init__(self, distributions: list[Distribution], graph: Graph, *, xpu: bool) -> None:
        self._required = {name: set(targets) for name, targets in graph.requires.items()}
        self._graph = graph
        self._xpu = xpu
        by_extra = _asked_by_extra(distributions, graph)
        for name, targets in by_extra.items():
            self._required[name] |= targets
        asked = {target for targets in by_extra.values() for target in targets}
        self.roots = tuple(name for name in graph.unrequired if name not in asked)
        # A project that has one of these may use it itself, whatever else requires it.
        self._used = tuple(
            name
            for name in graph.requires
            if not is_gpu_only(name) and any(each.members.fullmatch(name) for each in FAMILIES)
        )

    def requirers(self, name: str, members: Collection[str]) -> list[str]:
        """Return what requires `name`, its own family left out."""
        return [by for by in self._graph.required_by[name] if by not in members]

    def is_gpu_build(self, family: Family, members: tuple[str, ...], torch: Torch | None) -> bool:
        """Tell whether the installed members are a build for a GPU."""
        if family is TORCH:
            return torch is not None and torch.variant in ("cuda", "rocm", "xpu")
        return any(family.dropped or family.always or is_gpu_only(name) for name in members) or any(
            is_gpu_only(target) for name in members for target in self._required[name]
        )

    def reach(self, cut: Mapping[str, Family], closed: Collection[str] = ()) -> frozenset[str]:
        """Return what is still needed when the distributions in `cut` ask for no GPU."""
        roots = (name for name in self.roots if name not in closed)
        return self.below((*roots, *self._used), cut)

    def below(
        self, names: Iterable[str], cut: Mapping[str, Family] | None = None
    ) -> frozenset[str]:
        """Return `names` and all that they require, the libraries of those in `cut` left out."""
        cut = cut or {}
        reached: set[str] = set()
        stack = list(names)
        while stack:
            name = stack.pop()
            if name in reached:
                continue
            reached.add(name)
            family = cut.get(name)
            stack += [
                target
                for target in self._required[name]
                if family is None or not self._goes(family, target)
            ]
        # What a dropped one requires stays: the project may use NumPy or torch itself.
        return frozenset(reached - {name for name, family in cut.items() if family.dropped})

    def _goes(self, family: Family, target: str) -> bool:
        """Tell whether `target` is a library for a GPU that `family` asks for no more."""
        if any(each.members.fullmatch(target) for each in FAMILIES):
            return False  # that one has a mend of its own
        xpu = self._xpu and family is TORCH
        return is_gpu_only(target) or (xpu and is_xpu_runtime(target))


# The libraries of `jax[cuda12]` and `tensorflow[and-cuda]`: the project asks for the extra, so
# nothing that is installed seems to require them.
_WITH_EXTRAS = re.compile(r"jax|jax-(?:cuda|rocm)\d+-plugin|tensorflow(?:-gpu)?")


def _asked_by_extra(distributions: Iterable[Distribution], graph: Graph) -> dict[str, set[str]]:
    """Return the libraries for a GPU that nothing requires but by an extra, by who offers it."""
    found: dict[str, set[str]] = defaultdict(set)
    for each in distributions:
        if not _WITH_EXTRAS.fullmatch(each.name):
            continue
        for requirement in each.requirements:
            name = canonicalize_name(re.split(r"[^A-Za-z0-9._-]", requirement, maxsplit=1)[0])
            asked = is_gpu_only(name) and name != each.name
            if asked and not graph.required_by.get(name, {each.name}):
                found[each.name].add(name)
    return found
