"""What a project's files say of the checklist, before anything is built."""

from __future__ import annotations

from collections.abc import Iterator

from imgdiag.project.check import ProjectFinding
from imgdiag.project.checklist.item import Item, failed, passed, place_of, unknown
from imgdiag.project.checks import check_project
from imgdiag.project.checks._tools import runs_of
from imgdiag.project.project import Project
from imgdiag.project.torch_plan import is_cpu_index, stale
from imgdiag.units import format_bytes

# What leaves in a layer what the container never needs.
_CLEAN_UP = (
    "apt-leftovers",
    "apt-update-alone",
    "archive-kept",
    "blanket-removal",
    "cache-kept",
    "chown-after-copy",
    "cleanup-in-later-layer",
    "download-kept",
    "pip-keeps-cache",
)


class ProjectItems:
    """What the project's files tell, before anything is built."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._plan = project.torch
        self._findings = check_project(project)

    def all(self) -> Iterator[Item]:
        """Yield the items, in the order in which they are shown."""
        yield from self._torch_items()
        yield self._lock_fits()
        yield self._lock_torch()
        yield self._lock_gpu()
        yield self._without_dev()
        yield self._from_checks(
            "clean-up happens where files are made, before COPY",
            _CLEAN_UP,
            "no cache and no archive is left in a layer, and nothing is changed after its COPY",
        )
        yield self._from_checks(
            "no failure is masked",
            ("failure-masked", "pipe-without-pipefail"),
            "no command hides that another failed",
        )
        yield self._base()

    def _torch_items(self) -> Iterator[Item]:
        names = (
            "torch is the project's own dependency",
            "a CPU index is configured, and explicit",
            "torch is bound to it, its companions too",
        )
        project, plan = self._project, self._plan
        if project.settings is None and not project.locks:
            reason = "there is neither a pyproject.toml nor a requirements.txt"
        elif not plan.wants_torch:
            yield from (passed(name, "the project asks for no torch") for name in names)
            return
        elif project.gpu_evidence:
            reason = f"the project is meant for a GPU ({project.gpu_evidence})"
        else:
            yield self._declared(names[0])
            yield self._index(names[1])
            yield self._bound(names[2])
            return
        yield from (unknown(name, reason) for name in names)

    def _declared(self, name: str) -> Item:
        plan = self._plan
        if plan.declared:
            declared = plan.declared[0]
            return passed(name, declared.text, place_of(declared.path, declared.line))
        torch = [each for each in plan.locked if each.locked.package.name == "torch"]
        for each in torch:
            if "" in each.locked.required_by:
                place = place_of(each.lock.path, each.locked.package.line)
                return passed(name, f"{each.lock.path} names it", place)
        brought = sorted({by for each in torch for by in each.locked.required_by})
        return failed(
            name,
            f"only {', '.join(brought)} asks for it: a source for torch does nothing then",
            place_of(torch[0].lock.path, torch[0].locked.package.line) if torch else "",
        )

    def _index(self, name: str) -> Item:
        if self._project.takes_cpu_index:
            return passed(name, "the Dockerfile names it where it installs")
        for lock in self._project.locks:
            named = [url for url in lock.indexes if is_cpu_index(url)]
            if named:
                return passed(name, f"{lock.path} names {named[0]}")
        found = self._of("torch-index-not-explicit")
        if found:
            return failed(name, found[0].message, found[0].place)
        if self._plan.cpu_indexes:
            index = self._plan.cpu_indexes[0]
            return passed(name, index.url, place_of(index.path, index.line))
        return failed(name, "no index has builds for CPUs: PyPI's torch for Linux has CUDA")

    def _bound(self, name: str) -> Item:
        found = self._of(
            "torch-source-ineffective", "torchvision-index-mismatch", "torch-source-missing"
        )
        if found:
            return failed(name, found[0].message, found[0].place)
        bindings = self._plan.bindings
        if bindings:
            names = ", ".join(dict.fromkeys(each.name for each in bindings))
            place = place_of(bindings[0].path, bindings[0].line)
            return passed(name, f"{names} from {bindings[0].index}", place)
        return passed(name, "what is installed is the CPU build")

    def _lock_fits(self) -> Item:
        name = "the lock file fits pyproject.toml"
        locks = [each for each in self._project.locks if each.tool in ("uv", "poetry")]
        if self._project.settings is None or not locks:
            return unknown(name, "there is no uv.lock or poetry.lock beside a pyproject.toml")
        for lock in locks:
            if reason := stale(self._project.settings, lock):
                return failed(name, reason, lock.path)
        return passed(name, "what is declared is locked, in versions that are allowed")

    def _lock_torch(self) -> Item:
        name = "the lock file has torch's CPU build"
        locked = [each for each in self._plan.locked if each.locked.package.name == "torch"]
        if not self._project.locks:
            return unknown(name, "there is no lock file")
        if not locked:
            return passed(name, "no torch is locked")
        if self._project.gpu_evidence:
            return unknown(name, f"meant for a GPU ({self._project.gpu_evidence})")
        each = max(locked, key=lambda each: each.variant == "cuda")
        place = place_of(each.lock.path, each.locked.package.line)
        version = each.locked.package.version or "of any version"
        detail = f"torch {version}: {each.variant}, {each.evidence}"
        if each.variant == "unknown":
            return unknown(name, f"{each.lock.path}: torch {version}, and nothing says which")
        return (passed if each.variant == "cpu" else failed)(name, detail, place)

    def _lock_gpu(self) -> Item:
        name = "no GPU package is locked"
        if not self._project.locks:
            return unknown(name, "there is no lock file")
        if self._project.gpu_evidence:
            return unknown(name, f"meant for a GPU ({self._project.gpu_evidence})")
        for lock, found in self._plan.gpu:
            known = sum(each.size or 0 for each in found)
            size = f", {format_bytes(known)} as wheels" if known else ""
            names = ", ".join(each.package.name for each in found[:3])
            return failed(
                name,
                f"{len(found)}{size}: {names}{' …' if len(found) > 3 else ''}",
                place_of(lock.path, found[0].package.line),
            )
        # requirements.txt may name but what is asked for: torch alone, and not what it brings.
        listed = [each for each in self._project.locks if each.tool == "requirements"]
        unknown_torch = [each for each in self._plan.locked if each.variant != "cpu"]
        if len(listed) == len(self._project.locks) and unknown_torch:
            return unknown(name, f"{listed[0].path} does not say which torch, and what it brings")
        return passed(name, "for Linux, without extras and groups")

    def _without_dev(self) -> Item:
        name = "the image is installed without developers' packages"
        found = self._of("uv-sync-dev", "poetry-install-dev", "developers-tools")
        if found:
            return failed(name, found[0].message, found[0].place)
        if self._project.dockerfile is None:
            return unknown(name, "there is no Dockerfile")
        if not any(
            runs_of(placed, "uv", "sync") or runs_of(placed, "poetry", "install", "sync")
            for placed in self._project.built
        ):
            return unknown(name, "the Dockerfile runs neither 'uv sync' nor 'poetry install'")
        return passed(name, "no group for development goes into the image")

    def _from_checks(self, name: str, checks: tuple[str, ...], fine: str) -> Item:
        if self._project.dockerfile is None:
            return unknown(name, "there is no Dockerfile")
        found = self._of(*checks)
        if found:
            more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
            return failed(name, f"{found[0].message}{more}", found[0].place)
        return passed(name, fine)

    def _base(self) -> Item:
        name = "the base has glibc, which wheels are built for"
        stages, dockerfile = self._project.shipped_stages, self._project.dockerfile
        if dockerfile is None or not stages:
            return unknown(name, "there is no Dockerfile")
        base = stages[0].base
        place = place_of(dockerfile.path, stages[0].origin.line)
        if "alpine" in base:
            return failed(
                name,
                f"{base}: Alpine's musl takes no manylinux wheels, so a science stack is compiled "
                "or missing; a -slim image is smaller in the end",
                place,
            )
        return passed(name, base, place)

    def _of(self, *checks: str) -> list[ProjectFinding]:
        return [each for each in self._findings if each.check in checks]
