"""From references to verdicts: which folders something in the image imports, or may.

References are followed per module. A folder's own files count only once something outside has
reached them: tests that import each other's helpers keep nothing, and a helper that is imported
at run time keeps what it imports in turn.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from imgdiag.filesystem import Filesystem
from imgdiag.image import ImageConfig
from imgdiag.python.environments import Environment
from imgdiag.python.imports.candidates import Candidate
from imgdiag.python.imports.collected import Collected
from imgdiag.python.imports.names import CONFTEST, NAMES
from imgdiag.python.imports.places import Places
from imgdiag.python.imports.references import How, Reference
from imgdiag.python.imports.removed import removed
from imgdiag.python.imports.verdict import Evidence, ImportCheck, Proof, Verdict
from imgdiag.scanner.usage import Usage
from imgdiag.text import printable

_EVIDENCE = 5  # lines that are kept for a folder


def check_imports(
    filesystem: Filesystem,
    usage: Usage,
    environments: Sequence[Environment],
    candidates: Sequence[Candidate],
    config: ImageConfig,
    unread: str = "",
) -> ImportCheck:
    """Judge `candidates` by every source in the image, read as `imports.digest` says.

    `unread` says what of the image could not be read at all, "" for nothing.
    """
    places = Places(filesystem, [each.path for each in environments], candidates)
    words = (*config.entrypoint, *config.command, *config.environment.values())
    check = _Check(places, Collected(usage, places, words))
    check.follow()
    return check.result(candidates, unread)


class _Check:
    """The state: what has been reached, how surely, and why."""

    def __init__(self, places: Places, collected: Collected) -> None:
        self._places = places
        self._collected = collected
        self._reached: dict[str, Verdict] = {}
        self._todo = [(path, found, Verdict.KEEP) for path, found in collected.first]
        self._verdicts: dict[Candidate, Verdict] = {}
        self._evidence: dict[Candidate, list[Evidence]] = defaultdict(list)
        self._broken: dict[str, Evidence] = {}
        self._unread = list(collected.unread)
        for candidate, evidence in collected.links:
            self._note(candidate, Verdict.REVIEW, evidence)

    def follow(self) -> None:
        """Resolve references until nothing new is reached."""
        while self._todo:
            path, references, strength = self._todo.pop()
            for reference in references:
                verdict = strength if reference.how is How.IMPORTED else Verdict.REVIEW
                evidence = Evidence(path, reference.line, reference.how, reference.text)
                if reference.how is How.NAMED:
                    for candidate, start in self._places.named(path, reference):
                        self._note(candidate, Verdict.REVIEW, evidence)
                        below = f"{candidate.path}/{start}"
                        modules = self._collected.pending_in[candidate]
                        self._reach(
                            (each for each in modules if each.startswith(below)), Verdict.REVIEW
                        )
                else:
                    self._import(path, reference, verdict, evidence)

    def _note(self, candidate: Candidate, verdict: Verdict, evidence: Evidence) -> None:
        self._verdicts[candidate] = max(verdict, self._verdicts.get(candidate, Verdict.SAFE))
        lines = self._evidence[candidate]
        if evidence in lines:
            return
        if verdict is Verdict.KEEP:
            lines.insert(0, evidence)
        elif len(lines) < _EVIDENCE:
            lines.append(evidence)
        del lines[_EVIDENCE:]

    def _reach(self, paths: Iterable[str], strength: Verdict) -> None:
        for path in paths:
            if path in self._collected.pending and self._reached.get(path, Verdict.SAFE) < strength:
                self._reached[path] = strength
                references = self._collected.pending[path]
                if references is None:
                    self._unread.append(path)
                else:
                    self._todo.append((path, references, strength))

    def _import(
        self, path: str, reference: Reference, verdict: Verdict, evidence: Evidence
    ) -> None:
        folder = path.rpartition("/")[0]
        module = reference.target.split(".") if reference.target else []
        wanted = [module, *([*module, name] for name in reference.names if name != "*")]
        if reference.level:
            parts = folder.split("/")
            up = reference.level - 1
            if up >= len(parts):
                return
            bases = ["/".join(parts[: len(parts) - up])]
        else:
            bases = self._places.bases
        found = False
        for base in bases:
            for parts in wanted:
                found |= self._import_from(base, parts, verdict, evidence)
        if found or reference.level:
            return
        if module and module[0] in NAMES:  # what a script imports from beside itself
            self._import_from(folder, module, Verdict.REVIEW, evidence)
            return
        for parts in wanted:
            if not self._places.is_module(parts, attribute=parts is not module):
                for candidate in self._places.by_alias(parts):
                    self._note(candidate, Verdict.REVIEW, evidence)

    def _import_from(
        self, base: str, parts: list[str], verdict: Verdict, evidence: Evidence
    ) -> bool:
        """Note a candidate at `parts` below `base`, and reach the modules on the way to it."""
        path = "/".join([base, *parts])
        if parts and parts[-1] == CONFTEST:
            self._reach([f"{path}.py"], verdict)
        owner = self._places.owner(path)
        if owner is None:
            if verdict is Verdict.KEEP:
                self._note_missing(base, parts, evidence)
            return False
        candidate, inside = owner
        if evidence.path.startswith(f"{candidate.path}/"):
            pass  # its own files do not keep it, but they reach each other
        else:
            self._note(candidate, verdict, evidence)
        where = candidate.path
        modules = [f"{where}/__init__.py"]
        for part in inside:
            where = f"{where}/{part}"
            modules += [f"{where}.py", f"{where}/__init__.py"]
        self._reach(modules, verdict)
        return True

    def _note_missing(self, base: str, parts: list[str], evidence: Evidence) -> None:
        """Note a folder that is imported and is not there, in a package that is."""
        for at, part in enumerate(parts):
            if part in NAMES and at:
                parent = self._places.directory("/".join([base, *parts[:at]]))
                if parent and not any(name.partition(".")[0] == part for name in parent.children):
                    self._broken.setdefault("/".join([base, *parts[: at + 1]]), evidence)
                return

    def result(self, candidates: Sequence[Candidate], unread: str) -> ImportCheck:
        """Return what came out; with anything unread, nothing is safe."""
        if self._collected.closed:
            unread = unread or f"/{self._collected.closed[0]} is a module without its source"
        if self._unread:
            unread = unread or f"/{self._unread[0]} could not be read"
            if len(self._unread) > 1:
                unread += f", nor could {len(self._unread) - 1:,} more (a skeleton has no sources)"
        least = Verdict.REVIEW if unread else Verdict.SAFE
        return ImportCheck(
            proofs=tuple(
                Proof(
                    each,
                    max(least, self._verdicts.get(each, Verdict.SAFE)),
                    tuple(self._evidence[each]),
                )
                for each in candidates
            ),
            unread=printable(unread),
            broken=removed(self._broken, self._places),
        )
