"""Finding references by a source's syntax tree: exact about what happens when."""

from __future__ import annotations

import ast
import gc
import threading
import warnings
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import pairwise
from typing import Any, NamedTuple, TypeGuard

from imgdiag.python.imports.names import NAMES
from imgdiag.python.imports.references import How, Reference
from imgdiag.python.imports.search import has_name, import_references, line_text, tokens

MAX_BYTES = 1024 * 1024  # of a source that is parsed; a tree takes about a hundred times that

_CATCHES = frozenset(("ImportError", "ModuleNotFoundError", "Exception", "BaseException"))
# Calls whose strings are no folders: what an attribute or a text begins with.
_HARMLESS = frozenset(
    ("startswith", "endswith", "hasattr", "getattr", "setattr", "delattr", "get", "pop",
     "setdefault", "strip", "lstrip", "rstrip", "removeprefix", "removesuffix", "split", "rsplit",
     "partition", "rpartition", "count", "index", "find", "rfind", "print", "isinstance",
     "encode", "add_argument", "addoption", "warn")
)  # fmt: skip
# Calls that take a module or its name and give what is in its folder, or where that is.
_RESOURCES = frozenset(
    ("files", "as_file", "path", "contents", "is_resource", "open_text", "open_binary",
     "read_text", "read_binary", "resource_filename", "resource_stream", "resource_string",
     "resource_listdir", "resource_exists", "resource_isdir", "get_data", "find_spec",
     "find_loader", "get_loader", "import_module", "__import__", "PackageLoader",
     "getfile", "getsourcefile", "getabsfile")
)  # fmt: skip
_MODULE_FILES = frozenset(("__file__", "__path__"))

_parsing = threading.Lock()


@contextmanager
def _without_collector() -> Iterator[None]:
    """Keep the garbage collector from going through a growing tree: parsing takes half as long."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


class _Place(NamedTuple):
    """A node with what is known of where it stands."""

    node: ast.AST
    how: How


def references(data: bytes, *, inside: bool = False) -> list[Reference] | None:
    """Return the references of a source in no order, None when it does not parse here.

    Other versions of Python have other syntax, and an image may hold anything. A source that may
    stand `inside` of a folder in question reaches others there by relative imports; for all others
    only an import with one of the names can matter.
    """
    if len(data) > MAX_BYTES:
        return None
    try:
        # A source's own warnings are nothing to us; the filters belong to all threads.
        with _parsing, warnings.catch_warnings(), _without_collector():
            warnings.simplefilter("ignore")
            tree = ast.parse(data)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    return _Finder(data, inside=inside).find(tree)


class _Finder:
    """Walks a tree without recursion, and keeps what it finds."""

    def __init__(self, data: bytes, *, inside: bool) -> None:
        self._lines = data.splitlines()
        self._inside = inside
        self._found: list[Reference] = []
        self._aliases: dict[str, str] = {}  # of imported modules, by the names they have here
        self._asked: list[str] = []  # what modules' files, and packages' resources, are asked for

    def find(self, tree: ast.Module) -> list[Reference]:
        stack = [_Place(tree, How.IMPORTED)]
        while stack:
            node, how = stack.pop()
            if (visit := _VISITS.get(type(node))) is not None:
                stack += visit(self, node, how)
            else:
                stack += _within(node, how)
        packages = self._packages()
        return [
            each._replace(names=packages) if each.how is How.NAMED else each for each in self._found
        ]

    def visit_import(self, node: ast.Import | ast.ImportFrom, how: How) -> Iterable[_Place]:
        level, module = None, ""
        if isinstance(node, ast.ImportFrom):
            level, module = node.level, node.module or ""
        for alias in node.names:
            first = alias.name.partition(".")[0]
            if level is None:
                self._aliases[alias.asname or first] = alias.name if alias.asname else first
            elif not level:
                self._aliases[alias.asname or alias.name] = f"{module}.{alias.name}"
        names = [alias.name for alias in node.names]
        if self._inside or level is None or has_name([*module.split("."), *names]):
            self._found += import_references(
                node.lineno, how, level, module, names, self._line(node.lineno)
            )
        return ()

    def visit_constant(self, node: ast.Constant, how: How) -> Iterable[_Place]:
        value = node.value.decode("latin-1") if isinstance(node.value, bytes) else node.value
        if isinstance(value, str):
            for token in tokens(value):
                self._named(node, token)
        return ()

    def visit_call(self, node: ast.Call, how: How) -> Iterable[_Place]:
        name = _last_name(node.func)
        if name in _HARMLESS:
            return _within(node, how, without=_plain_strings(node))
        if name in _RESOURCES and node.args:
            self._ask(node.args[0])
        self._join(node.args)
        return _within(node, how)

    def visit_attribute(self, node: ast.Attribute, how: How) -> Iterable[_Place]:
        """Note `numpy.__file__`: strings beside it may name what is in numpy's folder."""
        if node.attr in _MODULE_FILES:
            self._ask(node.value)
        return _within(node, how)

    def _ask(self, node: ast.expr) -> None:
        """Note a module, or its name, whose files the source asks for."""
        parts: list[str] = []
        while isinstance(node, ast.Attribute):
            parts.append(node.attr)
            node = node.value
        if isinstance(node, ast.Name):
            self._asked.append(".".join([node.id, *reversed(parts)]))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            self._asked.append(node.value)

    def _packages(self) -> tuple[str, ...]:
        """Return what was asked for, by the modules' own names."""
        found = set()
        for asked in self._asked:
            first, dot, rest = asked.partition(".")
            found.add(self._aliases.get(first, first) + dot + rest)
        return tuple(sorted(found))

    def visit_sequence(self, node: ast.Tuple | ast.List, how: How) -> Iterable[_Place]:
        """Put the parts of a path together, as in `("io", "tests")`."""
        self._join(node.elts)
        return _within(node, how)

    def visit_operation(self, node: ast.BinOp, how: How) -> Iterable[_Place]:
        """Put the parts of a path together, as in `folder / "io" / "tests"`."""
        if isinstance(node.op, ast.Div):
            left = node.left.right if isinstance(node.left, ast.BinOp) else node.left
            self._join([left, node.right])
        return _within(node, how)

    def _join(self, nodes: list[ast.expr]) -> None:
        for left, right in pairwise(nodes):
            if _is_bare(right) and isinstance(left, ast.Constant) and isinstance(left.value, str):
                for token in tokens(f"{left.value}/{right.value!s}"):
                    self._named(right, token)

    def _named(self, node: ast.expr, token: str) -> None:
        self._found.append(Reference(node.lineno, How.NAMED, 0, token, (), self._line(node.lineno)))

    def _line(self, number: int) -> str:
        return line_text(self._lines[number - 1]) if 0 < number <= len(self._lines) else ""


def _within(node: ast.AST, how: How, *, without: Collection[ast.AST] = ()) -> list[_Place]:
    """Return a node's children; names and operators, half of all nodes, have nothing to say."""
    return [
        _Place(child, how)
        for value in vars(node).values()
        for child in (value if type(value) is list else (value,))
        if isinstance(child, ast.AST) and type(child) not in _LEAVES and child not in without
    ]


def _weaker(how: How, other: How) -> How:
    """Return the first thing that keeps an import from happening with its module's."""
    return other if how is How.IMPORTED else how


def _expression(finder: _Finder, node: ast.Expr, how: How) -> Iterable[_Place]:
    """Leave out docstrings, and strings that stand for comments."""
    if isinstance(node.value, ast.Constant | ast.JoinedStr):
        return ()
    return (_Place(node.value, how),)


def _function(
    finder: _Finder, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda, how: How
) -> Iterable[_Place]:
    body = node.body if isinstance(node.body, list) else [node.body]
    yield from _within(node, how, without=body)
    for child in body:
        yield _Place(child, _weaker(how, How.DEFERRED))


def _with(finder: _Finder, node: ast.With, how: How) -> Iterable[_Place]:
    if any(_suppresses(item.context_expr) for item in node.items):
        how = _weaker(how, How.GUARDED)
    return _within(node, how)


def _comparison(finder: _Finder, node: ast.Compare | ast.Subscript, how: How) -> Iterable[_Place]:
    return _within(node, how, without=_plain_strings(node))


def _dict(finder: _Finder, node: ast.Dict, how: How) -> Iterable[_Place]:
    return _within(node, how, without=[each for each in node.keys if each and _is_bare(each)])


def _if(finder: _Finder, node: ast.If, how: How) -> Iterator[_Place]:
    yield _Place(node.test, how)
    inside, otherwise = how, how
    test = node.test
    negated = isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not)
    if isinstance(test, ast.UnaryOp) and negated:
        test = test.operand
    if (isinstance(test, ast.Name) and test.id == "TYPE_CHECKING") or (
        isinstance(test, ast.Attribute) and test.attr == "TYPE_CHECKING"
    ):
        inside = _weaker(how, How.TYPING)
    elif isinstance(test, ast.Compare) and "__main__" in [
        each.value for each in (test.left, *test.comparators) if isinstance(each, ast.Constant)
    ]:
        inside = _weaker(how, How.DEFERRED)
    if negated:
        inside, otherwise = otherwise, inside
    for child in node.body:
        yield _Place(child, inside)
    for child in node.orelse:
        yield _Place(child, otherwise)


def _try(finder: _Finder, node: ast.Try | ast.TryStar, how: How) -> Iterator[_Place]:
    guarded = _weaker(how, How.GUARDED)
    catches = any(_catches(handler) for handler in node.handlers)
    for child in node.body:
        yield _Place(child, guarded if catches else how)
    for handler in node.handlers:  # what is there happens only when something fails
        yield _Place(handler, guarded)
    for child in (*node.orelse, *node.finalbody):
        yield _Place(child, how)


def _catches(handler: ast.ExceptHandler) -> bool:
    kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(kind is None or _last_name(kind) in _CATCHES for kind in kinds)


def _suppresses(node: ast.expr) -> bool:
    return (
        isinstance(node, ast.Call)
        and _last_name(node.func) == "suppress"
        and any(_last_name(each) in _CATCHES for each in node.args)
    )


def _last_name(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def _is_bare(node: ast.AST) -> TypeGuard[ast.Constant]:
    return isinstance(node, ast.Constant) and node.value in NAMES


def _plain_strings(node: ast.AST) -> list[ast.AST]:
    """Return the bare names among a node's children, alone or in a collection of such.

    `mode == "test"` and `data["test"]` speak of no folder.
    """
    return [
        child
        for child in ast.iter_child_nodes(node)
        if _is_bare(child)
        or (
            isinstance(child, ast.Tuple | ast.List | ast.Set)
            and all(isinstance(each, ast.Constant) for each in child.elts)
        )
    ]


_LEAVES = frozenset(
    (ast.Name, ast.Load, ast.Store, ast.Del, ast.Pass, ast.Global, ast.Nonlocal,
     *ast.operator.__subclasses__(), *ast.unaryop.__subclasses__(), *ast.boolop.__subclasses__(),
     *ast.cmpop.__subclasses__())
)  # fmt: skip
_VISITS: Mapping[type[ast.AST], Callable[[_Finder, Any, How], Iterable[_Place]]] = {
    ast.Import: _Finder.visit_import,
    ast.ImportFrom: _Finder.visit_import,
    ast.Constant: _Finder.visit_constant,
    ast.Call: _Finder.visit_call,
    ast.Attribute: _Finder.visit_attribute,
    ast.Tuple: _Finder.visit_sequence,
    ast.List: _Finder.visit_sequence,
    ast.BinOp: _Finder.visit_operation,
    ast.Expr: _expression,
    ast.FunctionDef: _function,
    ast.AsyncFunctionDef: _function,
    ast.Lambda: _function,
    ast.If: _if,
    ast.Try: _try,
    ast.TryStar: _try,
    ast.With: _with,
    ast.Compare: _comparison,
    ast.Subscript: _comparison,
    ast.Dict: _dict,
}
