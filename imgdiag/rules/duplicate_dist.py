"""duplicate-dist: the same distribution in two environments, one of them not in use."""

import shlex
from collections import defaultdict
from collections.abc import Iterator

from imgdiag.facts.claims import Claim
from imgdiag.facts.facts import Facts
from imgdiag.finding import Finding, Fix, Safety
from imgdiag.python.distributions import Distribution
from imgdiag.python.environments import Environment
from imgdiag.rules._hidden import visible
from imgdiag.rules._shell import appended
from imgdiag.rules._unused import in_use, unused, unused_interpreters
from imgdiag.rules.rule import Example, ExampleLayer, Rule, Topic
from imgdiag.units import counted, format_bytes


def _check(facts: Facts) -> Iterator[Finding]:
    used = {each.path for each in in_use(facts)}
    places = {
        each.name: each.environment.prefix
        for each in facts.distributions
        if each.environment.path in used
    }
    # Where all of an environment can go, multiple-venvs and multiple-pythons say so.
    libraries = tuple(f"{each.library}/" for each in unused_interpreters(facts))
    inside: dict[str, list[Distribution]] = defaultdict(list)
    for each in facts.distributions:
        inside[each.environment.path].append(each)
    for environment in unused(facts):
        if environment.kind in ("venv", "conda") or environment.path.startswith(libraries):
            continue
        found = [each for each in inside[environment.path] if each.name in places]
        claim = facts.claims.distributions(found)
        if not claim.layers:
            continue
        in_base = facts.in_base(claim.layers[0])
        largest = ", ".join(f"{each.name} {format_bytes(each.bytes)}" for each in found[:3])
        others = ", ".join(sorted({f"/{places[each.name]}" for each in found}))
        yield Finding(
            rule=RULE.name,
            safety=Safety.REVIEW,
            message=f"{visible(claim)} in /{environment.path}: "
            f"{counted(len(found), 'package')} that {others} has too, and the image uses that one "
            f"({facts.uses.environments[environment.path].evidence}); the largest: {largest}"
            + ". They came with the base image, where a later layer frees nothing"
            * in_base,
            fix=_fix(facts, claim, environment, found, in_base=in_base),
            claim=claim,
            informational=in_base,
            in_base=in_base,
        )


def _fix(
    facts: Facts,
    claim: Claim,
    environment: Environment,
    found: list[Distribution],
    *,
    in_base: bool,
) -> Fix:
    if in_base:
        return Fix(
            "They come with the base image: only a base without them helps",
            "Dockerfile",
            "FROM <a base without them>",
        )
    programs = [each.path for each in facts.interpreters if each.prefix == environment.prefix]
    python = next((f"/{path}" for path in programs if path and path.isprintable()), "python3")
    names = " ".join(shlex.quote(each.name) for each in found if each.name.isprintable())
    command = f"{shlex.quote(python)} -m pip uninstall --yes {names}"
    layer = claim.layers[0]
    if facts.step(layer).command:
        summary = "Install them once, into the environment in use; or remove them in the same RUN"
        return Fix.of_run(summary, appended(facts, layer, command))
    return Fix(
        "Leave them out of what is copied", "Dockerfile", f"# in the stage before\nRUN {command}"
    )


_SYSTEM = "usr/local/lib/python3.11"


def _torch(site: str) -> dict[str, int | str]:
    info = f"{site}/torch-2.4.1.dist-info"
    return {
        f"{site}/torch/lib.so": 2_000_000,
        f"{info}/METADATA": "Name: torch\nVersion: 2.4.1\n",
        f"{info}/RECORD": "torch/lib.so,,2000000\n",
    }


_LAYERS = (
    ExampleLayer(created_by="ADD base.tar /", files={"etc/os-release": "ID=debian\n"}),
    ExampleLayer(
        created_by="RUN make install",
        files={"usr/local/bin/python3.11": 9, f"{_SYSTEM}/os.py": 40_000},
    ),
    ExampleLayer(created_by="RUN pip install torch", files=_torch(f"{_SYSTEM}/site-packages")),
    ExampleLayer(
        created_by="RUN uv sync",
        files={
            "app/.venv/pyvenv.cfg": "home = /usr/local/bin\n",
            "app/.venv/bin/python": 0,
            **_torch("app/.venv/lib/python3.11/site-packages"),
        },
    ),
)

RULE = Rule(
    name="duplicate-dist",
    topic=Topic.PYTHON,
    title="Packages installed twice, once where the image does not look",
    why="A `pip install` for the system and another into the project's environment ship the "
    "same packages twice; the program imports one copy. Reported only where ENTRYPOINT or CMD "
    "say which.",
    fix="Install into one environment, the one in use. A virtual environment does not see the "
    "system's packages unless its `pyvenv.cfg` says so.",
    ignore_when="Other programs in the container use the system's Python and need the packages.",
    check=_check,
    examples=(
        Example(
            what="torch for the system and in the project's environment",
            layers=_LAYERS,
            command=("/app/.venv/bin/python", "main.py"),
            finds=(2_000_000,),
        ),
        Example(
            what="nothing says which one is used",
            layers=_LAYERS,
            command=("/start.sh",),
            finds=(),
        ),
    ),
)
