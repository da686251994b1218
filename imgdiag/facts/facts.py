"""All that is known of an image before it is judged: what the rules look at."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from imgdiag.facts.claims import Claims
from imgdiag.facts.cuda import SystemCuda, find_cuda
from imgdiag.facts.ownership import Ownership, find_owners
from imgdiag.facts.purpose import Purpose, Target, find_purpose
from imgdiag.facts.steps import UNKNOWN, Step, steps_of
from imgdiag.facts.unattributed import unattributed_bytes, unattributed_rows
from imgdiag.filesystem import Cause, Directory, File, Filesystem, Hidden, join
from imgdiag.filesystem.folders import Folder, folders
from imgdiag.filesystem.moves import find_moves
from imgdiag.filesystem.origins import Origins
from imgdiag.image import ImageConfig, instruction
from imgdiag.project.alignment import Alignment
from imgdiag.python import archives
from imgdiag.python.bytecode import ByteCode, find_byte_code
from imgdiag.python.distributions import Distribution
from imgdiag.python.environments import Environment, find_environments
from imgdiag.python.gpu_use import GpuUse, cpu_builds, gpu_use
from imgdiag.python.graph import Graph
from imgdiag.python.imports import ImportCheck, check_imports, find_candidates
from imgdiag.python.imports.names import NAMES
from imgdiag.python.inferred import infer_extras
from imgdiag.python.interpreters import Interpreter, find_interpreters
from imgdiag.python.markers import installed_for
from imgdiag.python.requires import Requires
from imgdiag.python.roots import RootFinder, Roots
from imgdiag.python.torch import Torch, find_torch
from imgdiag.python.uses import Uses, find_uses
from imgdiag.scanner.usage import Usage, UsageRow
from imgdiag.system.debian import Debian, find_debian
from imgdiag.system.package import SystemPackage

_RELEASE = re.compile(r"^([A-Z_]+)=[\"']?([^\"'\n]*)[\"']?$", re.MULTILINE)

LARGE_BYTES = 1_000_000


@dataclass(frozen=True, kw_only=True, eq=False)
class Facts:
    """An image, measured. Everything that takes work is done once, and when first asked for."""

    config: ImageConfig
    filesystem: Filesystem
    declared: Target | None = None  # what the user says that the image is meant to run on
    dockerfile: Alignment | None = None  # held against the image; it may not fit
    sources_read: bool = False  # that of every Python source its imports are known
    unread: str = ""  # what of the image could not be read, "" for nothing

    @cached_property
    def usage(self) -> Usage:
        """Folder sizes over the merged image."""
        return Usage(self.filesystem)

    @cached_property
    def hidden_groups(self) -> Mapping[tuple[Cause, int, int], tuple[Hidden, ...]]:
        """Shipped files that nobody sees: by cause, the layer that made and that hid them."""
        groups: dict[tuple[Cause, int, int], list[Hidden]] = defaultdict(list)
        for hidden in self.filesystem.hidden:
            groups[hidden.cause, hidden.file.layer, hidden.hidden_in].append(hidden)
        return {key: tuple(groups[key]) for key in sorted(groups)}

    @cached_property
    def moves(self) -> Mapping[Hidden, str]:
        """Deleted files that the deleting layer stores again elsewhere, with the new paths."""
        return find_moves(self.filesystem, self.usage, self.hidden_groups)

    @cached_property
    def large_files(self) -> tuple[tuple[str, File], ...]:
        """Every visible name of the files of 1 MB or more, the largest first."""
        found = [
            (join(path, name), node)
            for path, directory in self.usage.directories
            for name, node in directory.children.items()
            if type(node) is File and node.size >= LARGE_BYTES
        ]
        return tuple(sorted(found, key=lambda pair: (-pair[1].size, pair[0])))

    @cached_property
    def environments(self) -> tuple[Environment, ...]:
        """Every folder that Python distributions are installed in."""
        return find_environments(self.filesystem, self.usage, self.interpreters)

    @cached_property
    def interpreters(self) -> tuple[Interpreter, ...]:
        """Every Python that can run on its own."""
        return find_interpreters(self.filesystem, self.usage)

    @cached_property
    def ownership(self) -> Ownership:
        """Who owns which files."""
        return find_owners(self.filesystem, self.usage, self.environments)

    @property
    def distributions(self) -> tuple[Distribution, ...]:
        """Every installed distribution, those with the most bytes first."""
        return self.ownership.distributions

    def installed_in(self, environment: Environment) -> Sequence[Distribution]:
        """Return an environment's distributions, those with the most bytes first."""
        return self._by_environment[environment.path]

    @property
    def system_packages(self) -> tuple[SystemPackage, ...]:
        """Every package of dpkg, apk and conda, those with the most bytes first."""
        return self.ownership.system_packages

    @cached_property
    def uses(self) -> Uses:
        """Which environments and interpreters the image's program uses, as far as it says."""
        return find_uses(
            self.config, self.filesystem, self.environments, self.interpreters, self.distributions
        )

    @cached_property
    def debian(self) -> Debian:
        """Who requires whom among Debian's packages."""
        return find_debian(self.filesystem)

    @cached_property
    def unattributed(self) -> tuple[UsageRow, ...]:
        """Where the bytes are that nobody owns; they add up to all of those."""
        return unattributed_rows(self.usage, self._unattributed_bytes)

    @cached_property
    def _unattributed_bytes(self) -> dict[Directory, int]:
        return unattributed_bytes(self.usage, self.ownership.owned)

    @cached_property
    def folders(self) -> tuple[Folder, ...]:
        """The folders with their bytes, as far down as another image can be held against them."""
        return folders(self.usage, self._unattributed_bytes, self.ownership.owned, self.origins)

    @cached_property
    def origins(self) -> Origins:
        """Which layer made a file, when later layers only stored it again."""
        return Origins(self.filesystem.hidden)

    @cached_property
    def limits(self) -> tuple[str, ...]:
        """What could not be told about packages, in words."""
        return (*self.ownership.limits, *archives.limits(self.usage))

    @cached_property
    def _by_environment(self) -> dict[str, list[Distribution]]:
        by_path: dict[str, list[Distribution]] = {each.path: [] for each in self.environments}
        for distribution in self.distributions:
            by_path[distribution.environment.path].append(distribution)
        return by_path

    @cached_property
    def _requires(self) -> dict[str, Requires]:
        return {
            each.path: Requires(
                self._by_environment[each.path],
                self.config.platform,
                installed_for(self.filesystem, each),
            )
            for each in self.environments
        }

    @cached_property
    def roots(self) -> dict[str, Roots]:
        """What was asked for in each environment, and where that is said, by its path."""
        finder = RootFinder(self.filesystem, self.usage, self.config)
        return {
            each.path: finder.find(each, self._requires[each.path]) for each in self.environments
        }

    @cached_property
    def graphs(self) -> dict[str, Graph]:
        """The dependency graph of each environment, by its path."""
        graphs = {}
        for path, requires in self._requires.items():
            asked = self.roots[path].asked
            graphs[path] = Graph(requires, (*asked, *infer_extras(requires, asked)))
        return graphs

    @cached_property
    def byte_code(self) -> ByteCode:
        """Compiled Python, by who reads it."""
        return find_byte_code(self.usage, self.config)

    @cached_property
    def torches(self) -> tuple[Torch, ...]:
        """Each torch that is installed, and which build it is."""
        return find_torch(self.filesystem, self.distributions)

    @cached_property
    def imports(self) -> ImportCheck | None:
        """What imports packages' folders of tests and the like, None when it was not asked for."""
        if not self.sources_read:
            return None
        candidates = find_candidates(self.environments, self.usage, NAMES)
        return check_imports(
            self.filesystem,
            self.usage,
            self.environments,
            candidates,
            self.config,
            self.unread,
        )

    @cached_property
    def gpu(self) -> dict[str, GpuUse]:
        """What of each environment is there for a GPU, by the environment's path."""
        torches = {each.distribution.environment.path: each for each in self.torches}
        architecture = self.config.platform.architecture
        return {
            path: gpu_use(
                distributions,
                self.graphs[path],
                torches.get(path),
                cpu_builds(self.filesystem, distributions, architecture),
            )
            for path, distributions in self._by_environment.items()
        }

    @cached_property
    def purpose(self) -> Purpose:
        """What the image is meant to run on, a GPU or a CPU, and what says so."""
        needs_gpu = sorted({name for use in self.gpu.values() for name in use.needs_gpu})
        return find_purpose(self.config, self.declared, needs_gpu)

    @cached_property
    def cuda(self) -> SystemCuda:
        """CUDA outside of Python packages."""
        return find_cuda(self.usage, self.environments)

    @cached_property
    def os_release(self) -> dict[str, str]:
        """What os-release(5) says of the distribution, empty where there is none."""
        for path in ("etc/os-release", "usr/lib/os-release"):
            file = self.filesystem.find(path)
            if isinstance(file, File) and file.content:
                return dict(_RELEASE.findall(file.content.decode("utf-8", "replace")))
        return {}

    @cached_property
    def _steps(self) -> dict[int, Step]:
        fitting = self.dockerfile if self.dockerfile and self.dockerfile.fits else None
        return steps_of(self.config, fitting)

    def step(self, layer: int) -> Step:
        """Return what made a layer, and what was in force then."""
        return self._steps.get(layer, UNKNOWN)

    def in_base(self, layer: int) -> bool:
        """Tell whether a layer came with the base image, as far as can be known.

        Where nothing says so, the lowest layer is taken for the base's: an rm above it frees
        nothing.
        """
        step = self.step(layer)
        return step.is_base or (layer == 0 and step.from_base is None)

    @cached_property
    def base_layers(self) -> frozenset[int]:
        """The layers that are known to be the base image's: a Dockerfile cannot change them."""
        count = len(self.filesystem.layers)
        return frozenset(layer for layer in range(count) if self.step(layer).is_base)

    def instruction(self, layer: int) -> str:
        """Return the Dockerfile instruction that made a layer, "" when nothing says."""
        return instruction(self.config.created_by(layer))

    @cached_property
    def claims(self) -> Claims:
        """What makes claims on this image's files."""
        return Claims(self.usage, self.base_layers)

    def makers(self, paths: Iterable[str]) -> dict[int, tuple[str, ...]]:
        """Return the layers that make what is at or below `paths`, the one with most bytes first,
        and of `paths` those that each has a part in.

        That is where to mend: a later layer that stores the same files again, with another owner,
        mode or time, has nothing to store then.
        """
        sizes: dict[int, dict[str, int]] = defaultdict(lambda: defaultdict(int))
        hidden_at = self.usage.hidden_at()
        for path in paths:
            for where, file in self.usage.files_in((path,)):
                maker = file
                for older in reversed(hidden_at.get(where, ())):  # the latest first
                    if older.cause is not Cause.METADATA_ONLY:
                        sizes[maker.layer][path] += maker.size
                    maker = older.file
                sizes[maker.layer][path] += maker.size
        by_bytes = sorted(sizes, key=lambda layer: (-sum(sizes[layer].values()), layer))
        return {layer: tuple(sizes[layer]) for layer in by_bytes if any(sizes[layer].values())}
