"""multiple-pythons: an interpreter beside the one that the image uses."""

import re
from collections import defaultdict
from collections.abc import Iterator

from imgdiag.facts.claims import Claim
from imgdiag.facts.facts import Facts
from imgdiag.filesystem import join
from imgdiag.finding import Finding, Fix, Safety
from imgdiag.python.interpreters import Interpreter
from imgdiag.rules._hidden import visible
from imgdiag.rules._shell import removal_fix
from imgdiag.rules._unused import unused_interpreters
from imgdiag.rules.rule import Example, ExampleLayer, Rule, Topic
from imgdiag.system import apk, conda
from imgdiag.system.package import SystemPackage

_LIBRARY = re.compile(r"(?:.+/)?lib(?:64)?/(?:python|pypy)\d+\.\d+t?(?=/)")
_NAME = re.compile(r"[\w.+-]+")  # of a package: another was made to break out of the line


def _check(facts: Facts) -> Iterator[Finding]:
    running = [
        f"/{each.path or each.library}"
        for each in facts.interpreters
        if facts.uses.interpreters[each.library].in_use
    ]
    unused = unused_interpreters(facts)
    by_library = _packages_by_library(facts) if unused else {}
    for interpreter in unused:
        packages = by_library.get(interpreter.library, [])
        if any(each.manager == conda.MANAGER for each in packages):
            continue  # it goes with its environment, if that does
        paths = [] if packages else _parts(facts, interpreter)
        claim = facts.claims.distributions(packages) if packages else facts.claims.paths(paths)
        if not claim.layers:
            continue
        layer = claim.layers[0]
        in_base = facts.in_base(layer)
        evidence = facts.uses.interpreters[interpreter.library].evidence
        yield Finding(
            rule=RULE.name,
            safety=Safety.REVIEW,
            message=f"{visible(claim)} of Python {interpreter.version} in /{interpreter.library}, "
            f"which the image does not use: {evidence}, with {', '.join(running)}"
            + _brought(packages)
            + ". It came with the base image, where an rm in a later layer frees nothing" * in_base,
            fix=_fix(facts, claim, paths, packages, in_base=in_base),
            claim=claim,
            informational=in_base,
            in_base=in_base,
        )


def _packages_by_library(facts: Facts) -> dict[str, list[SystemPackage]]:
    """Return the system's packages that hold each interpreter or its standard library."""
    programs = {each.path: each.library for each in facts.interpreters if each.path}
    found: dict[str, list[SystemPackage]] = defaultdict(list)
    for package in facts.system_packages:
        libraries = {match[0] for match in map(_LIBRARY.match, package.files) if match}
        libraries |= {programs[path] for path in programs.keys() & package.files.keys()}
        for library in libraries:
            found[library].append(package)
    return found


def _parts(facts: Facts, interpreter: Interpreter) -> list[str]:
    """Return the paths that are the interpreter's alone, whatever else stands in its prefix."""
    name = interpreter.library.rpartition("/")[2]
    wanted = {
        "bin": (name, f"{name}-config"),
        "include": (name,),
        "lib": (name, f"lib{name}.a", f"lib{name}.so", f"lib{name}.so.1.0"),
    }
    return [
        join(interpreter.prefix, f"{folder}/{each}")
        for folder, names in wanted.items()
        for each in names
        if facts.filesystem.find(join(interpreter.prefix, f"{folder}/{each}")) is not None
    ]


def _brought(packages: list[SystemPackage]) -> str:
    if not packages:
        return ""
    return f". It came as {', '.join(each.name for each in packages[:3])} ({packages[0].manager})"


def _fix(
    facts: Facts, claim: Claim, paths: list[str], packages: list[SystemPackage], *, in_base: bool
) -> Fix:
    if in_base:
        return Fix(
            "It comes with the base image: only a base without it helps",
            "Dockerfile",
            "FROM <a base with one Python>",
        )
    if packages:
        names = " ".join(sorted(each.name for each in packages if _NAME.fullmatch(each.name)))
        is_apk = packages[0].manager == apk.MANAGER
        ask = "apk info --rdepends" if is_apk else "apt-cache rdepends --installed"
        install = "apk add --no-cache" if is_apk else "apt-get install -y --no-install-recommends"
        return Fix(
            "Find out what wants it, and install without that",
            "Dockerfile",
            f"# in a container of this image: {ask} {names}\nRUN {install} <without what wants it>",
        )
    return removal_fix(facts, paths, where="installs it")


def _python(prefix: str, version: str, size: int) -> dict[str, int | str]:
    return {
        f"{prefix}/bin/python{version}": 7_000_000,
        f"{prefix}/lib/python{version}/os.py": size,
    }


_BASE = ExampleLayer(created_by="ADD base.tar /", files={"etc/os-release": "ID=debian\n"})

RULE = Rule(
    name="multiple-pythons",
    topic=Topic.PYTHON,
    title="A Python that the image does not use",
    why="A base image with Python, one from the distribution's packages and one from uv or pyenv "
    "have 30 to 250 MB each, and the program that the image starts uses one. Reported only where "
    "ENTRYPOINT or CMD say which.",
    fix="Choose a base without Python where uv or pyenv brings one, or use the base's own "
    "(`uv sync --no-managed-python`). Leave out the package that brings the distribution's.",
    ignore_when="Scripts of the system's own packages need it, or other programs are started in "
    "the container.",
    check=_check,
    examples=(
        Example(
            what="a managed Python beside the one that CMD starts",
            layers=(
                _BASE,
                ExampleLayer(
                    created_by="RUN make install", files=_python("usr/local", "3.12", 10**6)
                ),
                ExampleLayer(
                    created_by="RUN uv python install 3.11",
                    files=_python(
                        "root/.local/share/uv/python/cpython-3.11.9-linux-x86_64-gnu",
                        "3.11",
                        40_000_000,
                    ),
                ),
            ),
            command=("/usr/local/bin/python3.12", "app.py"),
            finds=(47_000_000,),
        ),
        Example(
            what="one Python",
            layers=(
                _BASE,
                ExampleLayer(
                    created_by="RUN make install", files=_python("usr/local", "3.12", 10**6)
                ),
            ),
            command=("/usr/local/bin/python3.12", "app.py"),
            finds=(),
        ),
    ),
)
