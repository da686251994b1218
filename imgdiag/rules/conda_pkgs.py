"""conda-pkgs: conda's package cache beside the environments made from it."""

from collections.abc import Iterator

from imgdiag.facts.facts import Facts
from imgdiag.filesystem import Directory
from imgdiag.finding import Finding, Fix
from imgdiag.rules._caches import cache_finding, folders
from imgdiag.rules._shell import appended
from imgdiag.rules.rule import Example, ExampleLayer, Rule, Topic


def _check(facts: Facts) -> Iterator[Finding]:
    caches = [
        path
        for path, _ in facts.usage.named.get("pkgs", ())
        if isinstance(facts.filesystem.find(f"{path.removesuffix('pkgs')}conda-meta"), Directory)
    ]
    caches += folders(facts, ".cache/rattler/cache/pkgs")  # pixi's
    return cache_finding(
        facts,
        rule=RULE.name,
        what="conda's package cache (files that environments share by hard links not counted)",
        paths=caches,
        fix=_fix,
    )


def _fix(facts: Facts, layer: int, path: str) -> Fix:
    return Fix.of_run(
        "Clean up in the RUN that installs",
        appended(facts, layer, "conda clean --all --force-pkgs-dirs --yes"),
    )


RULE = Rule(
    name="conda-pkgs",
    topic=Topic.CACHES,
    title="conda's package cache",
    why="conda keeps each archive it downloads and each package unpacked in `pkgs/`; "
    "environments link to it where they can. The archives, and what is not linked, are shipped "
    "for nothing.",
    fix="`conda clean -afy` (or `mamba`, `micromamba`) at the end of the same `RUN`.",
    ignore_when="The container itself makes environments with conda.",
    check=_check,
    examples=(
        Example(
            what="a downloaded archive and an unpacked file that the environment links",
            layers=(
                ExampleLayer(
                    created_by="RUN /bin/sh -c conda install -y numpy",
                    files={
                        "opt/conda/conda-meta/history": 10,
                        "opt/conda/pkgs/numpy-2.0.conda": 7_000_000,
                        "opt/conda/pkgs/numpy-2.0/lib/a.so": 90,
                    },
                    links={"opt/conda/lib/a.so": "opt/conda/pkgs/numpy-2.0/lib/a.so"},
                ),
            ),
            finds=(7_000_000,),
        ),
        Example(
            what="a project's folder named pkgs",
            layers=(ExampleLayer(created_by="COPY . .", files={"app/pkgs/a": 5}),),
            finds=(),
        ),
    ),
)
