"""From references to verdicts: which folders something in the image imports, or may.

References are followed per module. A folder's own files count only once something outside has
reached them: tests that import each other's helpers keep nothing, and a helper that is imported
at run time keeps what it imports in turn.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from itertools import pairwise

from imgdiag.errors import CorruptImage
from imgdiag.filesystem import Directory, File, Filesystem, Symlink, find_directory, join
from imgdiag.image import ImageConfig
from imgdiag.layers.walk import split
from imgdiag.python.environments import Environment
from imgdiag.python.imports import search
from imgdiag.python.imports.candidates import Candidate
from imgdiag.python.imports.digest import SOURCES, digest, read_in
from imgdiag.python.imports.names import CONFTEST, NAMES, in_standard_library
from imgdiag.python.imports.references import How, Reference, decode, is_digest
from imgdiag.scanner.usage import Usage
from imgdiag.text import printable

_ARCHIVES = (".egg", ".pyz", ".pex")  # of modules, which are not looked into
_EVIDENCE = 5  # lines that are kept for a folder


class Verdict(IntEnum):
    """What the sources say of a folder."""

    SAFE = 0  # nothing refers to it
    REVIEW = 1  # something may import it, or names it
    KEEP = 2  # a module imports it whenever it is imported itself


@dataclass(frozen=True, slots=True)
class Evidence:
    """A line that refers to a folder; `line` is 0 where there are none, as in a link."""

    path: str
    line: int
    how: How
    text: str

    def __str__(self) -> str:
        place = f"/{self.path}:{self.line}" if self.line else f"/{self.path}"
        return printable(f"{place}: {self.text}" if self.path else self.text)


@dataclass(frozen=True, slots=True)
class Proof:
    """A folder's verdict, and the lines that it rests on, the strongest first; at most five."""

    candidate: Candidate
    verdict: Verdict
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True)
class ImportCheck:
    """All folders in question with their verdicts, in the order of their paths.

    `unread` says what may import anything and could not be read, "" for nothing: with it, no
    folder is safe. `broken` are folders that were installed, are not in the image any more, and
    are imported by a module whenever it is imported itself; each with such a line.
    """

    proofs: tuple[Proof, ...]
    unread: str
    broken: Mapping[str, Evidence]


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
    check = _Check(filesystem, usage, environments, candidates)
    check.read()
    check.read_command((*config.entrypoint, *config.command, *config.environment.values()))
    check.follow()
    return check.result(unread)


class _Check:
    """The state: what has been reached, how surely, and why."""

    def __init__(
        self,
        filesystem: Filesystem,
        usage: Usage,
        environments: Sequence[Environment],
        candidates: Sequence[Candidate],
    ) -> None:
        self._filesystem = filesystem
        self._usage = usage
        self._bases = [each.path for each in environments]
        self._candidates = candidates
        self._of_folder: dict[Directory, Candidate] = {}
        self._by_name: dict[str, list[Candidate]] = defaultdict(list)
        self._by_path = {each.path: each for each in candidates}
        for each in candidates:
            self._of_folder[each.directory] = each
            self._by_name[each.name].append(each)
        # Of files that nothing has reached yet; None for those that could not be read.
        self._pending: dict[str, list[Reference] | None] = {}
        self._pending_in: dict[Candidate, list[str]] = defaultdict(list)
        self._reached: dict[str, Verdict] = {}
        self._todo: list[tuple[str, list[Reference], Verdict]] = []
        self._verdicts: dict[Candidate, Verdict] = {}
        self._evidence: dict[Candidate, list[Evidence]] = defaultdict(list)
        self._broken: dict[str, Evidence] = {}
        self._unread: list[str] = []  # sources
        self._closed: list[str] = []  # modules that have none

    # Reading

    def read(self) -> None:
        """Take in every file that was read, those outside the candidates as reached."""
        inside: dict[str, Candidate] = {}
        for folder, directory in self._usage.directories:
            parent = folder.rpartition("/")[0]
            candidate = self._of_folder.get(directory) or inside.get(parent)
            if candidate is not None:
                inside[folder] = candidate
            limit = read_in(folder)
            for name, node in directory.children.items():
                if isinstance(node, Symlink):
                    self._read_link(folder, name, node, candidate)
                elif isinstance(node, File):
                    if limit(name):
                        self._read_file(folder, name, node, candidate)
                    elif name.endswith((".pth", ".pyc", "entry_points.txt", *_ARCHIVES)):
                        self._read_other(folder, directory, name, node, candidate)

    def _read_file(self, folder: str, name: str, file: File, candidate: Candidate | None) -> None:
        path = join(folder, name)
        if file.content is not None:
            references = _references(folder, name, file.content)
        elif file.size and name.endswith(SOURCES):
            references = None
        else:
            return
        if references is None and candidate is None:
            self._unread.append(path)
        elif references != []:
            self._add(path, references, candidate)

    def _add(
        self, path: str, references: list[Reference] | None, candidate: Candidate | None
    ) -> None:
        if candidate is not None:
            self._pending_in[candidate].append(path)
        if candidate is not None or path.endswith(f"/{CONFTEST}.py"):
            self._pending[path] = references
        else:
            self._todo.append((path, references or [], Verdict.KEEP))

    def _read_link(
        self, folder: str, name: str, link: Symlink, candidate: Candidate | None
    ) -> None:
        """A link may lead into a candidate, or make a module of a file that stands elsewhere."""
        if candidate is not None:
            return
        path = join(folder, name)
        target = link.target if link.target.startswith("/") else f"{folder}/{link.target}"
        if not NAMES.isdisjoint(target.split("/")):
            try:
                where = "/".join(filter(None, split(target)))
            except CorruptImage:  # deeper than any path can be
                return
            found = self._owner(where)
            if found is not None:
                self._note(found[0], Verdict.REVIEW, Evidence(path, 0, How.LINKED, f"→ {target}"))
        if name.endswith(SOURCES) and read_in(folder)(name):
            node = self._find_file(target)
            if node is not None and node.content:
                self._add(path, _references(folder, name, node.content) or [], None)

    def _read_other(
        self, folder: str, directory: Directory, name: str, file: File, candidate: Candidate | None
    ) -> None:
        path = join(folder, name)
        content = file.content or b""
        if name.endswith(".pth"):
            self._add(path, list(_path_references(content)), None)
        elif name == "entry_points.txt":
            self._add(path, list(_entry_points(content)), None)
        elif candidate is None and not in_standard_library(folder):
            source = f"{name.removesuffix('.pyc')}.py"
            if name.endswith(_ARCHIVES) or (
                name.endswith(".pyc")
                and not folder.endswith("__pycache__")
                and source not in directory.children
            ):
                self._closed.append(path)

    def read_command(self, words: Iterable[str]) -> None:
        """Take in what the image starts with, and its variables."""
        for word in words:
            found = [
                Reference(0, How.NAMED, 0, token, (), f"the image's command or variable {word!r}")
                for token in (*search.tokens(word), *search.tokens(f"-m {word}"))
            ]
            self._todo.append(("", found, Verdict.KEEP))

    # Following

    def follow(self) -> None:
        """Resolve references until nothing new is reached."""
        while self._todo:
            path, references, strength = self._todo.pop()
            for reference in references:
                verdict = strength if reference.how is How.IMPORTED else Verdict.REVIEW
                evidence = Evidence(path, reference.line, reference.how, reference.text)
                if reference.how is How.NAMED:
                    for candidate, start in self._named(path, reference):
                        self._note(candidate, Verdict.REVIEW, evidence)
                        below = f"{candidate.path}/{start}"
                        modules = self._pending_in[candidate]
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
            if path in self._pending and self._reached.get(path, Verdict.SAFE) < strength:
                self._reached[path] = strength
                references = self._pending[path]
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
            bases = self._bases
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
            if not self._is_module(parts, attribute=parts is not module):
                self._import_by_alias(parts, evidence)

    def _import_by_alias(self, parts: list[str], evidence: Evidence) -> None:
        """Note candidates of what is not where its name says: an alias, another search path."""
        for above, name in pairwise(parts):
            for candidate in self._by_name.get(name, ()):
                if candidate.path.split("/")[-2] == above:
                    self._note(candidate, Verdict.REVIEW, evidence)

    def _import_from(
        self, base: str, parts: list[str], verdict: Verdict, evidence: Evidence
    ) -> bool:
        """Note a candidate at `parts` below `base`, and reach the modules on the way to it."""
        path = "/".join([base, *parts])
        if parts and parts[-1] == CONFTEST:
            self._reach([f"{path}.py"], verdict)
        owner = self._owner(path)
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

    def _owner(self, path: str) -> tuple[Candidate, list[str]] | None:
        """Return the candidate that `path` is or is in, links followed, and the rest of it."""
        parts = path.split("/")
        for at, part in enumerate(parts):
            if part in NAMES:
                here = "/".join(parts[: at + 1])
                candidate = self._by_path.get(here)
                if candidate is None:
                    directory = self._find_directory(here)
                    candidate = self._of_folder.get(directory) if directory else None
                if candidate is not None:
                    return candidate, parts[at + 1 :]
        return None

    def _note_missing(self, base: str, parts: list[str], evidence: Evidence) -> None:
        """Note a folder that is imported and is not there, in a package that is."""
        for at, part in enumerate(parts):
            if part in NAMES and at:
                parent = self._find_directory("/".join([base, *parts[:at]]))
                if parent and not any(name.partition(".")[0] == part for name in parent.children):
                    self._broken.setdefault("/".join([base, *parts[: at + 1]]), evidence)
                return

    def _is_module(self, parts: list[str], *, attribute: bool) -> bool:
        """Tell whether some environment has this module, or one whose attribute it may be."""
        modules = [parts, parts[:-1]] if attribute else [parts]
        for base in self._bases:
            for *above, last in filter(None, modules):
                folder = self._find_directory("/".join([base, *above]))
                if folder and any(name.partition(".")[0] == last for name in folder.children):
                    return True
        return False

    def _named(self, path: str, reference: Reference) -> Iterator[tuple[Candidate, str]]:
        """Yield the candidates that a string in the file at `path` may mean.

        With each comes how what it names in there begins, "" when it may be anything.

        What stands before the name in the string must stand before it in the candidate's path.
        With nothing before it, the folder is beside the file or above it in its package, or
        beside the packages that the file asks for.
        """
        seen: set[Candidate] = set()
        for parts in _readings(reference.target):
            at = next((at for at, part in enumerate(parts) if part in NAMES), None)
            if at is None:
                continue
            start = parts[at + 1] if at + 1 < len(parts) else ""
            for each in self._named_by(path, parts[: at + 1], reference.names):
                beyond = each not in seen and not path.startswith(f"{each.path}/")
                if beyond and _has(each.directory, start):
                    seen.add(each)
                    yield each, start

    def _named_by(
        self, path: str, parts: list[str], packages: Iterable[str]
    ) -> Iterable[Candidate]:
        name = parts[-1]
        if len(parts) == 1:
            return self._beside(path, name, packages)
        tail = "/" + "/".join(parts)
        found = [
            each
            for each in self._by_name[name]
            if each.path.endswith(tail) or tail.endswith(f"/{each.path}")
        ]
        package = self._package(path)
        return [each for each in found if each.package == package] or found

    def _beside(self, path: str, name: str, packages: Iterable[str]) -> Iterator[Candidate]:
        base = next((each for each in self._bases if path.startswith(f"{each}/")), None)
        folder = path.rpartition("/")[0]
        while base is not None and len(folder) > len(base):
            if candidate := self._by_path.get(f"{folder}/{name}"):
                yield candidate
            folder = folder.rpartition("/")[0]
        for package in packages:
            for each in self._bases:
                where = "/".join([each, *package.split(".")])
                for beside in (where, where.rpartition("/")[0]):
                    if candidate := self._by_path.get(f"{beside}/{name}"):
                        yield candidate

    def _package(self, path: str) -> str:
        for base in self._bases:
            if path.startswith(f"{base}/"):
                return path[len(base) + 1 :].partition("/")[0]
        return ""

    def _find_directory(self, path: str) -> Directory | None:
        try:
            return find_directory(self._filesystem.root, path)
        except CorruptImage:  # links in a circle: nothing stands there
            return None

    def _find_file(self, path: str) -> File | None:
        parent, _, name = path.rpartition("/")
        directory = self._find_directory(parent)
        node = directory.children.get(name) if directory else None
        return node if isinstance(node, File) else None

    def _removed(self) -> dict[str, Evidence]:
        """Return the missing folders whose files some RECORD names: they were there once."""
        if not self._broken:
            return {}
        removed: dict[str, Evidence] = {}
        for base in self._bases:
            below = {path: line for path, line in self._broken.items()
                     if path.startswith(f"{base}/")}  # fmt: skip
            directory = self._find_directory(base) if below else None
            for name, info in directory.children.items() if directory else ():
                record = info.children.get("RECORD") if isinstance(info, Directory) else None
                if name.endswith(".dist-info") and isinstance(record, File):
                    text = b"\n" + (record.content or b"")
                    removed |= {
                        path: line
                        for path, line in below.items()
                        if f"\n{path[len(base) + 1 :]}/".encode() in text
                    }
        return removed

    def result(self, unread: str) -> ImportCheck:
        """Return what came out; with anything unread, nothing is safe."""
        if self._closed:
            unread = unread or f"/{self._closed[0]} is a module without its source"
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
                for each in self._candidates
            ),
            unread=printable(unread),
            broken=self._removed(),
        )


def _references(folder: str, name: str, content: bytes) -> list[Reference] | None:
    """Return a file's references, whether its content is a digest or was kept whole."""
    return decode(content if is_digest(content) else digest(folder, name, content))


def _readings(text: str) -> list[list[str]]:
    """Return the parts of a text as a path, and as a path and dotted names."""
    slashed = [part for part in re.split(r"[/\\]+", text) if part not in ("", ".", "..")]
    dotted = [part for part in re.split(r"[./\\]+", text) if part]
    return [slashed] if slashed == dotted else [slashed, dotted]


def _has(directory: Directory, start: str) -> bool:
    """Tell whether a folder has something that begins so; a name may be put together later."""
    return not start or any(name.startswith(start) for name in directory.children)


def _path_references(content: bytes) -> Iterator[Reference]:
    """Yield what a .pth file imports at start-up, and the folders it puts on the search path."""
    for number, line in enumerate(content.splitlines(), 1):
        if line.startswith((b"import ", b"import\t")):
            for each in search.references(line, unparsed=False):
                # Whatever stands in the line is run at every start.
                how = How.NAMED if each.how is How.NAMED else How.IMPORTED
                yield each._replace(line=number, how=how)
        else:
            for token in search.tokens(line.decode("utf-8", "replace").strip()):
                text = search.line_text(line)
                yield Reference(number, How.NAMED, 0, token, (), text)


def _entry_points(content: bytes) -> Iterator[Reference]:
    """Yield the modules of `name = module:attribute` lines."""
    for number, line in enumerate(content.splitlines(), 1):
        _, equals, value = line.partition(b"=")
        module = value.partition(b":")[0].partition(b"[")[0].strip().decode("utf-8", "replace")
        if equals and not NAMES.isdisjoint(module.split(".")):
            text = search.line_text(line)
            yield Reference(number, How.ENTRY_POINT, 0, module, (), text)
