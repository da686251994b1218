"""test-dirs: packages' own tests."""

from collections.abc import Iterator
from dataclasses import replace

from imgdiag.facts.facts import Facts
from imgdiag.finding import Finding, Safety
from imgdiag.python.imports.names import BENCHMARKS, TESTS
from imgdiag.rules._folders import hint, imported_packages, package_folders, proven
from imgdiag.rules._hidden import visible
from imgdiag.rules._needed import NEEDED
from imgdiag.rules._shell import removal_fix
from imgdiag.rules.rule import Example, ExampleLayer, Rule, Topic
from imgdiag.units import format_bytes

# Measured: without its tests the package, or another that imports them, does not import.
_IMPORTED_AT_RUN_TIME = {each.package for each in NEEDED if each.name == "tests"}


def _check(facts: Facts) -> Iterator[Finding]:
    if facts.imports and not facts.imports.unread:
        yield from proven(
            facts,
            facts.imports,
            RULE.name,
            TESTS | BENCHMARKS,
            "packages' own tests and benchmarks",
            # torch's test programs are cpu-torch-test-binaries'.
            besides=[f"{each.distribution.environment.path}/torch/test" for each in facts.torches],
        )
    else:
        yield from _unproven(facts)


def _unproven(facts: Facts) -> Iterator[Finding]:
    folders = package_folders(facts, TESTS)
    if facts.torches:
        folders.pop("torch", None)  # its test programs are cpu-torch-test-binaries'
    needed = _IMPORTED_AT_RUN_TIME | imported_packages(facts)
    kept = sorted(needed & folders.keys())
    sizes = {
        package: sum(facts.usage.bytes_below(directory) for _, directory in where)
        for package, where in folders.items()
        if package not in needed
    }
    found = sorted(
        (each for package in sizes for each in folders[package] if each[0].isprintable()),
        key=lambda each: (-facts.usage.bytes_below(each[1]), each[0]),
    )
    chosen = [path for path, _ in found[:_FOLDERS]]
    claim = facts.claims.paths(chosen)
    if not claim.layers:
        return
    largest = sorted(sizes, key=lambda package: (-sizes[package], package))
    some = ", ".join(f"{package} {format_bytes(sizes[package])}" for package in largest[:3])
    rest = len(found) - len(chosen)
    more = (
        f" in the {_FOLDERS} largest folders ({rest} smaller ones are left alone)" if rest else ""
    )
    without = (
        f". Not counted: {', '.join(kept)}, whose tests are imported at run time" if kept else ""
    )
    fix = removal_fix(facts, chosen, where="builds the environment")
    yield Finding(
        rule=RULE.name,
        safety=Safety.REVIEW,
        message=f"{visible(claim)} of packages' own tests{more}, the most in {some}{without}. "
        f"{hint(facts)}",
        fix=replace(fix, summary=f"{fix.summary}; then run your own tests against the image"),
        claim=claim,
        informational=facts.step(claim.layers[0]).is_base,
    )


_FOLDERS = 20  # that a snippet names; what it does not name is not counted

_SITE = "app/.venv/lib/python3.11/site-packages"

RULE = Rule(
    name="test-dirs",
    topic=Topic.PYTHON,
    title="Packages' own tests",
    why="About a tenth of a science stack is test code. Most is never imported, and some is: "
    "numpy 2.2's is, by every import of scipy. `--check-imports` reads all sources and tells "
    "which: what nothing imports or names is safe. Without it this is for review, package by "
    "package; a blanket `find -name tests -exec rm` is not.",
    fix="Remove by name what is proven, in the build stage; the rest only with a test of yours.",
    ignore_when="The saving is not worth the risk to you.",
    check=_check,
    examples=(
        Example(
            what="tests of a package, beside those of numpy, which scipy imports",
            layers=(
                ExampleLayer(
                    created_by="RUN uv sync",
                    files={
                        f"{_SITE}/gensim/test/test_a.py": 3_000_000,
                        f"{_SITE}/gensim/test/tests/more.py": 500_000,
                        f"{_SITE}/numpy/_core/tests/_natype.py": 4_000,
                    },
                ),
            ),
            finds=(3_500_000,),
        ),
        Example(
            what="the same with --check-imports, and a module that imports numpy's",
            check_imports=True,
            layers=(
                ExampleLayer(
                    created_by="RUN uv sync",
                    files={
                        f"{_SITE}/gensim/test/test_a.py": "import gensim\n",
                        f"{_SITE}/numpy/_core/tests/_natype.py": "pd_NA = None\n",
                        f"{_SITE}/numpy/testing/a.py": "from numpy._core.tests import _natype\n",
                    },
                ),
            ),
            finds=(14,),
        ),
        Example(
            what="the project's own tests are not a package's",
            layers=(ExampleLayer(created_by="COPY . .", files={"app/tests/a.py": 500}),),
            finds=(),
        ),
    ),
)
