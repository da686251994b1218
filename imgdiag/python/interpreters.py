"""The Python interpreters of an image, found by their standard libraries."""

from __future__ import annotations

import re
from dataclasses import dataclass

from imgdiag.filesystem import Directory, File, Filesystem, Node, join, resolve
from imgdiag.scanner.usage import Usage

_LIBRARY = re.compile(r"(?P<implementation>python|pypy)(?P<version>\d+\.\d+)t?")
_IMPLEMENTATIONS = {"python": "cpython", "pypy": "pypy"}
_LANDMARKS = ("os.py", "os.pyc")  # what Python itself looks for: CPython's Modules/getpath.py
# Package managers' stores hold unpacked packages that nothing runs from there;
# but Poetry makes the environments themselves in its cache.
_STORES = re.compile(
    r"(^|/)(archive-v\d+|pkgs|\.cache(?!/pypoetry/virtualenvs/)|wheels-v\d+|builds-v\d+)/"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Interpreter:
    """A Python that can run on its own, whatever virtual environments are made from it.

    `path` is its program, "" when that is not in the image; `library` its standard library and
    `prefix` the folder that both stand in. `version` is such as "3.12", `implementation` cpython
    or pypy.
    """

    path: str
    prefix: str
    library: str
    version: str
    implementation: str


def find_interpreters(filesystem: Filesystem, usage: Usage) -> tuple[Interpreter, ...]:
    """Return the interpreters, in the order of their libraries' paths."""
    found = []
    for name, folders in usage.named.items():
        match = _LIBRARY.fullmatch(name)
        if match is None:
            continue
        for path, directory in folders:
            parent = path.rpartition("/")[0]
            prefix, _, library = parent.rpartition("/")
            if (
                library in ("lib", "lib64")
                and not in_store(path)
                and any(landmark in directory.children for landmark in _LANDMARKS)
            ):
                found.append(
                    Interpreter(
                        path=_program(filesystem, prefix, name),
                        prefix=prefix,
                        library=path,
                        version=match["version"],
                        implementation=_IMPLEMENTATIONS[match["implementation"]],
                    )
                )
    return tuple(sorted(found, key=lambda each: each.library))


def in_store(path: str) -> bool:
    """Tell whether a path lies in a package manager's store."""
    return _STORES.search(path) is not None


def is_executable(node: Node) -> bool:
    """Tell whether a file may be run; a listing by `find` tells no modes, so that any may."""
    mode = node.attributes[0] & 0o777 if isinstance(node, File) else None
    return mode == 0 or bool(mode and mode & 0o111)


def _program(filesystem: Filesystem, prefix: str, name: str) -> str:
    """Return the program of the library `name`, such as usr/bin/python3.11."""
    for candidate in (name, re.sub(r"\.\d+t?$", "", name), "python"):
        found = resolve(filesystem.root, join(prefix, f"bin/{candidate}"))
        if found is not None and not isinstance(found[1], Directory):
            return found[0]
    return ""
