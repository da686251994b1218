"""docs-examples-blanket: a clean-up by name took folders that packages import."""

import re
from collections.abc import Iterator, Mapping

from imgdiag.facts.facts import Facts
from imgdiag.filesystem import Directory, File
from imgdiag.finding import Finding, Fix, Safety
from imgdiag.rules._hidden import layer_name
from imgdiag.rules._needed import NEEDED
from imgdiag.rules.rule import Example, ExampleLayer, Rule, Topic

_KNOWN = {each.folder: each.importer for each in NEEDED if not each.versions}
_BLANKET = re.compile(
    r"(?:\bfind\b|\brm\b|shopt)[^\n]*[\s\"'/*{,]+(?:tests?|docs?|examples?)(?![\w.-])"
)


def _check(facts: Facts) -> Iterator[Finding]:
    for path, who in sorted(_broken(facts).items()):
        if not path.isprintable():
            continue
        where = path.rpartition("-packages/")[2]
        culprit = next(
            (each for each in range(len(facts.filesystem.layers)) if _clears(facts, each)), None
        )
        by = f", removed by {layer_name(facts, culprit)}" if culprit is not None else ""
        yield Finding(
            rule=RULE.name,
            safety=Safety.RISKY,
            message=f"{where} was installed and is gone{by}, and {who} imports it, "
            "so that it cannot be imported in this image",
            fix=Fix(
                "Keep it: name the folders to remove instead of a pattern",
                "Dockerfile",
                f"# leave out of the clean-up\n#   /{path}",
            ),
            claim=facts.claims.nothing(_layer(facts, path)),
            informational=True,
            hazard=True,
        )


def _broken(facts: Facts) -> Mapping[str, str]:
    """Return the folders that are missing, and what imports each."""
    found = {
        path: f"/{line.path}:{line.line}"
        for path, line in (facts.imports.broken.items() if facts.imports else ())
    }
    for each in facts.environments:
        directory = facts.filesystem.find(each.path)
        if not isinstance(directory, Directory):
            continue
        for name, info in directory.children.items():
            record = info.children.get("RECORD") if isinstance(info, Directory) else None
            if not name.endswith(".dist-info") or not isinstance(record, File):
                continue
            text = b"\n" + (record.content or b"")
            for folder, importer in _KNOWN.items():
                package, _, inner = folder.partition("/")
                there = directory.children.get(package)
                if (
                    f"\n{folder}/".encode() in text
                    and isinstance(there, Directory)
                    and inner not in there.children
                ):
                    found.setdefault(f"{each.path}/{folder}", importer)
    return found


def _layer(facts: Facts, path: str) -> int:
    parent = facts.filesystem.find(path.rpartition("/")[0])
    return parent.layer if isinstance(parent, Directory) else 0


def _clears(facts: Facts, layer: int) -> bool:
    command = facts.step(layer).command or ""
    return (
        _BLANKET.search(command) is not None and re.search(r"\brm\b|-delete", command) is not None
    )


_SITE = "app/.venv/lib/python3.11/site-packages"
_RECORD = "botocore/client.py,,\nbotocore/docs/docstring.py,,\nbotocore-1.dist-info/RECORD,,\n"

RULE = Rule(
    name="docs-examples-blanket",
    topic=Topic.PYTHON,
    title="A clean-up by name that took what packages import",
    why="`find .venv -name docs -exec rm -r {} +` is in many recipes. It saves next to nothing, "
    "and takes `botocore.docs`, without which `import boto3` fails; `-name tests` takes astropy's "
    "and those of numpy 2.2 that scipy needs. The build succeeds, and the service does not start. "
    "Told by files that a package's RECORD names, that are gone, and that it imports; with "
    "`--check-imports` for every package, else for those known to need them.",
    fix="Name the folders to remove. `--check-imports` makes the list.",
    ignore_when="The image never imports the package.",
    check=_check,
    examples=(
        Example(
            what="botocore without its docs",
            layers=(
                ExampleLayer(
                    created_by="RUN pip install boto3 && find / -name docs -exec rm -r {} +",
                    files={
                        f"{_SITE}/botocore/client.py": 5_000,
                        f"{_SITE}/botocore-1.dist-info/METADATA": "Name: botocore\n",
                        f"{_SITE}/botocore-1.dist-info/RECORD": _RECORD,
                    },
                ),
            ),
            finds=(0,),
        ),
        Example(
            what="botocore with them",
            layers=(
                ExampleLayer(
                    created_by="RUN pip install boto3",
                    files={
                        f"{_SITE}/botocore/client.py": 5_000,
                        f"{_SITE}/botocore/docs/docstring.py": 5_000,
                        f"{_SITE}/botocore-1.dist-info/METADATA": "Name: botocore\n",
                        f"{_SITE}/botocore-1.dist-info/RECORD": _RECORD,
                    },
                ),
            ),
            finds=(),
        ),
    ),
)
