"""stdlib-extras: parts of the standard library that a service does not import."""

import re
from collections.abc import Iterator
from functools import partial

from imgdiag.facts.claims import Claim
from imgdiag.facts.facts import Facts
from imgdiag.filesystem import Directory, join
from imgdiag.finding import Finding, Safety
from imgdiag.rules._hidden import visible
from imgdiag.rules._shell import removal_in
from imgdiag.rules._visible import visible_findings
from imgdiag.rules.rule import Example, ExampleLayer, Rule, Topic

_EXTRAS = ("test", "idlelib", "ensurepip", "pydoc_data", "turtledemo")
_STDLIB = re.compile(r"(?:^|/)lib/python3\.\d+t?$")


def _check(facts: Facts) -> Iterator[Finding]:
    for path, directory in facts.usage.directories:
        if not _STDLIB.search(path) or "os.py" not in directory.children:
            continue
        extras = [
            join(path, name)
            for name in _EXTRAS
            if isinstance(directory.children.get(name), Directory)
        ]
        names = ", ".join(extra.rpartition("/")[2] for extra in extras)
        yield from visible_findings(
            facts,
            RULE.name,
            extras,
            message=partial(_message, path, names),
            fix=partial(removal_in, facts, where="installs the interpreter"),
            safety=Safety.REVIEW,
        )


def _message(path: str, names: str, claim: Claim) -> str:
    return (
        f"{visible(claim)} of the standard library in /{path} that services rarely import: {names}"
    )


_LIBRARY = "opt/python/lib/python3.11"

RULE = Rule(
    name="stdlib-extras",
    topic=Topic.PYTHON,
    title="Parts of the standard library that a service does not import",
    why="A Python built from source brings its own test suite (119 MB with byte-code), IDLE, "
    "ensurepip and pydoc's data. The official -slim images leave the tests out.",
    fix="Remove them in the `RUN` that installs the interpreter, or choose a base without them. "
    "A virtual environment has none of these folders, so removing them there does nothing.",
    ignore_when="The interpreter comes with a base image that you cannot change. `venv` needs "
    "ensurepip when environments are made in the container.",
    check=_check,
    examples=(
        Example(
            what="an interpreter installed above the base",
            layers=(
                ExampleLayer(created_by="ADD base.tar /", files={"etc/os-release": "ID=debian\n"}),
                ExampleLayer(
                    created_by="RUN /bin/sh -c make install",
                    files={
                        f"{_LIBRARY}/os.py": 40_000,
                        f"{_LIBRARY}/test/test_os.py": 3_000_000,
                        f"{_LIBRARY}/idlelib/idle.py": 200_000,
                    },
                ),
            ),
            finds=(3_200_000,),
        ),
        Example(
            what="a slim interpreter",
            layers=(
                ExampleLayer(created_by="ADD base.tar /", files={f"{_LIBRARY}/os.py": 40_000}),
            ),
            finds=(),
        ),
    ),
)
