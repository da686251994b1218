"""installer-leftover: pip and its like in an environment that is installed."""

import shlex
from collections.abc import Iterator
from functools import partial

from imgdiag.facts.claims import Claim
from imgdiag.facts.facts import Facts
from imgdiag.finding import Finding, Fix, Safety
from imgdiag.python.distributions import Distribution
from imgdiag.python.environments import Environment
from imgdiag.python.root import Origin
from imgdiag.rules._hidden import visible
from imgdiag.rules._installed import installed
from imgdiag.rules._programs import command_words
from imgdiag.rules._shell import command_fix
from imgdiag.rules._visible import visible_findings
from imgdiag.rules.rule import Example, ExampleLayer, Rule, Topic
from imgdiag.units import format_bytes

_INSTALLERS = frozenset(
    ("pip", "setuptools", "wheel", "uv", "poetry", "pdm", "pipenv", "pipx", "virtualenv", "hatch")
)


def _check(facts: Facts) -> Iterator[Finding]:
    used = set(command_words(facts))
    for environment in facts.environments:
        # conda is itself Python, and a distribution's packages go by its own manager.
        if environment.kind == "conda" or environment.path.endswith("/dist-packages"):
            continue
        graph = facts.graphs[environment.path]
        # What the project itself lists it has a reason to: pkg_resources, most often.
        used |= {root.name for root in graph.roots if root.origin is Origin.PROJECT}
        installers = (_INSTALLERS & graph.requires.keys()) - used
        needed = graph.reach(root for root in graph.roots if root.name not in installers)
        gone = [each for each in facts.installed_in(environment) if each.name not in needed]
        found = sorted(each.name for each in gone if each.name in installers)
        if not found or len(gone) == len(graph.requires):  # an environment of the installer's own
            continue
        yield from visible_findings(
            facts,
            RULE.name,
            [path for each in gone for path in each.files],
            message=partial(_message, environment, gone),
            fix=partial(_fix, facts, environment, [each.name for each in gone]),
            safety=Safety.REVIEW,
        )


def _message(environment: Environment, gone: list[Distribution], claim: Claim) -> str:
    sizes = ", ".join(f"{each.name} {format_bytes(each.bytes)}" for each in gone[:4])
    return (
        f"{visible(claim)} of installers in /{environment.prefix} that nothing there requires: "
        f"{sizes}{' …' * (len(gone) > 4)}"
    )


def _fix(
    facts: Facts, environment: Environment, names: list[str], layer: int, paths: list[str]
) -> Fix:
    version = environment.python_version
    python = (
        f"/{environment.prefix}/bin/python"
        if environment.kind == "venv"
        else f"python{version or '3'}"
    )
    words = " ".join(shlex.quote(name) for name in sorted(names))
    return command_fix(
        facts,
        layer,
        f"{shlex.quote(python)} -m pip uninstall --yes {words}",
        where="installs with them",
    )


RULE = Rule(
    name="installer-leftover",
    topic=Topic.PYTHON,
    title="pip, setuptools and wheel after the install",
    why="`python -m venv` puts pip (and before Python 3.12 setuptools) into each environment: 10 "
    "to 20 MB with byte-code, and code that scanners report vulnerabilities of. Once everything is "
    "installed nothing runs it. Kept where an installed package requires it: torch 2.13 and newer "
    "require setuptools.",
    fix="`python -m venv --without-pip` and `pip --python .venv/bin/python install …` from "
    "outside, `uv` as a mount, or `pip uninstall` at the end of the same `RUN`.",
    ignore_when="The container installs packages as it runs; or a package imports `pkg_resources` "
    "(of setuptools) without saying so, as some old ones do; or torch.compile is used.",
    check=_check,
    examples=(
        Example(
            what="pip in an environment beside the service's packages",
            layers=(
                ExampleLayer(
                    created_by="RUN /bin/sh -c python -m venv .venv && .venv/bin/pip install flask",
                    files={
                        **installed("pip", "24.0", {"pip/__init__.py": 9_000_000}),
                        **installed("flask", "3.0", {"flask/__init__.py": 300_000}),
                    },
                ),
            ),
            finds=(9_000_000,),
        ),
        Example(
            what="setuptools that a package requires",
            layers=(
                ExampleLayer(
                    created_by="RUN /bin/sh -c uv sync",
                    files={
                        **installed("setuptools", "80.0", {"setuptools/a.py": 9_000_000}),
                        **installed("torch", "2.13.0", {"torch/a.py": 300_000}, ["setuptools"]),
                    },
                ),
            ),
            finds=(),
        ),
    ),
)
