"""full-base-image: an official image with all that builds, where its slim form would do."""

import re
from collections.abc import Iterator

from imgdiag.facts.facts import Facts
from imgdiag.filesystem import File
from imgdiag.finding import Finding, Fix, Safety
from imgdiag.rules._debian import debian, packages
from imgdiag.rules._hidden import largest, visible
from imgdiag.rules.rule import Example, ExampleLayer, Rule, Topic
from imgdiag.system.package import text_of

# What buildpack-deps installs, and hardly anybody else all of it.
_SIGNS = frozenset(
    ("default-libmysqlclient-dev", "imagemagick", "libdb-dev", "libmagickcore-dev",
     "libmagickwand-dev", "libpq-dev", "mercurial", "openssh-client", "subversion", "unzip")
)  # fmt: skip
_ENOUGH = 6
# The slim images install these too, or the libraries that Python itself is linked with.
_SLIM = re.compile(
    r"ca-certificates|netbase|tzdata|openssl|lib(?:ssl|expat|sqlite3-|ffi|readline|bz2-|lzma|uuid"
    r"|ncursesw|tinfo|gdbm|db|nsl|tirpc|zstd|gcc-s|stdc\+\+|crypt)\d.*|readline-common|zlib1g"
    r"|libgdbm-compat\d|libtirpc-common"
)


def _check(facts: Facts) -> Iterator[Finding]:
    names = {each.name for each in facts.system_packages}
    version = facts.config.environment.get("PYTHON_VERSION", "")
    if not version or len(_SIGNS & names) < _ENOUGH or not facts.base_layers:
        return
    first = min(facts.base_layers)
    found = [
        each
        for each in packages(facts, lambda name: not _SLIM.fullmatch(name))
        # The lowest layer is Debian's own, which the slim image has as well.
        if any(
            first < file.layer and file.layer in facts.base_layers for file in each.files.values()
        )
    ]
    _, claim = facts.claims.parts(
        path for each in found for path, file in each.files.items() if first < file.layer
    )
    if not claim.layer_bytes:
        return
    tag = (
        f"{version}-slim{_codename(facts)}"
        if re.fullmatch(r"[\w.]+", version)
        else "<version>-slim"
    )
    yield Finding(
        rule=RULE.name,
        safety=Safety.REVIEW,
        message=f"the base is the full image of Python {version}: {visible(claim)} in "
        f"{len(found)} packages that its slim form does not have, such as {largest(found, 4)}",
        fix=Fix(
            "Take the slim form of the base image; what needs a compiler goes into a build stage",
            "Dockerfile",
            f"# in place of python:{version if '<' not in tag else '<version>'}\nFROM python:{tag}",
        ),
        claim=claim,
        estimate="the slim image has a few of these libraries too",
    )


def _codename(facts: Facts) -> str:
    release = facts.filesystem.find("etc/os-release") or facts.filesystem.find("usr/lib/os-release")
    text = text_of(release if isinstance(release, File) else None)
    match = re.search(r"^VERSION_CODENAME=\"?([a-z]+)\"?$", text, re.MULTILINE)
    return f"-{match[1]}" if match else ""


_FULL = debian({name: {f"usr/share/{name}/a": 30_000_000} for name in sorted(_SIGNS)})
_ROOT = "/bin/sh -c #(nop) ADD file:" + "a" * 64 + " in / "

RULE = Rule(
    name="full-base-image",
    title="A full base image where the slim one would do",
    why="`python:3.12` is built on buildpack-deps: compilers, headers of fifty libraries, "
    "ImageMagick, Mercurial and Subversion, 800 MB in all, so that nearly everything can be built "
    "in it. `python:3.12-slim` has the same Python.",
    fix="`FROM python:…-slim`, and a build stage on the full image for what must be compiled.",
    ignore_when="The service runs programs of the full image, or uses tkinter.",
    topic=Topic.SYSTEM,
    check=_check,
    examples=(
        Example(
            what="a service on the full image of Python",
            layers=(
                ExampleLayer(created_by=_ROOT, files={"etc/os-release": "VERSION_CODENAME=trixie"}),
                ExampleLayer(created_by="RUN /bin/sh -c apt-get install -y …", files=_FULL),
                ExampleLayer(created_by='CMD ["python3"]'),
                ExampleLayer(created_by="COPY . .", files={"app/main.py": 500}),
            ),
            environment={"PYTHON_VERSION": "3.12.4"},
            finds=(300_000_000,),
        ),
        Example(
            what="a service on the slim image",
            layers=(
                ExampleLayer(created_by=_ROOT, files={"etc/os-release": "VERSION_CODENAME=trixie"}),
                ExampleLayer(created_by="COPY . .", files={"app/main.py": 500}),
            ),
            environment={"PYTHON_VERSION": "3.12.4"},
            finds=(),
        ),
    ),
)
