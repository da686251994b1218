"""dist-info-deletion: packages whose metadata was cleaned away."""

import re
from collections.abc import Iterator

from imgdiag.facts.facts import Facts
from imgdiag.filesystem import Cause, Hidden
from imgdiag.finding import Finding, Fix, Safety
from imgdiag.rules._hidden import layer_name
from imgdiag.rules._history import runs
from imgdiag.rules.rule import Example, ExampleLayer, Rule, Topic
from imgdiag.units import counted

_METADATA = re.compile(r"([^/]+?)-[^/-]+\.(?:dist|egg)-info/(?:METADATA|PKG-INFO)$")
_DELETES = re.compile(
    r"-i?name\s+\\?['\"]?\*\.?(?:dist|egg)-info\b(?=[^;&|]*(?:-delete|-exec\s+rm))"
    r"|\brm\s+-\S+\s[^;&|]*\.(?:dist|egg)-info\b"
)


def _check(facts: Facts) -> Iterator[Finding]:
    deleted: dict[int, list[str]] = {}
    for (cause, _, hidden_in), group in facts.hidden_groups.items():
        if cause is Cause.DELETED:
            names = [name for each in group if (name := _orphaned(facts, each))]
            deleted.setdefault(hidden_in, []).extend(names)
    for layer, names in sorted(deleted.items()):
        if names:
            some = ", ".join(sorted(names)[:4]) + " …" * (len(names) > 4)
            count = f"the metadata of {counted(len(names), 'package')}"
            yield _finding(facts, layer, f"{count} ({some}), whose code stays")
    for layer, command in runs(facts):
        if not deleted.get(layer) and _DELETES.search(command):
            yield _finding(facts, layer, "packages' metadata (*.dist-info)")


def _orphaned(facts: Facts, hidden: Hidden) -> str:
    """Return the package whose metadata this was, "" when its code went with it or was renewed."""
    match = (
        _METADATA.search(hidden.path) if hidden.path.endswith(("METADATA", "PKG-INFO")) else None
    )
    if match is None:
        return ""
    site = hidden.path[: match.start()].rstrip("/")
    name = match[1].lower().replace("-", "_")
    if any(
        each.environment.path == site and each.name.replace("-", "_") == name
        for each in facts.distributions
    ):
        return ""
    module = facts.filesystem.find(f"{site}/{match[1]}") or facts.filesystem.find(f"{site}/{name}")
    return match[1] if module is not None else ""


def _finding(facts: Facts, layer: int, what: str) -> Finding:
    return Finding(
        rule=RULE.name,
        safety=Safety.RISKY,
        message=f"{layer_name(facts, layer)} deletes {what}: entry points, plugins and "
        "importlib.metadata find nothing, which transformers, plotly and xarray ask as they are "
        "imported; and nobody can tell any more which versions are inside",
        fix=Fix(
            "Leave the metadata out of the clean-up",
            "Dockerfile",
            f"# without *.dist-info and *.egg-info\n{facts.instruction(layer)}",
        ),
        claim=facts.claims.nothing(layer),
        informational=True,
        hazard=True,
    )


_SITE = "app/lib/python3.11/site-packages"

RULE = Rule(
    name="dist-info-deletion",
    topic=Topic.PYTHON,
    title="Packages' metadata that was deleted",
    why="Without its `*.dist-info` a package has no version and no entry points: of 243 packages "
    "17 then failed to import (transformers, plotly, xarray, duckdb …). Scanners for known "
    "vulnerabilities find nothing either, and say that all is well. It saves 12 MB of 3 GB.",
    fix="Take `*.dist-info` out of the clean-up.",
    ignore_when="Never.",
    check=_check,
    examples=(
        Example(
            what="a clean-up of all metadata",
            layers=(
                ExampleLayer(
                    created_by="RUN /bin/sh -c pip install plotly",
                    files={
                        f"{_SITE}/plotly/__init__.py": 4_000,
                        f"{_SITE}/plotly-6.0.dist-info/METADATA": "Name: plotly\n",
                    },
                ),
                ExampleLayer(
                    created_by="RUN /bin/sh -c rm -rf /app/lib/python3.*/site-packages/*.dist-info",
                    deletes=(f"{_SITE}/plotly-6.0.dist-info",),
                ),
            ),
            finds=(0,),
        ),
        Example(
            what="an upgrade, which replaces it",
            layers=(
                ExampleLayer(
                    created_by="RUN /bin/sh -c pip install plotly==5.0",
                    files={
                        f"{_SITE}/plotly/__init__.py": 4_000,
                        f"{_SITE}/plotly-5.0.dist-info/METADATA": "Name: plotly\n",
                    },
                ),
                ExampleLayer(
                    created_by="RUN /bin/sh -c pip install plotly==6.0",
                    files={
                        f"{_SITE}/plotly/__init__.py": 5_000,
                        f"{_SITE}/plotly-6.0.dist-info/METADATA": "Name: plotly\n",
                    },
                    deletes=(f"{_SITE}/plotly-5.0.dist-info",),
                ),
            ),
            finds=(),
        ),
    ),
)
