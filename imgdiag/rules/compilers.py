"""compilers: compilers, headers and build tools of the system in the image that runs."""

import re
from collections.abc import Iterator
from functools import partial

from imgdiag.facts.claims import Claim
from imgdiag.facts.facts import Facts
from imgdiag.finding import Finding, Fix, Safety
from imgdiag.rules._debian import debian, packages
from imgdiag.rules._hidden import largest, visible
from imgdiag.rules._visible import visible_findings
from imgdiag.rules.rule import Example, ExampleLayer, Rule, Topic
from imgdiag.system.package import SystemPackage

_TOOL = re.compile(
    r"(?:gcc|g\+\+|cpp|gfortran|gobjc|gccgo|gnat|clang|clang-tools|llvm|lld|rustc|cargo|golang|ghc"
    r"|binutils|automake|autoconf|libtool|make|cmake|ninja-build|meson|bison|flex|swig|nasm|yasm"
    r"|patch|dpkg-dev|fakeroot|build-essential|build-base|pkg-config|pkgconf|pkgconf-bin|m4"
    r"|autotools-dev|libdpkg-perl|libfile-fcntllock-perl|linux-headers|samurai|fortify-headers"
    r"|libc-dev-bin|rpcsvc-proto)"
    r"(?:-?\d[\w.]*)?(?:-(?:x86-64|aarch64|i686|arm)[\w-]*|-data|-common|-base|-src)?"
    r"|.+-dev"
)
# Libraries that nothing but a compiler or linker loads. Others, such as libgomp1 and libpq5, may
# be what an extension needs when it runs, and stay.
_OF_COMPILERS = re.compile(
    r"lib(?:isl|mpc|mpfr|cc1|ctf|ctf-nobfd|binutils|asan|tsan|ubsan|lsan|hwasan|itm|gprofng"
    r"|sframe|jansson|cp1plugin|crypt-dev|rhash|uv|jsoncpp|archive)[\w.-]*"
)


def _check(facts: Facts) -> Iterator[Finding]:
    gone = _gone(facts)
    found = packages(facts, gone.__contains__)
    if not any(_TOOL.fullmatch(each.name) for each in found):
        return
    yield from visible_findings(
        facts,
        RULE.name,
        [path for each in found for path in each.files],
        message=partial(_message, facts, found),
        fix=partial(_fix, facts),
        safety=Safety.REVIEW,
        also_base=False,
    )


def _gone(facts: Facts) -> frozenset[str]:
    """Return the tools that nothing else requires, and the libraries that only they do."""
    installed = {each.name for each in facts.system_packages}
    gone = {name for name in installed if _TOOL.fullmatch(name)}
    libraries = {name for name in installed - gone if _OF_COMPILERS.fullmatch(name)}
    required_by = facts.debian.required_by(gone | libraries)
    # A round looks at those whose requirers the last one took out or put in.
    looked_at = gone | libraries
    while looked_at:
        kept = {name for name in gone & looked_at if not required_by[name] <= gone}
        added = {
            name
            for name in libraries & looked_at
            if (by := required_by[name]) and by <= gone and by.isdisjoint(kept)
        }
        gone -= kept
        gone |= added
        libraries -= added
        requires = (facts.debian.requires.get(name, frozenset()) for name in kept | added)
        looked_at = set().union(*requires) & required_by.keys()
    return frozenset(gone)


def _message(facts: Facts, found: list[SystemPackage], claim: Claim) -> str:
    compiles = sorted({each.name for each in facts.distributions if each.name in _COMPILE})
    text = (
        f"{visible(claim)} of compilers, headers and build tools ({largest(found, 4)}): of use to "
        "build, and to nobody who runs the result"
    )
    if compiles:
        text += f"; but {', '.join(compiles)} may compile as the service runs"
    return text


_COMPILE = frozenset(("httpstan", "numba-cuda", "pystan", "pytensor", "triton"))


def _fix(facts: Facts, layer: int, paths: list[str]) -> Fix:
    installs = facts.step(layer).command or "<the installs that need a compiler>"
    environment = next((each for each in facts.environments if each.kind == "venv"), None)
    if environment is not None and environment.prefix.isprintable():
        place = f"/{environment.prefix}"
        return Fix(
            "Build in a stage of its own, and copy the environment alone",
            "Dockerfile",
            f"FROM <your base> AS build\nRUN {installs}\n# the RUNs that make {place}\n\n"
            f"FROM <your base>\nCOPY --from=build {place} {place}",
        )
    return Fix(
        "Build wheels in a stage of its own, and install them without a compiler",
        "Dockerfile",
        f"FROM <your base> AS build\nRUN {installs}\nCOPY requirements.txt .\n"
        "RUN pip wheel --wheel-dir /wheels -r requirements.txt\n\nFROM <your base>\n"
        "# here what the service itself needs of that RUN, libraries such as libpq5 too\n"
        "RUN --mount=type=bind,from=build,source=/wheels,target=/wheels \\\n"
        "    pip install --no-cache-dir /wheels/*.whl",
    )


RULE = Rule(
    name="compilers",
    title="Compilers and headers of the system",
    why="`build-essential` and a few `-dev` packages are 300 MB that an install from source needs "
    "once. Most packages come as wheels and need none of it. In a running container they also help "
    "whoever breaks in. Tools that another package requires stay, and so do libraries that an "
    "extension may load (libgomp1, libpq5 …).",
    fix="Build in a stage of its own and copy the environment, or wheels, into the last one. "
    "Removing the packages in the same `RUN` does as well.",
    ignore_when="Code is compiled as the service runs: torch.compile and triton call a C compiler.",
    topic=Topic.SYSTEM,
    check=_check,
    examples=(
        Example(
            what="build-essential for an install from source, and a library that runs with it",
            layers=(
                ExampleLayer(
                    created_by="RUN /bin/sh -c apt-get install -y build-essential libpq-dev",
                    files=debian(
                        {
                            "build-essential": {"usr/share/build-essential/list": 10_000},
                            "gcc-12": {"usr/lib/gcc/x86_64-linux-gnu/12/cc1": 60_000_000},
                            "libisl23": {"usr/lib/libisl.so.23": 2_000_000},
                            "libpq-dev": {"usr/include/libpq-fe.h": 600_000},
                            "libpq5": {"usr/lib/libpq.so.5": 400_000},
                        },
                        {
                            "build-essential": "Depends: gcc-12",
                            "gcc-12": "Depends: libisl23",
                            "libpq-dev": "Depends: libpq5",
                        },
                    ),
                ),
            ),
            finds=(62_610_000,),
        ),
        Example(
            what="make, which another package requires",
            layers=(
                ExampleLayer(
                    created_by="RUN /bin/sh -c apt-get install -y openssl-tools",
                    files=debian(
                        {
                            "openssl-tools": {"usr/bin/tool": 10_000},
                            "make": {"usr/bin/make": 1_500_000},
                        },
                        {"openssl-tools": "Depends: make"},
                    ),
                ),
            ),
            finds=(),
        ),
    ),
)
