"""debug-symbols: what debuggers read."""

from collections.abc import Iterator
from functools import partial

from imgdiag.facts.facts import Facts
from imgdiag.finding import Finding, Safety
from imgdiag.rules._hidden import visible
from imgdiag.rules._programs import program
from imgdiag.rules._shell import removal_in
from imgdiag.rules._visible import visible_findings
from imgdiag.rules.rule import Example, ExampleLayer, Rule, Topic

_SUFFIXES = (".dwo", ".dwp", ".dbg")


def _check(facts: Facts) -> Iterator[Finding]:
    folders = [
        path for path, _ in facts.usage.named.get("debug", ()) if f"/{path}" == "/usr/lib/debug"
    ]
    files = [
        path
        for path, _ in facts.large_files
        if path.endswith(_SUFFIXES) or (path.endswith(".debug") and "/.debug/" in path)
    ]
    reader = program(facts, "gdb", "lldb", "valgrind", "perf")
    return visible_findings(
        facts,
        RULE.name,
        [*folders, *files],
        message=lambda claim: (
            f"{visible(claim)} of debug symbols, such as /{claim.largest(1)[0][0]}; "
            + (f"/{reader} reads them" if reader else "no debugger in the image reads them")
        ),
        fix=partial(removal_in, facts, where="installs them"),
        safety=Safety.REVIEW if reader else Safety.SAFE,
    )


RULE = Rule(
    name="debug-symbols",
    topic=Topic.SYSTEM,
    title="Debug symbols",
    why="Packages whose names end in -dbg and -dbgsym, and builds with separate debug information, "
    "bring files that only a debugger opens, often larger than the programs they belong to.",
    fix="Leave the -dbg packages out; keep symbols where you debug, not where you serve.",
    ignore_when="You debug in this very image; where gdb, lldb, valgrind or perf is installed it "
    "is for review.",
    check=_check,
    examples=(
        Example(
            what="libc6-dbg without a debugger",
            layers=(
                ExampleLayer(
                    created_by="RUN /bin/sh -c apt-get install -y libc6-dbg",
                    files={"usr/lib/debug/.build-id/ab/cdef.debug": 7_000_000},
                ),
            ),
            finds=(7_000_000,),
        ),
        Example(
            what="a folder of that name elsewhere",
            layers=(ExampleLayer(created_by="COPY . .", files={"app/debug/a.py": 3_000}),),
            finds=(),
        ),
    ),
)
