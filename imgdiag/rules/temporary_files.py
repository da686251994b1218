"""temporary-files: what a build left in /tmp."""

from collections.abc import Iterator
from functools import partial

from imgdiag.facts.facts import Facts
from imgdiag.filesystem import Directory, join
from imgdiag.finding import Finding, Safety
from imgdiag.rules._hidden import visible
from imgdiag.rules._programs import is_named
from imgdiag.rules._shell import removal_in
from imgdiag.rules._visible import visible_findings
from imgdiag.rules.extracted_archive import unpacked
from imgdiag.rules.rule import Example, ExampleLayer, Rule, Topic

_FOLDERS = ("tmp", "var/tmp")


def _check(facts: Facts) -> Iterator[Finding]:
    others = {path for paths in unpacked(facts).values() for path in paths}
    paths = []
    for folder in _FOLDERS:
        directory = facts.filesystem.find(folder)
        for name in directory.children if isinstance(directory, Directory) else ():
            path = join(folder, name)
            if path not in others and not is_named(facts, path):
                paths.append(path)
    yield from visible_findings(
        facts,
        RULE.name,
        paths,
        message=lambda claim: (
            f"{visible(claim)} of a build's temporary files, such as /{claim.largest(1)[0][0]}"
        ),
        fix=partial(removal_in, facts, where="leaves them"),
        safety=Safety.REVIEW,
    )


RULE = Rule(
    name="temporary-files",
    topic=Topic.LAYERS,
    title="What the build left in `/tmp`",
    why="Installers, compilers and downloads leave files in `/tmp` and `/var/tmp`. Nothing that "
    "starts later knows of them, and where the container gets a fresh `/tmp` it does not even see "
    "them.",
    fix="Remove them in the `RUN` that leaves them, or give it a `/tmp` that is in no layer: "
    "`RUN --mount=type=tmpfs,target=/tmp`.",
    ignore_when="The service looks for something there. What a variable, `WORKDIR`, `ENTRYPOINT` "
    "or `CMD` names is not reported.",
    check=_check,
    examples=(
        Example(
            what="an installer that was downloaded to /tmp",
            layers=(
                ExampleLayer(
                    created_by="RUN /bin/sh -c curl -o /tmp/setup.sh https://x && sh /tmp/setup.sh",
                    files={"tmp/setup.sh": 4_000_000, "opt/tool": 9_000_000},
                ),
            ),
            finds=(4_000_000,),
        ),
        Example(
            what="a folder that a variable names",
            layers=(
                ExampleLayer(created_by="RUN warm-up", files={"tmp/kernels/a.bin": 4_000_000}),
            ),
            environment={"CUDA_CACHE_PATH": "/tmp/kernels"},  # noqa: S108 - a path of an image
            finds=(),
        ),
    ),
)
