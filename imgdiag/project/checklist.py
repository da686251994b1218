"""The checklist of a lean Python image: each item passed, failed, or not checkable and why."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from imgdiag.facts import Facts
from imgdiag.gate import NORMAL_BYTES
from imgdiag.project import uv_at_run_time
from imgdiag.project.check import ProjectFinding
from imgdiag.project.checks import check_project
from imgdiag.project.checks._tools import runs_of
from imgdiag.project.project import Project
from imgdiag.project.torch_plan import is_cpu_index, stale
from imgdiag.python.gpu import is_gpu_only
from imgdiag.python.verification import Verification
from imgdiag.units import format_bytes


class Status(StrEnum):
    """How an item came out."""

    PASSED = "passed"
    FAILED = "failed"
    UNKNOWN = "not checkable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One item. `place` is a file and line, or a path in the image, "" where there is none."""

    name: str
    status: Status
    detail: str
    place: str = ""


def checklist(
    project: Project,
    image: Facts | None = None,
    answers: Verification | None = None,
    max_size: int | None = None,
) -> tuple[Item, ...]:
    """Return all items, those of the project first.

    `image` is what is known of the built image, `answers` what its own Python said of torch; None
    for what was not looked at. `max_size` is the budget in bytes for the sum of the layers.
    """
    project_items = _ProjectItems(project)
    image_items = _ImageItems(project, image, answers, max_size)
    return (*project_items.all(), *image_items.all())


def _passed(name: str, detail: str, place: str = "") -> Item:
    return Item(name=name, status=Status.PASSED, detail=detail, place=place)


def _failed(name: str, detail: str, place: str = "") -> Item:
    return Item(name=name, status=Status.FAILED, detail=detail, place=place)


def _unknown(name: str, detail: str) -> Item:
    return Item(name=name, status=Status.UNKNOWN, detail=detail)


# What leaves in a layer what the container never needs.
_CLEAN_UP = (
    "apt-leftovers",
    "archive-kept",
    "blanket-removal",
    "cache-kept",
    "chown-after-copy",
    "cleanup-in-later-layer",
    "download-kept",
    "pip-keeps-cache",
)


class _ProjectItems:
    """What the project's files tell, before anything is built."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._plan = project.torch
        self._findings = check_project(project)

    def all(self) -> Iterator[Item]:
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
            yield from (_passed(name, "the project asks for no torch") for name in names)
            return
        elif project.gpu_evidence:
            reason = f"the project is meant for a GPU ({project.gpu_evidence})"
        else:
            yield self._declared(names[0])
            yield self._index(names[1])
            yield self._bound(names[2])
            return
        yield from (_unknown(name, reason) for name in names)

    def _declared(self, name: str) -> Item:
        project, plan = self._project, self._plan
        if plan.declared and project.settings is not None:
            declared = plan.declared[0]
            return _passed(name, declared.text, _place(project.settings.path, declared.line))
        torch = [each for each in plan.locked if each.locked.package.name == "torch"]
        for each in torch:
            if "" in each.locked.required_by:
                place = _place(each.lock.path, each.locked.package.line)
                return _passed(name, f"{each.lock.path} names it", place)
        brought = sorted({by for each in torch for by in each.locked.required_by})
        return _failed(
            name,
            f"only {', '.join(brought)} asks for it: a source for torch does nothing then",
            _place(torch[0].lock.path, torch[0].locked.package.line) if torch else "",
        )

    def _index(self, name: str) -> Item:
        if self._project.takes_cpu_index:
            return _passed(name, "the Dockerfile names it where it installs")
        for lock in self._project.locks:
            named = [url for url in lock.indexes if is_cpu_index(url)]
            if named:
                return _passed(name, f"{lock.path} names {named[0]}")
        found = self._of("torch-index-not-explicit")
        if found:
            return _failed(name, found[0].message, found[0].place)
        if self._plan.cpu_indexes and self._project.settings is not None:
            index = self._plan.cpu_indexes[0]
            return _passed(name, index.url, _place(self._project.settings.path, index.line))
        return _failed(name, "no index has builds for CPUs: PyPI's torch for Linux has CUDA")

    def _bound(self, name: str) -> Item:
        found = self._of(
            "torch-source-ineffective", "torchvision-index-mismatch", "torch-source-missing"
        )
        if found:
            return _failed(name, found[0].message, found[0].place)
        bindings = self._plan.bindings
        if bindings and self._project.settings is not None:
            names = ", ".join(dict.fromkeys(each.name for each in bindings))
            place = _place(self._project.settings.path, bindings[0].line)
            return _passed(name, f"{names} from {bindings[0].index}", place)
        return _passed(name, "what is installed is the CPU build")

    def _lock_fits(self) -> Item:
        name = "the lock file fits pyproject.toml"
        locks = [each for each in self._project.locks if each.tool in ("uv", "poetry")]
        if self._project.settings is None or not locks:
            return _unknown(name, "there is no uv.lock or poetry.lock beside a pyproject.toml")
        for lock in locks:
            if reason := stale(self._project.settings, lock):
                return _failed(name, reason, lock.path)
        return _passed(name, "what is declared is locked, in versions that are allowed")

    def _lock_torch(self) -> Item:
        name = "the lock file has torch's CPU build"
        locked = [each for each in self._plan.locked if each.locked.package.name == "torch"]
        if not self._project.locks:
            return _unknown(name, "there is no lock file")
        if not locked:
            return _passed(name, "no torch is locked")
        if self._project.gpu_evidence:
            return _unknown(name, f"meant for a GPU ({self._project.gpu_evidence})")
        each = max(locked, key=lambda each: each.variant == "cuda")
        place = _place(each.lock.path, each.locked.package.line)
        version = each.locked.package.version or "of any version"
        detail = f"torch {version}: {each.variant}, {each.evidence}"
        if each.variant == "unknown":
            return _unknown(name, f"{each.lock.path}: torch {version}, and nothing says which")
        return (_passed if each.variant == "cpu" else _failed)(name, detail, place)

    def _lock_gpu(self) -> Item:
        name = "no GPU package is locked"
        if not self._project.locks:
            return _unknown(name, "there is no lock file")
        if self._project.gpu_evidence:
            return _unknown(name, f"meant for a GPU ({self._project.gpu_evidence})")
        for lock, found in self._plan.gpu:
            known = sum(each.size or 0 for each in found)
            size = f", {format_bytes(known)} as wheels" if known else ""
            names = ", ".join(each.package.name for each in found[:3])
            return _failed(
                name,
                f"{len(found)}{size}: {names}{' …' if len(found) > 3 else ''}",
                _place(lock.path, found[0].package.line),
            )
        return _passed(name, "for Linux, without extras and groups")

    def _without_dev(self) -> Item:
        name = "the image is installed without developers' packages"
        found = self._of("uv-sync-dev", "poetry-install-dev")
        if found:
            return _failed(name, found[0].message, found[0].place)
        if self._project.dockerfile is None:
            return _unknown(name, "there is no Dockerfile")
        if not any(
            runs_of(placed, "uv", "sync") or runs_of(placed, "poetry", "install", "sync")
            for placed in self._project.built
        ):
            return _unknown(name, "the Dockerfile runs neither 'uv sync' nor 'poetry install'")
        return _passed(name, "no group for development goes into the image")

    def _from_checks(self, name: str, checks: tuple[str, ...], fine: str) -> Item:
        if self._project.dockerfile is None:
            return _unknown(name, "there is no Dockerfile")
        found = self._of(*checks)
        if found:
            more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
            return _failed(name, f"{found[0].message}{more}", found[0].place)
        return _passed(name, fine)

    def _base(self) -> Item:
        name = "the base has glibc, which wheels are built for"
        stages, dockerfile = self._project.shipped_stages, self._project.dockerfile
        if dockerfile is None or not stages:
            return _unknown(name, "there is no Dockerfile")
        base = stages[0].base
        place = _place(dockerfile.path, stages[0].origin.line)
        if "alpine" in base:
            return _failed(
                name,
                f"{base}: Alpine's musl takes no manylinux wheels, so a science stack is compiled "
                "or missing; a -slim image is smaller in the end",
                place,
            )
        return _passed(name, base, place)

    def _of(self, *checks: str) -> list[ProjectFinding]:
        return [each for each in self._findings if each.check in checks]


NO_IMAGE = "no image was named"


class _ImageItems:
    """What the built image tells."""

    def __init__(
        self,
        project: Project,
        image: Facts | None,
        answers: Verification | None,
        max_size: int | None,
    ) -> None:
        self._project = project
        self._image = image
        self._answers = answers
        self._max_size = max_size

    def all(self) -> Iterator[Item]:
        names = (
            "the size is within its budget",
            "torch in the image is the CPU build",
            "torch says so itself",
            "no GPU package is in the image",
            "uv works for the user that the image runs as",
            "the image has glibc",
        )
        if self._image is None:
            yield from (_unknown(name, NO_IMAGE) for name in names)
            return
        yield self._size(names[0], self._image)
        yield self._torch(names[1], self._image)
        yield self._answer(names[2])
        yield self._gpu(names[3], self._image)
        yield self._uv(names[4], self._image)
        yield self._glibc(names[5], self._image)

    def _size(self, name: str, image: Facts) -> Item:
        size = image.filesystem.layer_bytes
        limit = NORMAL_BYTES if self._max_size is None else self._max_size
        detail = f"{format_bytes(size)} of {format_bytes(limit)}"
        return (_passed if size <= limit else _failed)(name, detail)

    def _torch(self, name: str, image: Facts) -> Item:
        if not image.torches:
            return _passed(name, "there is no torch in it")
        if image.purpose.is_gpu:
            return _unknown(name, f"the image is meant for a GPU ({image.purpose.evidence})")
        torch = next((each for each in image.torches if each.variant != "cpu"), image.torches[0])
        detail = f"torch {torch.version}: {torch.label} ({torch.evidence})"
        place = f"/{torch.distribution.environment.path}/torch"
        if torch.variant == "unknown":
            return _unknown(name, detail)
        return (_passed if torch.variant == "cpu" else _failed)(name, detail, place)

    def _answer(self, name: str) -> Item:
        if self._answers is None:
            return _unknown(name, "not asked; --run imports it in a container")
        if not self._answers.checks:
            return _passed(name, self._answers.note or "there is no torch in it")
        for check in self._answers.checks:
            if check.disagreements:
                return _failed(name, check.disagreements[0], check.answer.file)
            if check.answer.cuda is not None:
                detail = f"torch.version.cuda is {check.answer.cuda!r}"
                return _failed(name, detail, check.answer.file)
        answer = self._answers.checks[0].answer
        return _passed(name, f"torch {answer.version}, torch.version.cuda is None", answer.file)

    def _gpu(self, name: str, image: Facts) -> Item:
        found = [each for each in image.distributions if is_gpu_only(each.name)]
        if not found:
            return _passed(name, "none")
        total = sum(each.bytes for each in found)
        names = ", ".join(each.name for each in found[:3])
        detail = f"{len(found)} of {format_bytes(total)}: {names}{' …' if len(found) > 3 else ''}"
        if image.purpose.is_gpu:
            return _unknown(name, f"{detail}; meant for a GPU ({image.purpose.evidence})")
        return _failed(name, detail, f"/{found[0].environment.path}")

    def _uv(self, name: str, image: Facts) -> Item:
        answer = uv_at_run_time.examine(image)
        status = {True: Status.PASSED, False: Status.FAILED, None: Status.UNKNOWN}[answer.works]
        return Item(name=name, status=status, detail=answer.detail, place=answer.place)

    def _glibc(self, name: str, image: Facts) -> Item:
        release = image.os_release
        if "alpine" in (release.get("ID", ""), release.get("ID_LIKE", "")):
            return _failed(
                name,
                f"{release.get('PRETTY_NAME') or 'Alpine'}: manylinux wheels do not load on musl",
                "/etc/os-release",
            )
        if not release:
            return _unknown(name, "there is no os-release in it")
        return _passed(name, release.get("PRETTY_NAME") or release.get("ID", "a Linux"))


def _place(path: str, line: int | None) -> str:
    return f"{path}:{line}" if line else path


def failures(items: Iterable[Item]) -> int:
    """Return how many items failed."""
    return sum(item.status is Status.FAILED for item in items)
