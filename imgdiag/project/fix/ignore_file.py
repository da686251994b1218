""".dockerignore: what a build context should not hold, where that is certain."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from imgdiag.project.check import ProjectFinding
from imgdiag.project.checks import context_junk
from imgdiag.project.fix.patch import NotSure, Patch
from imgdiag.project.project import Project

# Builds that read the version from git need its folder.
_NEEDS_GIT = re.compile(
    r"setuptools[_-]scm|hatch-vcs|versioneer|versioningit|poetry-dynamic-version"
)


def ignore_file_patch(
    project: Project, findings: Iterable[ProjectFinding]
) -> Iterator[Patch | NotSure]:
    """Yield the patch that leaves out what COPY takes and no image should have."""
    for finding in findings:
        if finding.check != context_junk.CHECK.name:
            continue
        path = finding.fix.target
        lines = finding.fix.snippet.splitlines()
        certain = [line for line in lines if not line.startswith("#")]
        if ".git" in certain and _reads_git(project):
            certain.remove(".git")
            yield NotSure(path, ".git: the project's version is read from it while it is built")
        for line in lines:
            if line.startswith("#"):
                yield NotSure(path, line.removeprefix("# "))
        if not certain:
            continue
        before = None
        if project.ignore_file is not None:
            before = project.ignore_file.read_bytes().decode("utf-8", "surrogateescape")
        start = before if not before or before.endswith("\n") else f"{before}\n"
        yield Patch(
            path=path,
            before=before,
            after=(start or "") + "".join(f"{line}\n" for line in certain),
            reasons=(f"{', '.join(certain)} stay{'s' * (len(certain) == 1)} out of the build",),
        )


def _reads_git(project: Project) -> bool:
    return project.settings is not None and bool(_NEEDS_GIT.search(project.settings.file.text))
