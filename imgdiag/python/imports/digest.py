"""What is read to prove that nothing imports a folder, and what is kept of it.

The sources of a science stack come to half a gigabyte, so none is kept: each becomes the few
references in it that can reach a folder in question, most of them nothing at all.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from imgdiag.layers.walk import Digest
from imgdiag.python.imports import search, syntax
from imgdiag.python.imports.names import CONFTEST, in_standard_library, is_inside
from imgdiag.python.imports.references import UNREADABLE, How, Reference, encode

MAX_BYTES = 16 * 1024 * 1024  # of a source; the largest seen has 3.3 MB
PACKAGES = "-packages/"  # before a package's own folders, in an environment's paths
MAX_REFERENCES = 10_000  # in a file; the most seen is 2,000
MAX_SCRIPT = 64 * 1024  # of a file in a bin folder, and of a text
SOURCES = (".py", ".pyw")
STUB = ".pyi"
CYTHON = (".pyx", ".pxi")
_TEXTS = (".sh", ".toml", ".cfg", ".ini", ".yaml", ".yml", ".json", ".conf", ".env", "Procfile")
# Read by developers' tools, and by nothing at run time.
_DEVELOPERS = frozenset(("pyproject.toml", "setup.cfg", "tox.ini", "pytest.ini", "mypy.ini"))
_PYTHON_SCRIPT = re.compile(rb"\A#![^\n]*(?:python|\n'''exec')")


def read_in(folder: str) -> Callable[[str], int]:
    """Return the test of a folder's files: up to how many bytes one is read, 0 for not at all."""
    if in_standard_library(folder):
        return lambda name: 0
    if folder == "bin" or folder.endswith(("/bin", "/sbin")):
        return lambda name: _limit(name) or ("." not in name and MAX_SCRIPT) or 0
    return _limit


def _limit(name: str) -> int:
    if name.endswith((*SOURCES, STUB, *CYTHON)):
        return MAX_BYTES
    return MAX_SCRIPT if name.endswith(_TEXTS) and name not in _DEVELOPERS else 0


def digest(folder: str, name: str, data: bytes) -> bytes:
    """Return the references in a file as `references.encode` writes them.

    UNREADABLE for zeros in place of a source, a skeleton's or a file's with a hole, and for a
    file made to hold more references than any source does.
    """
    if data.startswith(b"\0") and not data.strip(b"\0"):
        return UNREADABLE
    found: dict[Reference, None] = {}
    for reference in _references(folder, name, data):
        found[reference] = None
        if len(found) > MAX_REFERENCES:
            return UNREADABLE
    return encode(found)


def _references(folder: str, name: str, data: bytes) -> Iterable[Reference]:
    if name.endswith(SOURCES) or _PYTHON_SCRIPT.match(data):
        return _source(folder, name, data)
    if name.endswith(STUB):
        return _as(How.STUB, _parsed(data))
    if name.endswith(CYTHON):
        return search.references(data, unparsed=True) if search.may_refer(data) else ()
    if name.endswith(_TEXTS) or data.startswith(b"#!"):
        return search.texts(data)
    return ()


def _source(folder: str, name: str, data: bytes) -> Iterable[Reference]:
    """Return a source's references: of one inside a folder in question, relative ones too.

    They matter when it is reached, so they are only searched for, which costs a tenth.
    """
    _, installed, inside = folder.rpartition(PACKAGES)
    if name != f"{CONFTEST}.py" and not is_inside(inside):
        return _parsed(data)
    if not search.may_refer(data) and not search.imports_relatively(data):
        return ()
    # Elsewhere it may be the application's, in a folder that is called so.
    return search.references(data, unparsed=False) if installed else _parsed(data, inside=True)


def _parsed(data: bytes, *, inside: bool = False) -> Iterable[Reference]:
    if not inside and not search.may_refer(data):
        return ()
    found = syntax.references(data, inside=inside)
    return search.references(data, unparsed=True) if found is None else found


def _as(how: How, references: Iterable[Reference]) -> Iterable[Reference]:
    return (each if each.how is How.NAMED else each._replace(how=how) for each in references)


DIGEST = Digest(read_in, digest)
