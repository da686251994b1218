"""Which torch a project will install on Linux, as its files say: before anything is built."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from packaging.requirements import InvalidRequirement, Requirement
from packaging.version import InvalidVersion, Version

from imgdiag.project.locks import Choice, Lock, Locked, select
from imgdiag.project.pyproject import Declared, Index, Pyproject, SourceBinding
from imgdiag.python.gpu import is_gpu_only
from imgdiag.urls import url_path

FAMILY = ("torch", "torchvision", "torchaudio")
_PYPI = re.compile(r"https://(pypi\.org|files\.pythonhosted\.org)/")
_GPU_PATH = re.compile(r"/(cu\d+|rocm[\d.]+|xpu)/?$")
_CUDA_PATH = re.compile(r"/whl/(cu\d+)(/|$)")


@dataclass(frozen=True, slots=True, kw_only=True)
class LockedTorch:
    """A package of torch's family as a lock file has it. `variant` is cpu, cuda or unknown."""

    lock: Lock
    locked: Locked
    variant: str
    evidence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TorchPlan:
    """What a project's files say of torch.

    `declared` are torch's own declarations; `cpu_indexes` those that hold CPU builds by their
    path; `bindings` the family's packages bound to one of them. `gpu` are the distributions that
    are of use on a GPU alone and would be installed, the largest first, by lock.
    """

    declared: tuple[Declared, ...]
    cpu_indexes: tuple[Index, ...]
    bindings: tuple[SourceBinding, ...]
    locked: tuple[LockedTorch, ...]
    gpu: tuple[tuple[Lock, tuple[Locked, ...]], ...]

    @property
    def wants_torch(self) -> bool:
        """Tell whether the project installs torch at all, by itself or through another package."""
        return bool(self.declared) or self.locks("torch")

    def locks(self, name: str) -> bool:
        """Tell whether a lock file has a package of the family."""
        return any(each.locked.package.name == name for each in self.locked)

    def bound(self, name: str) -> tuple[SourceBinding, ...]:
        """Return the bindings of a package to a CPU index."""
        return tuple(each for each in self.bindings if each.name == name)


def torch_plan(pyproject: Pyproject | None, locks: tuple[Lock, ...]) -> TorchPlan:
    """Work out what a project says of torch: on Linux, without extras and groups."""
    parts = (pyproject, *pyproject.members) if pyproject else ()
    cpu = tuple(each for part in parts for each in part.indexes if is_cpu_index(each.url))
    names = {each.name for each in cpu}
    selections = [(lock, select(lock, Choice())) for lock in locks]
    return TorchPlan(
        declared=pyproject.declares("torch") if pyproject else (),
        cpu_indexes=cpu,
        bindings=tuple(
            each
            for part in parts
            for each in part.bindings
            if each.index in names and each.name in FAMILY
        ),
        locked=tuple(
            _locked_torch(lock, each, selected)
            for lock, selected in selections
            for each in selected
            if each.package.name in FAMILY
        ),
        gpu=tuple(
            (lock, found) for lock, selected in selections if (found := tuple(_gpu(selected)))
        ),
    )


def is_cpu_index(url: str) -> bool:
    """Tell whether an index holds CPU builds: by its path, as mirrors keep it, not by its host."""
    return url_path(url).rstrip("/").endswith("/cpu")


def is_gpu_index(url: str) -> bool:
    """Tell whether an index holds builds for a GPU, by its path."""
    return _GPU_PATH.search(url_path(url)) is not None


def _gpu(selected: tuple[Locked, ...]) -> Iterator[Locked]:
    found = [each for each in selected if is_gpu_only(each.package.name)]
    yield from sorted(found, key=lambda each: (-(each.size or 0), each.package.name))


def _locked_torch(lock: Lock, locked: Locked, selected: tuple[Locked, ...]) -> LockedTorch:
    variant, evidence = _variant(lock, locked, selected)
    return LockedTorch(lock=lock, locked=locked, variant=variant, evidence=evidence)


def _variant(lock: Lock, locked: Locked, selected: tuple[Locked, ...]) -> tuple[str, str]:
    """Return which build is locked, and what says so; the strongest evidence first."""
    package = locked.package
    local = _local(package.version)
    if local == "cpu":
        return "cpu", f"version {package.version}"
    if re.fullmatch(r"cu\d+", local):
        return "cuda", f"version {package.version}"
    libraries = [
        each.package.name
        for each in selected
        if is_gpu_only(each.package.name)
        and (package.name in each.required_by or (_is_flat(lock) and package.name == "torch"))
    ]
    if libraries:
        return "cuda", f"{libraries[0]} is locked beside it"
    for url in (package.index, *(() if package.index else lock.indexes)):
        if is_cpu_index(url):
            return "cpu", f"from {url}"
        if match := _CUDA_PATH.search(url_path(url)):
            return "cuda", f"from {match[1]} of {url}"
    if _PYPI.match(package.index) and package.name == "torch":
        return "cuda", "from PyPI, whose builds for Linux are CUDA builds"
    return "unknown", "nothing says"


def _is_flat(lock: Lock) -> bool:
    """Tell whether a lock lists packages without saying which requires which."""
    return lock.tool in ("pylock", "requirements")


def _local(version: str) -> str:
    try:
        return Version(version).local or ""
    except InvalidVersion:
        return ""


def stale(pyproject: Pyproject, lock: Lock) -> str:
    """Return what pyproject.toml asks for and `lock` does not know of, "" when it fits.

    Only what surely shows is told: a name that is not locked, or a locked version that the
    project's own specifier does not allow. `uv lock --check` and `poetry check --lock` know more.
    """
    if lock.tool not in ("uv", "poetry"):
        return ""
    versions: dict[str, set[str]] = {}
    for package in lock.packages:
        versions.setdefault(package.name, set()).add(package.version)
    for declared in pyproject.declared:
        if declared.where not in ("project", "group"):
            continue
        found = versions.get(declared.name)
        if found is None:
            return f"{declared.name} is not in it"
        if not any(_allows(declared.text, version) for version in found):
            return f"it has {declared.name} {', '.join(sorted(found))}, not {declared.text!r}"
    return ""


def _allows(requirement: str, version: str) -> bool:
    try:
        specifier = Requirement(requirement).specifier
        return not version or specifier.contains(version, prereleases=True)
    except (InvalidRequirement, InvalidVersion):
        return True  # Poetry's own way to write versions; not ours to judge
