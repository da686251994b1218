"""Mutation testing: which small changes of what counts bytes go unnoticed by its tests?

    python -m benchmarks.mutation [MODULE…] [--most N] [--jobs N] > survivors.md

Each mutant runs in a process that is forked once pytest and the libraries are loaded, with the
changed module in the place of the true one: nothing on the disk changes. Texts that only people
read (messages, hints) and annotations are not changed. What is found: docs/mutation.md.
"""

from __future__ import annotations

import argparse
import ast
import copy
import importlib.abc
import importlib.machinery
import os
import random
import resource
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).parents[1]
TESTS = {
    "layers.ahead": "layers/test_ahead.py layers/test_compression.py",
    "layers.apart": "layers/test_apart.py",
    "layers.compression": "layers/test_compression.py layers/test_index.py",
    "layers.history": "cli/test_history.py cli/test_dockerfile.py",
    "layers.index": "layers/test_index.py",
    "layers.reader": "layers/test_reader.py layers/test_tar.py",
    "layers.tar": "layers/test_tar.py sources/test_tarsplit.py "
    "test_limits.py::test_more_entries_than_the_limit "
    "test_limits.py::test_an_extension_header_that_is_allowed_to_be_longer",
    "layers.walk": "layers/test_walk.py test_limits.py::test_more_entries_than_the_limit "
    "test_limits.py::test_whiteouts_count_as_entries "
    "test_limits.py::test_names_and_texts_that_fill_the_memory",
    "filesystem.filesystem": "filesystem",
    "filesystem.folders": "filesystem",
    "filesystem.links": "filesystem test_limits.py::test_a_long_way_of_links_at_each_entry",
    "filesystem.merge": "filesystem test_limits.py::test_a_long_way_of_links_at_each_entry "
    "test_limits.py::test_folders_that_only_stand_in_paths_count_as_entries "
    "test_limits.py::test_a_layer_that_is_named_many_times_counts_each_time",
    "filesystem.moves": "filesystem",
    "filesystem.origins": "filesystem",
    "filesystem.tree": "filesystem",
    "prediction": "test_prediction.py test_invariants.py",
    "gate.budgets": "gate",
    "gate.files": "gate",
    "gate.gate": "gate",
    "gate.globs": "gate",
    "gate.waivers": "gate",
    "invariants": "test_invariants.py",
}
MEMORY = 4_000_000_000  # bytes that a mutant may take
PASSED = 77  # the status of a child whose tests all passed: a mutant may end it early, with 0

_COMPARED = {
    ast.Lt: (ast.LtE, ast.GtE), ast.LtE: (ast.Lt, ast.Gt), ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt), ast.Eq: (ast.NotEq,), ast.NotEq: (ast.Eq,), ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,), ast.In: (ast.NotIn,), ast.NotIn: (ast.In,),
}  # fmt: skip
_COMPUTED = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.FloorDiv, ast.FloorDiv: ast.Mult,
    ast.Div: ast.Mult, ast.Mod: ast.Mult, ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd,
}  # fmt: skip
_FOR_PEOPLE = {"add", "warn", "refusal", "CorruptImage", "Breach", "ImgdiagError", "ValueError"}

Path_ = tuple[tuple[str, int | None], ...]  # fields, and places in them, from the module on


def mutants(tree: ast.AST, path: Path_ = ()) -> Iterator[tuple[Path_, ast.AST, str]]:
    """Yield where a node stands, what to put there, and how to say it."""
    for node in _changes(tree):
        yield path, node, f"`{_text(tree)}` → `{_text(node)}`"
    for field, value in ast.iter_fields(tree):
        if field in ("annotation", "returns", "decorator_list", "type_params"):
            continue
        if isinstance(tree, ast.Call) and _name(tree.func) in _FOR_PEOPLE and field != "func":
            continue
        if isinstance(tree, ast.Raise | ast.JoinedStr):
            continue
        children = value if isinstance(value, list) else [value]
        for number, child in enumerate(children):
            if isinstance(child, ast.AST) and not _is_documentation(child):
                place = number if isinstance(value, list) else None
                yield from mutants(child, (*path, (field, place)))


def _changes(node: ast.AST) -> Iterator[ast.AST]:
    match node:
        case ast.Compare(ops=[op]):
            for other in _COMPARED[type(op)]:
                yield ast.Compare(node.left, [other()], node.comparators)
        case ast.BinOp(op=op) if type(op) in _COMPUTED:
            yield ast.BinOp(node.left, _COMPUTED[type(op)](), node.right)
        case ast.BoolOp(op=op):
            yield ast.BoolOp(ast.Or() if isinstance(op, ast.And) else ast.And(), node.values)
        case ast.UnaryOp(op=ast.Not() | ast.USub()):
            yield node.operand
        case ast.Constant(value=bool() as value):
            yield ast.Constant(not value)
        case ast.Constant(value=int() | float() as value):
            yield ast.Constant(value + 1)
        case ast.Constant(value=str() as value):
            yield ast.Constant(f"{value}~")
        case ast.Constant(value=bytes() as value):
            yield ast.Constant(value + b"~")
        case ast.If() | ast.IfExp() if not _text(node.test).startswith("not "):
            turned = copy.copy(node)
            turned.test = ast.UnaryOp(ast.Not(), node.test)
            yield turned
        case ast.comprehension(ifs=[*ifs]):
            for number in range(len(ifs)):
                other_ = copy.copy(node)
                other_.ifs = [*ifs[:number], *ifs[number + 1 :]]
                yield other_
        case ast.AugAssign(op=op) if type(op) in _COMPUTED:
            yield ast.AugAssign(node.target, _COMPUTED[type(op)](), node.value)
            yield ast.Pass()
        case ast.Expr() | ast.Raise():
            yield ast.Pass()
        case ast.Assign(targets=[ast.Attribute() | ast.Subscript()]):
            yield ast.Pass()
        case ast.Return(value=ast.expr() as value) if _text(value) != "None":
            yield ast.Return(ast.Constant(None))
        case ast.Continue():
            yield ast.Break()
        case ast.Break():
            yield ast.Continue()


def _is_documentation(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _name(function: ast.expr) -> str:
    return getattr(function, "attr", getattr(function, "id", ""))


def _text(node: ast.AST) -> str:
    if isinstance(node, ast.If):
        return f"if {ast.unparse(node.test)}"
    if isinstance(node, ast.comprehension):
        return f"for {ast.unparse(node.target)} in …" + "".join(
            f" if {ast.unparse(each)}" for each in node.ifs
        )
    return " ".join(ast.unparse(ast.fix_missing_locations(copy.copy(node))).split())


def line_of(tree: ast.Module, path: Path_) -> int:
    """Return the line of the nearest node that has one."""
    node: ast.AST = tree
    line = 1
    for field, place in path:
        value = getattr(node, field)
        node = value if place is None else value[place]
        line = getattr(node, "lineno", line)
    return line


def mutated(tree: ast.Module, path: Path_, node: ast.AST) -> ast.Module:
    """Return a copy of `tree` with `node` at `path`."""
    result = copy.deepcopy(tree)
    at: ast.AST = result
    for field, place in path[:-1]:
        value = getattr(at, field)
        at = value if place is None else value[place]
    field, place = path[-1]
    if place is None:
        old = getattr(at, field)
        setattr(at, field, node)
    else:
        old = getattr(at, field)[place]
        getattr(at, field)[place] = node
    ast.copy_location(node, old)
    return ast.fix_missing_locations(result)


class Changed(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds one module changed."""

    def __init__(self, name: str, file: Path, tree: ast.Module) -> None:
        self.name, self.file, self.tree = name, file, tree

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if name != self.name:
            return None
        return importlib.machinery.ModuleSpec(name, self, origin=str(self.file))

    def exec_module(self, module: ModuleType) -> None:
        module.__file__ = str(self.file)
        exec(compile(self.tree, self.file, "exec"), module.__dict__)


def outcome(name: str, file: Path, tree: ast.Module, seconds: float) -> str:
    """Run the tests of a module in a child: 'survived', 'killed' or 'endless'."""
    child = os.fork()
    if not child:
        try:
            os.setpgid(0, 0)
            null = os.open(os.devnull, os.O_RDWR)
            for descriptor in (0, 1, 2):
                os.dup2(null, descriptor)
            resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
            sys.meta_path.insert(0, Changed(f"imgdiag.{name}", file, tree))
            tests = [f"tests/{each}" for each in TESTS[name].split()]
            import pytest

            loaded = "ignore::pytest.PytestAssertRewriteWarning"
            code = pytest.main(["-x", "-q", "-W", loaded, "-p", "no:cacheprovider", *tests])
        except BaseException:
            code = 99
        os._exit(1 if code else PASSED)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return "survived" if os.waitstatus_to_exitcode(status) == PASSED else "killed"
        time.sleep(0.02)
    os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return "endless"


def prepare() -> None:
    """Load what all mutants share, and make hypothesis neither shrink nor remember."""
    for name in ("click", "isal.igzip_lib", "packaging.utils", "pytest", "tabulate", "tomlkit"):
        importlib.import_module(name)
    from hypothesis import Phase, settings

    settings.register_profile(
        "mutation", database=None, derandomize=True, deadline=None,
        phases=(Phase.explicit, Phase.generate),
    )  # fmt: skip
    settings.load_profile("mutation")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("modules", nargs="*", default=list(TESTS))
    parser.add_argument("--most", type=int, default=0, help="a sample of so many of a module")
    parser.add_argument("--jobs", type=int, default=1)
    options = parser.parse_args()
    os.chdir(ROOT)
    prepare()
    rows = []
    for name in options.modules:
        file = ROOT / "imgdiag" / f"{name.replace('.', '/')}.py"
        tree = ast.parse(file.read_text())
        began = time.monotonic()
        if outcome(name, file, tree, 600) != "survived":
            sys.exit(f"the tests of {name} fail as it is")
        seconds = 10 + 5 * (time.monotonic() - began)
        found = [*mutants(tree)]
        chosen = found
        if options.most and len(found) > options.most:
            chosen = random.Random(1).sample(found, options.most)
        print(f"{name}: {len(chosen)} of {len(found)}, {seconds / 5 - 2:.1f} s", file=sys.stderr)

        run = partial(outcome, name, file, seconds=seconds)
        with ThreadPoolExecutor(options.jobs) as pool:
            trees = (mutated(tree, path, node) for path, node, _ in chosen)
            results = []
            for (path, _, what), result in zip(chosen, pool.map(run, trees), strict=True):
                results.append(result)
                if result == "survived":
                    print(f"- {name}, line {line_of(tree, path)}: {what}", flush=True)
        rows.append((name, len(found), len(chosen), results))
    print("| module | mutants | tried | killed | endless | survived |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    for name, every, tried, results in rows:
        counts = " | ".join(str(results.count(each)) for each in ("killed", "endless", "survived"))
        print(f"| {name} | {every:,} | {tried:,} | {counts} |")


if __name__ == "__main__":
    main()
