"""What every file of the image refers to, and what could not be read."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

from imgdiag.errors import CorruptImage
from imgdiag.filesystem import Directory, File, Symlink, join
from imgdiag.layers.walk import split
from imgdiag.python.imports import search
from imgdiag.python.imports.candidates import Candidate
from imgdiag.python.imports.digest import SOURCES, digest, read_in
from imgdiag.python.imports.names import CONFTEST, NAMES, in_standard_library
from imgdiag.python.imports.places import Places
from imgdiag.python.imports.references import How, Reference, decode, is_digest
from imgdiag.python.imports.verdict import Evidence
from imgdiag.scanner.usage import Usage

_ARCHIVES = (".egg", ".pyz", ".pex")  # of modules, which are not looked into


class Collected:
    """The references of an image's files.

    `first` are those of files outside all candidates, with their paths: they run whatever else
    does. `pending` are those of a candidate's own files and of conftest.py, which count once
    something has reached them; None for a file that could not be read. `links` are symbolic links
    into candidates. `unread` are sources outside candidates that could not be read, `closed`
    modules that have no source.
    """

    def __init__(self, usage: Usage, places: Places, words: Iterable[str]) -> None:
        """Take in every file of `usage`, and `words`: the image's command and variables."""
        self._places = places
        self.first: list[tuple[str, list[Reference]]] = []
        self.pending: dict[str, list[Reference] | None] = {}
        self.pending_in: dict[Candidate, list[str]] = defaultdict(list)
        self.links: list[tuple[Candidate, Evidence]] = []
        self.unread: list[str] = []
        self.closed: list[str] = []
        self._read(usage)
        self._read_words(words)

    def _read(self, usage: Usage) -> None:
        inside: dict[str, Candidate] = {}
        for folder, directory in usage.directories:
            parent = folder.rpartition("/")[0]
            candidate = self._places.of_folder.get(directory) or inside.get(parent)
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
            self.unread.append(path)
        elif references != []:
            self._add(path, references, candidate)

    def _add(
        self, path: str, references: list[Reference] | None, candidate: Candidate | None
    ) -> None:
        if candidate is not None:
            self.pending_in[candidate].append(path)
        if candidate is not None or path.endswith(f"/{CONFTEST}.py"):
            self.pending[path] = references
        else:
            self.first.append((path, references or []))

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
            found = self._places.owner(where)
            if found is not None:
                self.links.append((found[0], Evidence(path, 0, How.LINKED, f"→ {target}")))
        if name.endswith(SOURCES) and read_in(folder)(name):
            node = self._places.file(target)
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
                self.closed.append(path)

    def _read_words(self, words: Iterable[str]) -> None:
        for word in words:
            found = [
                Reference(0, How.NAMED, 0, token, (), f"the image's command or variable {word!r}")
                for token in (*search.tokens(word), *search.tokens(f"-m {word}"))
            ]
            self.first.append(("", found))


def _references(folder: str, name: str, content: bytes) -> list[Reference] | None:
    """Return a file's references, whether its content is a digest or was kept whole."""
    return decode(content if is_digest(content) else digest(folder, name, content))


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
