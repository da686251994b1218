"""pyc-opt-levels: byte-code of optimisation levels that the image does not run at."""

from collections.abc import Iterator

from imgdiag.facts.facts import Facts
from imgdiag.finding import Finding, Safety
from imgdiag.rules._commands import common_folder
from imgdiag.rules._hidden import files, visible
from imgdiag.rules._shell import command_fix
from imgdiag.rules._visible import visible_findings
from imgdiag.rules.rule import Example, ExampleLayer, Rule, Topic


def _check(facts: Facts) -> Iterator[Finding]:
    paths = facts.byte_code.optimised
    folder = common_folder(paths)
    return visible_findings(
        facts,
        RULE.name,
        paths,
        message=lambda claim: (
            f"{visible(claim)} of byte-code for `python -O` and `-OO` in {files(claim)} "
            f"below {folder}; the image sets no PYTHONOPTIMIZE"
        ),
        fix=lambda layer, some: command_fix(
            facts, layer, f"find {folder} -name '*.opt-?.pyc' -delete", where="compiles them"
        ),
        safety=Safety.SAFE,
    )


_LIBRARY = "opt/python/lib/python3.11"

RULE = Rule(
    name="pyc-opt-levels",
    topic=Topic.PYTHON,
    title="Byte-code of optimisation levels that are not in use",
    why="`make install` of a Python built from source compiles the standard library three times: "
    "plain, for `-O` and for `-OO` (97 MB). Only an interpreter started with these flags, or with "
    "`PYTHONOPTIMIZE`, reads the other two; without them it would compile anew, and no more.",
    fix="Remove `*.opt-1.pyc` and `*.opt-2.pyc` in the `RUN` that compiles them.",
    ignore_when="A script in the image starts Python with `-O`; `PYTHONOPTIMIZE`, `ENTRYPOINT` "
    "and `CMD` are looked at.",
    check=_check,
    examples=(
        Example(
            what="a standard library compiled at all levels",
            layers=(
                ExampleLayer(
                    created_by="RUN /bin/sh -c make install",
                    files={
                        f"{_LIBRARY}/os.py": 40_000,
                        f"{_LIBRARY}/__pycache__/os.cpython-311.pyc": 50_000,
                        f"{_LIBRARY}/__pycache__/os.cpython-311.opt-1.pyc": 49_000,
                        f"{_LIBRARY}/__pycache__/os.cpython-311.opt-2.pyc": 40_000,
                    },
                ),
            ),
            finds=(89_000,),
        ),
        Example(
            what="a service that runs optimised",
            layers=(
                ExampleLayer(
                    created_by="RUN /bin/sh -c python -O -m compileall .",
                    files={
                        "usr/bin/python3.11": 6_000_000,
                        "app/a.py": 900,
                        "app/__pycache__/a.cpython-311.opt-1.pyc": 1_200,
                    },
                ),
            ),
            environment={"PYTHONOPTIMIZE": "1"},
            finds=(),
        ),
    ),
)
