"""A project before it is built: what the checks look at, worked out once and when first asked."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from imgdiag.project.context import ContextFile, context_files, ignore_file, read_patterns
from imgdiag.project.dockerfile import Dockerfile, Stage
from imgdiag.project.instruction import Instruction
from imgdiag.project.runs import Placed
from imgdiag.project.scope import Scope, scoped

_DEVELOPMENT = re.compile(r"(^|[-_.])(dev|devel|development|tests?|testing|ci|lint|debug)([-_.]|$)")


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

    @cached_property
    def ignore_file(self) -> Path | None:
        """Return the .dockerignore that counts, None without one."""
        path = Path(self.dockerfile.path) if self.dockerfile else None
        return ignore_file(self.folder, path)

    @cached_property
    def pyproject(self) -> Mapping[str, Any] | None:
        """Return pyproject.toml, None where there is none that can be read."""
        try:
            return tomllib.loads((self.folder / "pyproject.toml").read_text("utf-8"))
        except (OSError, ValueError, RecursionError):
            return None

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
                yield instruction, scope
