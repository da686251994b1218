"""A project before it is built: what the checks look at, worked out once and when first asked."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from imgdiag.project.context import ContextFile, context_files, ignore_file, read_patterns
from imgdiag.project.dockerfile import Dockerfile, Stage
from imgdiag.project.folder import read_locks, read_settings
from imgdiag.project.instruction import Instruction
from imgdiag.project.locks import Lock
from imgdiag.project.pyproject import Pyproject
from imgdiag.project.runs import Placed
from imgdiag.project.scope import Scope, scoped
from imgdiag.project.torch_plan import TorchPlan, is_gpu_index, torch_plan
from imgdiag.python.gpu import needs_gpu

_DEVELOPMENT = re.compile(r"(^|[-_.])(dev|devel|development|tests?|testing|ci|lint|debug)([-_.]|$)")

_GPU_BASE = re.compile(r"(^|/)(nvidia/|rocm/)|cuda|-gpu\b|\brocm")
_GPU_INDEX = re.compile(r"https?://[\w./-]+/whl/(cu\d{2,3}|rocm[\d.]+|xpu)\b")
_CPU_INDEX = re.compile(r"/whl/cpu\b|UV_TORCH_BACKEND=[\"']?cpu\b|--torch-backend[= ]cpu\b")

# Bases that do not begin as root.
_USERS = {
    "apache/airflow": "airflow",
    "bitnami/": "1001",
    "jupyter/": "jovyan",
    "mambaorg/micromamba": "mambauser",
}


def _user_of(base: str) -> str:
    return next((user for name, user in _USERS.items() if name in base), "")


@dataclass(frozen=True, kw_only=True, eq=False)
class Project:
    """A folder that an image is built from, and its Dockerfile where it has one.

    `folder` is the build context. `target` is the stage that is built, None for the last one.
    """

    folder: Path
    dockerfile: Dockerfile | None = None
    target: str | None = None

    @cached_property
    def built(self) -> tuple[Placed, ...]:
        """Return the instructions of every stage that the target needs, in the file's order."""
        if self.dockerfile is None:
            return ()
        shipped = {id(stage) for stage in self.shipped_stages}
        return tuple(
            Placed(instruction, scope, stage, id(stage) in shipped)
            for stage in self.dockerfile.stages
            if stage.index in self._needed
            for instruction, scope in self._scoped(stage)
        )

    @cached_property
    def shipped(self) -> tuple[Placed, ...]:
        """Return the instructions whose layers the image has, in the order of the layers."""
        by_stage: dict[int, list[Placed]] = {}
        for placed in self.built:
            by_stage.setdefault(placed.stage.index, []).append(placed)
        return tuple(
            placed for stage in self.shipped_stages for placed in by_stage.get(stage.index, ())
        )

    @cached_property
    def shipped_stages(self) -> tuple[Stage, ...]:
        """Return the stages that the image is made of: the target, after those it starts from."""
        if self.dockerfile is None:
            return ()
        return self.dockerfile.chain(self.dockerfile.target(self.target))

    @property
    def for_development(self) -> bool:
        """Tell whether the stage that is built is named as one for developers or tests."""
        stages = self.shipped_stages
        return bool(stages) and _DEVELOPMENT.search(stages[-1].name) is not None

    def source_of(self, placed: Placed) -> Stage | None:
        """Return the stage that a `COPY --from` copies from, None for the context or an image."""
        assert self.dockerfile is not None
        names = placed.instruction.flag("from")
        return self.dockerfile.find(names[0]) if names else None

    @cached_property
    def context(self) -> tuple[ContextFile, ...]:
        """Return the files of the build context that .dockerignore lets pass."""
        return tuple(context_files(self.folder, read_patterns(self.ignore_file)))

    def in_context(self, name: str) -> Path | None:
        """Return a file or a folder of the build context, None where there is none of that name."""
        path = posixpath.normpath(name.lstrip("/") or ".")
        try:
            found = self.folder / path
            return found if not path.startswith("..") and found.exists() else None
        except (OSError, ValueError):  # a name that no file can have
            return None

    @cached_property
    def ignore_file(self) -> Path | None:
        """Return the .dockerignore that counts, None without one."""
        path = Path(self.dockerfile.path) if self.dockerfile else None
        return ignore_file(self.folder, path)

    @cached_property
    def settings(self) -> Pyproject | None:
        """Return pyproject.toml, None without one. Raises ImgdiagError for a broken one."""
        return read_settings(self.folder)

    @cached_property
    def locks(self) -> tuple[Lock, ...]:
        """Return the lock files, requirements.txt among them. Raises ImgdiagError."""
        return read_locks(self.folder)

    @cached_property
    def torch(self) -> TorchPlan:
        """Return which torch will be installed on Linux."""
        return torch_plan(self.settings, self.locks)

    @cached_property
    def gpu_evidence(self) -> str:
        """Return what says that the image is meant for a GPU, "" when nothing does."""
        for stage in self.shipped_stages:
            if stage.parent is None and _GPU_BASE.search(stage.base):
                return f"FROM {stage.base}"
        settings = (self.settings, *self.settings.members) if self.settings else ()
        for index in (index for each in settings for index in each.indexes):
            if is_gpu_index(index.url):
                return f"the index {index.url}"
        for lock in self.locks:
            for url in lock.indexes:
                if is_gpu_index(url):
                    return f"{lock.path} names the index {url}"
        for placed in self.built:
            if match := _GPU_INDEX.search(placed.instruction.command):
                return f"the Dockerfile names the index {match[0]}"
        names = [each.name for of in settings for each in of.declared if each.where == "project"]
        names += [root.name for lock in self.locks for root in lock.roots if not root.group]
        return next((f"{name} is asked for" for name in names if needs_gpu(name)), "")

    @cached_property
    def takes_cpu_index(self) -> bool:
        """Tell whether the Dockerfile names an index of CPU builds where it installs."""
        return any(
            _CPU_INDEX.search(f"{placed.instruction.text}{placed.instruction.command}")
            for placed in self.built
        )

    @cached_property
    def _needed(self) -> frozenset[int]:
        """Return the stages that the target needs: by FROM, `COPY --from` and mounts."""
        assert self.dockerfile is not None
        needed: set[int] = set()
        waiting = [self.dockerfile.target(self.target)]
        while waiting:
            stage = waiting.pop()
            if stage.index in needed:
                continue
            needed.add(stage.index)
            waiting += self._named_by(stage)
        return frozenset(needed)

    def _named_by(self, stage: Stage) -> Iterator[Stage]:
        assert self.dockerfile is not None
        if stage.parent is not None:
            yield self.dockerfile.stages[stage.parent]
        for instruction in stage.instructions:
            names = list(instruction.flag("from"))
            for mount in instruction.flag("mount"):
                names += [part[5:] for part in mount.split(",") if part.startswith("from=")]
            found = (self.dockerfile.find(name) for name in names)
            # A stage can only take from those before it.
            yield from (each for each in found if each and each.index < stage.index)

    def _scoped(self, stage: Stage) -> Iterator[tuple[Instruction, Scope]]:
        assert self.dockerfile is not None
        chain = self.dockerfile.chain(stage)
        own = {id(instruction) for instruction in stage.instructions}
        for instruction, scope in scoped(chain, self.dockerfile.arguments):
            if id(instruction) in own:
                user = "" if scope.user else _user_of(chain[0].base)
                yield instruction, replace(scope, user=user) if user else scope
