"""extracted-archive: an archive that the build unpacked or installed, and kept."""

from collections import defaultdict
from collections.abc import Iterator
from functools import partial

from imgdiag.facts.claims import Claim
from imgdiag.facts.facts import Facts
from imgdiag.filesystem import Directory
from imgdiag.finding import Finding, Fix, Safety
from imgdiag.rules._archives import (
    INSTALLED,
    SUFFIXES,
    consumer,
    unpacked_in_one_run,
    with_bind_mount,
)
from imgdiag.rules._hidden import layer_name, visible
from imgdiag.rules._programs import is_named
from imgdiag.rules._shell import removal, removal_in
from imgdiag.rules._visible import visible_findings
from imgdiag.rules.rule import Example, ExampleLayer, Rule, Topic
from imgdiag.text import shortened

# Other rules' folders, and those of packages, which may read their own archives.
_ELSEWHERE = ("site-packages/", "dist-packages/", "cache/", "/pkgs/", "/lib/", "/share/")


def unpacked(facts: Facts) -> dict[tuple[int, int | None], list[str]]:
    """Return archives by the layer that holds them and the one whose RUN unpacks them.

    That is None for those that only stand beside a folder of their name in the same layer.
    """
    found: dict[tuple[int, int | None], list[str]] = defaultdict(list)
    for path, file in facts.large_files:
        if not path.endswith(SUFFIXES) or any(each in f"/{path}" for each in _ELSEWHERE):
            continue
        used_in = consumer(facts, path, file.layer)
        if used_in is not None or _beside_its_content(facts, path, file.layer):
            found[file.layer, used_in].append(path)
    return found


def _beside_its_content(facts: Facts, path: str, layer: int) -> bool:
    suffix = next(each for each in sorted(SUFFIXES, key=len)[::-1] if path.endswith(each))
    content = facts.filesystem.find(path.removesuffix(suffix))
    return isinstance(content, Directory) and content.layer == layer and bool(content.children)


def _check(facts: Facts) -> Iterator[Finding]:
    for (_, used_in), paths in unpacked(facts).items():
        safe = used_in is not None and all(
            path.endswith(INSTALLED) or path.startswith(("tmp/", "var/tmp/")) for path in paths
        )
        # Such as in PIP_FIND_LINKS.
        safe = safe and not any(is_named(facts, path.rpartition("/")[0]) for path in paths)
        yield from visible_findings(
            facts,
            RULE.name,
            paths,
            message=partial(_message, facts, paths, used_in),
            fix=partial(_fix, facts, used_in),
            safety=Safety.SAFE if safe else Safety.REVIEW,
        )


def _message(facts: Facts, paths: list[str], used_in: int | None, claim: Claim) -> str:
    some = f"/{paths[0]}" + f" and {len(paths) - 1} more" * (len(paths) > 1)
    if used_in is None:
        return f"{visible(claim)} in {some}, beside a folder of the same name: its content"
    return f"{visible(claim)} in {some}, unpacked or installed by {layer_name(facts, used_in)}"


def _fix(facts: Facts, used_in: int | None, layer: int, paths: list[str]) -> Fix:
    maker = facts.step(layer)
    if used_in is None:
        return removal_in(facts, layer, paths, where="unpacks them")
    if maker.is_copy:
        drop = shortened(maker.instruction, 60)
        return Fix.of_run(
            f"Mount it where it is used, and drop '{drop}'"
            if len(paths) == 1
            else f"Mount them where they are used, and drop '{drop}'",
            with_bind_mount(facts, layer, used_in, paths),
        )
    if maker.command:
        drop = f", and drop '{shortened(facts.step(used_in).instruction, 60)}'"
        return Fix.of_run(
            "Remove it in the RUN that brings it" + drop * (used_in != layer),
            unpacked_in_one_run(facts, layer, used_in, removal(paths)),
        )
    return removal_in(facts, layer, paths, where="brings them")


RULE = Rule(
    name="extracted-archive",
    topic=Topic.LAYERS,
    title="Archives kept after they were unpacked or installed",
    why="`COPY app.tar.gz .` and then `RUN tar xf app.tar.gz` ships the application twice, "
    "compressed and unpacked; so do wheels copied to be installed. Known by the `RUN` that names "
    "the archive, or by a folder of its name beside it.",
    fix="Mount it for the `RUN` that needs it (`RUN --mount=type=bind,source=…,target=…`), unpack "
    "a download through a pipe (`curl … | tar xz`), or remove it in the same `RUN`. `ADD` unpacks "
    "a local tar by itself.",
    ignore_when="The service reads the archive itself. It is called safe only for packages that "
    "were installed and for archives in /tmp.",
    check=_check,
    examples=(
        Example(
            what="wheels copied from the build stage and installed",
            layers=(
                ExampleLayer(
                    created_by="COPY /wheels /wheels # buildkit",
                    files={
                        "wheels/numpy-2.0-cp311-none-any.whl": 18_000_000,
                        "wheels/scipy-1.0-cp311-none-any.whl": 37_000_000,
                    },
                ),
                ExampleLayer(
                    created_by="RUN /bin/sh -c pip install /wheels/*.whl # buildkit",
                    files={"usr/lib/python3.11/site-packages/numpy/a.so": 60_000_000},
                ),
            ),
            finds=(55_000_000,),
        ),
        Example(
            what="a download that nothing unpacked",
            layers=(
                ExampleLayer(
                    created_by="RUN /bin/sh -c curl -O https://example.org/model.tar.gz",
                    files={"srv/model.tar.gz": 9_000_000},
                ),
            ),
            finds=(),
        ),
    ),
)
