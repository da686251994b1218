"""All patches of a project, but for what a waiver accepts."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from imgdiag.project.check import ProjectFinding
from imgdiag.project.checks import check_project
from imgdiag.project.fix.cpu_torch import MENDS, cpu_torch_patch
from imgdiag.project.fix.dockerfile import dockerfile_patch
from imgdiag.project.fix.ignore_file import ignore_file_patch
from imgdiag.project.fix.patch import NotSure, Patch
from imgdiag.project.project import Project
from imgdiag.project.verdict import Verdict
from imgdiag.text import shortened

Judge = Callable[[Iterable[ProjectFinding]], Verdict]
"""Holds findings against the waivers."""


def patches(project: Project, judge: Judge) -> Iterator[Patch | NotSure]:
    """Yield the patches of a project for what is certain, and what was left alone.

    What a waiver accepts is left alone.
    """
    verdict = judge(check_project(project))
    waived = verdict.waivers.waived
    if project.gpu_evidence:
        if project.torch.wants_torch:
            yield NotSure("torch", f"it is meant for a GPU ({project.gpu_evidence})")
    elif any(each.check in MENDS for each in verdict.open) or not any(
        each.finding.check in MENDS for each in waived
    ):
        yield from cpu_torch_patch(project, project.torch)
    if project.dockerfile is not None:
        yield from _beside(project, project.dockerfile.path, judge)
    for each in waived:
        finding = each.finding
        yield NotSure(
            posixpath.relpath(finding.path, project.folder),
            f"{finding.check}, {shortened(finding.message, 60)}: waived until "
            f"{each.waiver.expires}: {each.waiver.reason}",
        )


def _beside(project: Project, name: str, judge: Judge) -> Iterator[Patch | NotSure]:
    """Yield the patches of the Dockerfile `name` and of its .dockerignore."""
    file = Path(name)
    try:
        path = file.resolve().relative_to(project.folder.resolve()).as_posix()
    except ValueError:
        yield NotSure(name, "it lies outside of the project's folder")
        return

    def find(project: Project) -> tuple[ProjectFinding, ...]:
        return judge(check_project(project)).open

    text = file.read_bytes().decode("utf-8", "surrogateescape")
    yield from dockerfile_patch(project, text, path, find)
    yield from ignore_file_patch(project, find(project))
