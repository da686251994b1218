"""All that is known of an image before it is judged: what the rules look at."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from operator import itemgetter

from imgdiag.cuda import SystemCuda, find_cuda
from imgdiag.filesystem import Cause, File, Filesystem
from imgdiag.image import ImageConfig, instruction
from imgdiag.ownership import Ownership, find_owners
from imgdiag.project.alignment import Alignment
from imgdiag.purpose import Purpose, Target, find_purpose
from imgdiag.python import archives
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
from imgdiag.steps import UNKNOWN, Step, steps_of
from imgdiag.system.package import SystemPackage
from imgdiag.unattributed import unattributed_rows

_RELEASE = re.compile(r"^([A-Z_]+)=[\"']?([^\"'\n]*)[\"']?$", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Claim:
    """Files that a mend would take out of the image.

    `layer_bytes` is what the layers lose, `visible_bytes` the part of it that the container
    sees: the difference is older copies of the same files. `paths` are the visible or hidden
    paths with their bytes, the largest first.
    """

    files: frozenset[File]
    layer_bytes: int
    visible_bytes: int
    layers: tuple[int, ...]  # those that hold the files, the one with the most bytes first
    paths: tuple[tuple[str, int], ...]


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
    def unattributed(self) -> tuple[UsageRow, ...]:
        """Where the bytes are that nobody owns; they add up to all of those."""
        return unattributed_rows(self.usage, self.ownership.owned)

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

    def instruction(self, layer: int) -> str:
        """Return the Dockerfile instruction that made a layer, "" when nothing says."""
        return instruction(self.config.created_by(layer))

    def claim_paths(self, paths: Iterable[str]) -> Claim:
        """Claim what goes when `paths`, files or folders, are never put into the image.

        An inode with another name elsewhere stays, and so does not count.
        """
        names: dict[File, list[str]] = defaultdict(list)
        for path, file in self.usage.files_in(paths):
            names[file].append(path)
        return self._claim(
            {file: where for file, where in names.items() if len(where) == file.names}
        )

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

    def claim_distributions(
        self, distributions: Iterable[Distribution | SystemPackage], also: Iterable[str] = ()
    ) -> Claim:
        """Claim what goes when `distributions` are not installed, all names of their files.

        `also` are paths of further files that go with them.
        """
        names: dict[File, list[str]] = defaultdict(list)
        for distribution in distributions:
            for path, file in distribution.files.items():
                names[file].append(path)
        for path, file in self.usage.files_in(also):
            if path not in names[file]:
                names[file].append(path)
        return self._claim(names)

    def claim_hidden(self, files: Iterable[tuple[str, File]]) -> Claim:
        """Claim hidden files: the container does not change when they go."""
        pairs = list(files)
        return _make_claim(pairs, visible_bytes=0)

    def claim_nothing(self, layer: int) -> Claim:
        """Claim no file: what is to be said is of a layer's instruction alone."""
        return Claim(files=frozenset(), layer_bytes=0, visible_bytes=0, layers=(layer,), paths=())

    def _claim(self, names: dict[File, list[str]]) -> Claim:
        """Claim visible files, and the older copies of them that other layers still ship."""
        hidden_at = self.usage.hidden_at()
        pairs = [(where[0], file) for file, where in names.items()]
        older = {
            hidden.file: path
            for where in names.values()
            for path in where
            for hidden in hidden_at.get(path, ())
        }
        return _make_claim(
            [*pairs, *((path, file) for file, path in older.items())],
            visible_bytes=sum(file.size for file in names),
        )


def _make_claim(pairs: list[tuple[str, File]], *, visible_bytes: int) -> Claim:
    by_layer: dict[int, int] = defaultdict(int)
    by_path: dict[str, int] = defaultdict(int)
    for path, file in pairs:
        by_layer[file.layer] += file.size
        by_path[path] += file.size
    # By path, then by size: in one go, by a key of both, it takes three times as long.
    paths = sorted(by_path.items(), key=itemgetter(0))
    paths.sort(key=itemgetter(1), reverse=True)
    return Claim(
        files=frozenset(file for _, file in pairs),
        layer_bytes=sum(by_layer.values()),
        visible_bytes=visible_bytes,
        layers=tuple(sorted(by_layer, key=lambda layer: (-by_layer[layer], layer))),
        paths=tuple(paths),
    )
