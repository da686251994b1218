"""test-dirs: packages' own tests."""

from collections.abc import Iterator
from dataclasses import replace

from imgdiag.facts import Facts
from imgdiag.finding import Finding, Safety
from imgdiag.rules._folders import package_folders
from imgdiag.rules._hidden import visible
from imgdiag.rules._shell import removal_fix
from imgdiag.rules.rule import Example, ExampleLayer, Rule
from imgdiag.units import format_bytes

# Measured: without its tests the package, or another that imports them, does not import.
_IMPORTED_AT_RUN_TIME = frozenset(("astropy", "numpy", "tables"))


def _check(facts: Facts) -> Iterator[Finding]:
    folders = package_folders(facts, ("tests", "test"))
    if facts.torches:
        folders.pop("torch", None)  # its test programs are cpu-torch-test-binaries'
    kept = sorted(_IMPORTED_AT_RUN_TIME & folders.keys())
    sizes = {
        package: sum(facts.usage.bytes_below(directory) for _, directory in where)
        for package, where in folders.items()
        if package not in _IMPORTED_AT_RUN_TIME
    }
    found = sorted(
        (each for package in sizes for each in folders[package] if each[0].isprintable()),
        key=lambda each: (-facts.usage.bytes_below(each[1]), each[0]),
    )
    chosen = [path for path, _ in found[:_FOLDERS]]
    claim = facts.claim_paths(chosen)
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
        message=f"{visible(claim)} of packages' own tests{more}, the most in {some}{without}",
        fix=replace(fix, summary=f"{fix.summary}; then run your own tests against the image"),
        claim=claim,
        informational=facts.step(claim.layers[0]).is_base,
    )


_FOLDERS = 20  # that a snippet names; what it does not name is not counted

_SITE = "app/.venv/lib/python3.11/site-packages"

RULE = Rule(
    name="test-dirs",
    title="Packages' own tests",
    why="About a tenth of a science stack is test code. Most is never imported, and some is: "
    "numpy's is, by every import of scipy. So this is for review, package by package; a blanket "
    "`find -name tests -exec rm` is not.",
    fix="Remove the largest ones by name in the build stage, and test.",
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
            what="the project's own tests are not a package's",
            layers=(ExampleLayer(created_by="COPY . .", files={"app/tests/a.py": 500}),),
            finds=(),
        ),
    ),
)
