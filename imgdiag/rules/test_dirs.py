"""test-dirs: packages' own tests."""

from collections.abc import Iterator

from imgdiag.facts import Facts
from imgdiag.filesystem import Directory
from imgdiag.finding import Finding, Fix, Safety
from imgdiag.rules._folders import package_folders
from imgdiag.rules._hidden import visible
from imgdiag.rules._shell import removal
from imgdiag.rules.rule import Example, ExampleLayer, Rule
from imgdiag.units import format_bytes

# Measured: without its tests the package, or another that imports them, does not import.
_IMPORTED_AT_RUN_TIME = frozenset(("astropy", "numpy", "tables"))


def _check(facts: Facts) -> Iterator[Finding]:
    folders = package_folders(facts, ("tests", "test"))
    kept = sorted(_IMPORTED_AT_RUN_TIME & folders.keys())
    sizes = {
        package: sum(facts.usage.bytes_below(directory) for _, directory in where)
        for package, where in folders.items()
        if package not in _IMPORTED_AT_RUN_TIME
    }
    largest = sorted(sizes, key=lambda package: (-sizes[package], package))
    claim = facts.claim_paths(path for package in largest for path, _ in folders[package])
    some = ", ".join(f"{package} {format_bytes(sizes[package])}" for package in largest[:3])
    without = (
        f". Not counted: {', '.join(kept)}, whose tests are imported at run time" if kept else ""
    )
    yield Finding(
        rule=RULE.name,
        safety=Safety.REVIEW,
        message=f"{visible(claim)} of packages' own tests, the most in {some}{without}",
        fix=Fix(
            "Remove those of the largest packages where the environment is built, before the "
            "COPY; then run your own tests against the image",
            "Dockerfile",
            removal(_largest(facts, [each for package in largest for each in folders[package]])),
        ),
        claim=claim,
    )


def _largest(facts: Facts, folders: list[tuple[str, Directory]]) -> list[str]:
    """Return the paths of the few folders that hold the most, the largest first."""
    ordered = sorted(folders, key=lambda each: (-facts.usage.bytes_below(each[1]), each[0]))
    return [path for path, _ in ordered[:8]]


_SITE = "app/.venv/lib/python3.11/site-packages"

RULE = Rule(
    name="test-dirs",
    title="Packages' own tests",
    why="About a tenth of a science stack is test code (torch/test alone has 86 MB of C++ "
    "programs). Most is never imported, and some is: numpy's is, by every import of scipy. So "
    "this is for review, package by package; a blanket `find -name tests -exec rm` is not.",
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
