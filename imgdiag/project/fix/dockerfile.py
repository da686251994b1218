"""The Dockerfile, mended where a check is certain: one finding at a time, until none is left.

After each change the file is parsed and checked anew, so that several mends of one instruction
come to one instruction, and a mend that would bring another finding shows.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from imgdiag.project.check import ProjectFinding
from imgdiag.project.checks import check_project, context_junk
from imgdiag.project.checks._brought import Brought, copied, made
from imgdiag.project.checks._mends import condition_of, rewritten
from imgdiag.project.checks._users import is_known
from imgdiag.project.dockerfile import parse_dockerfile
from imgdiag.project.fix.patch import NotSure, Patch
from imgdiag.project.instruction import Instruction
from imgdiag.project.project import Project
from imgdiag.project.runs import Placed, covers
from imgdiag.text import shortened

Find = Callable[[Project], tuple[ProjectFinding, ...]]
"""Says what there is to mend in a project."""

_MOST_CHANGES = 200
_MOST_LOOKS = 4_000_000  # all is checked anew after each change
_MOUNT = "--mount=type="
# Sources: Docker Engine's release notes, 23.0; buildah's, 1.24.
_NEEDS_BUILDKIT = (
    "cache mounts need BuildKit, which Docker builds with since 23.0, or podman 4; for Docker's "
    "classic builder or kaniko, tell the tool --no-cache (pip --no-cache-dir) in its place"
)
# Their mend is the instruction written anew, and changes nothing but what stays in the layer.
_REWRITES = {
    "apt-leftovers": "apt's lists are removed in the RUN that loads them",
    "cache-kept": "the cache of what installs is in no layer",
    "pip-keeps-cache": "pip's cache is mounted while building, so that it is in no layer",
    "poetry-install-dev": "the main group alone is installed",
    "uv-sync-dev": "the development dependencies stay out",
}

# What the Dockerfile installs by another file, which is for its author to change.
_IN_OTHER_FILES = frozenset(("conda-cuda", "developers-tools", "opencv-with-windows"))


@dataclass(frozen=True, slots=True)
class _Change:
    """Instructions to write anew, by the instruction; "" takes one out."""

    reason: str
    texts: tuple[tuple[Instruction, str], ...]


def dockerfile_patch(
    project: Project, text: str, path: str, find: Find = check_project
) -> Iterator[Patch | NotSure]:
    """Yield the patch of the Dockerfile `text` for what `find` finds, and what was left alone.

    `path` is the file's name in the patch.
    """
    assert project.dockerfile is not None
    name = project.dockerfile.path
    original, reasons = text, []
    refused: dict[str, str] = {}
    findings = find(project)
    looks = max(len(project.built), 1) ** 2  # checks compare each instruction with each
    for _ in range(min(_MOST_CHANGES, _MOST_LOOKS // looks + 1)):
        found = _next_change(project, findings, refused)
        if found is None:
            break
        key, change = found
        changed = _applied(text, change)
        after = Project(
            folder=project.folder,
            dockerfile=parse_dockerfile(changed, name),
            target=project.target,
        )
        left = find(after)
        # What a check still finds after its mend would be mended again and again.
        if _count(left, key) >= _count(findings, key):
            refused[key] = "its mend would not be enough"
            continue
        text, project, findings = changed, after, left
        reasons.append(change.reason)
    if text != original:
        yield Patch(
            path=path,
            before=original,
            after=text,
            reasons=tuple(dict.fromkeys(reasons)),
            notes=(_NEEDS_BUILDKIT,) if _MOUNT in text and _MOUNT not in original else (),
        )
    for finding in findings:
        if finding.path == name and finding.check != context_junk.CHECK.name:
            reason = refused.get(_key(finding), _leave(finding))
            yield NotSure(path, f"{finding.check}, {shortened(finding.message, 60)}: {reason}")
        elif finding.check in _IN_OTHER_FILES:
            words = f"{finding.check}, {shortened(finding.message, 60)}: {_leave(finding)}"
            yield NotSure(posixpath.relpath(finding.path, project.folder), words)


def _next_change(
    project: Project, findings: Iterable[ProjectFinding], refused: dict[str, str]
) -> tuple[str, _Change] | None:
    for finding in findings:
        if _key(finding) in refused:
            continue
        change = _change(project, finding)
        if isinstance(change, _Change):
            return _key(finding), change
        if change:
            refused[_key(finding)] = change
    return None


def _key(finding: ProjectFinding) -> str:
    return f"{finding.check}: {finding.message}"


def _count(findings: Iterable[ProjectFinding], key: str) -> int:
    return sum(_key(finding) == key for finding in findings)


def _leave(finding: ProjectFinding) -> str:
    return finding.fix.summary[0].lower() + finding.fix.summary[1:]


def _change(project: Project, finding: ProjectFinding) -> _Change | str:
    """Return the change that mends a finding, or why there is none, "" when it is not ours."""
    if finding.check in _REWRITES:
        return _rewrite(project, finding)
    if finding.check == "chown-after-copy":
        return _chown(project, finding)
    return ""


def _at(project: Project, finding: ProjectFinding) -> Placed | None:
    return next(
        (
            placed
            for placed in project.built
            if placed.instruction.line <= finding.line <= placed.instruction.end_line
        ),
        None,
    )


def _rewrite(project: Project, finding: ProjectFinding) -> _Change | str:
    placed = _at(project, finding)
    snippet = finding.fix.snippet
    if placed is None or placed.instruction.heredocs or "<" in snippet.split("\n", 1)[0]:
        return "its RUN is one to change by hand"
    if condition := condition_of(snippet):
        return condition
    if not snippet.startswith(placed.instruction.word):
        return "its mend is more than one instruction"
    return _Change(_REWRITES[finding.check], ((placed.instruction, snippet),))


# COPY --chown


def _chown(project: Project, finding: ProjectFinding) -> _Change | str:
    """Return COPY --chown in place of a chown -R, where that is all it changes.

    The folder itself keeps its chown, without -R: COPY --chown owns what it brings, and not a
    folder that was there.
    """
    placed = _at(project, finding)
    assert placed is not None
    if len(placed.ran) != 1 or placed.instruction.heredocs or placed.instruction.exec_form:
        return "its RUN does more than chown"
    [ran] = placed.ran
    command = ran.command
    if command.name != "chown" or len(command.arguments) != 2:
        return "only a chown of one folder can be moved for certain"
    owner, path = command.arguments[0], placed.path(command.arguments[1], ran)
    origins = [each for each in _earlier(project, placed) if covers(path, each.path)]
    if any(each.placed.instruction.word == "RUN" for each in origins):
        return "a RUN made some of the files: change their owner in that RUN"
    if not origins or any(covers(each.path, path) and each.path != path for each in origins):
        return "it changes a part of what a COPY brings"
    instructions = list(dict.fromkeys(each.placed.instruction.line for each in origins))
    copies = [each.placed for each in origins if each.placed.instruction.line in instructions]
    if any(each.instruction.flag("chown") or each.instruction.word != "COPY" for each in copies):
        return "a COPY says another owner already"
    if not is_known(project, owner, copies[0]):
        return f"the user {owner} is made after the COPY: make it before"
    texts = {
        each.instruction.line: (
            each.instruction,
            rewritten(each.instruction, flags=[f"--chown={owner}"]),
        )
        for each in copies
    }
    shallow = f"RUN chown {owner} {command.arguments[1]}"
    return _Change(
        "COPY --chown brings the files with their owner, instead of storing them twice",
        (*texts.values(), (placed.instruction, shallow)),
    )


def _earlier(project: Project, placed: Placed) -> Iterator[Brought]:
    for each in project.shipped:
        if each is placed:
            return
        yield from copied(project, each)
        yield from made(each)


# Lines


def _applied(text: str, change: _Change) -> str:
    """Return the file with instructions written anew, the last first, so that lines stay right."""
    lines = text.splitlines(keepends=True)
    ending = "\r\n" if "\r\n" in text else "\n"
    for instruction, new in sorted(change.texts, key=lambda pair: -pair[0].line):
        body = "".join(f"{line}{ending}" for line in new.split("\n"))
        lines[instruction.line - 1 : instruction.end_line] = [body] if new else []
    return "".join(lines)
