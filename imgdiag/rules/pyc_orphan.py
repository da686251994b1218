"""pyc-orphan: byte-code that no interpreter of the image can read."""

from collections.abc import Iterator

from imgdiag.facts.claims import Claim
from imgdiag.facts.facts import Facts
from imgdiag.finding import Finding, Fix, Safety
from imgdiag.rules._commands import common_folder
from imgdiag.rules._hidden import visible
from imgdiag.rules._shell import command_fix
from imgdiag.rules._visible import visible_findings
from imgdiag.rules.rule import Example, ExampleLayer, Rule, Topic

# For each file that the loop is given: gone when no source stands beside its folder.
_SOURCELESS = (
    "find {} -path '*/__pycache__/*.pyc' -exec sh -c 'for f; do n=${{f##*/}}; "
    'ls "${{f%/__pycache__/*}}/${{n%%.*}}".* >/dev/null 2>&1 || rm "$f"; done\' sh {{}} +'
)


def _check(facts: Facts) -> Iterator[Finding]:
    code = facts.byte_code
    foreign = [path for paths in code.foreign.values() for path in paths]

    def message(claim: Claim) -> str:
        parts = [f"{len(paths):,} of {tag}" for tag, paths in code.foreign.items()]
        parts += [f"{len(code.sourceless):,} without their source"] * bool(code.sourceless)
        return (
            f"{visible(claim)} of byte-code that no interpreter in the image reads: "
            f"{', '.join(parts)}, such as /{claim.largest(1)[0][0]}"
        )

    def fix(layer: int, some: list[str]) -> Fix:
        if facts.step(layer).from_context:
            return Fix("Keep them out of the build context", ".dockerignore", "**/__pycache__")
        chosen = set(some)
        commands = [
            f"find {common_folder(here)} "
            f"\\( -name '*.{tag}.pyc' -o -name '*.{tag}[.-]*.pyc' \\) -delete"
            for tag, paths in code.foreign.items()
            if (here := [path for path in paths if path in chosen])
        ]
        if lost := [path for path in code.sourceless if path in chosen]:
            commands.append(_SOURCELESS.format(common_folder(lost)))
        return command_fix(facts, layer, " && ".join(commands), where="brings them")

    return visible_findings(
        facts,
        RULE.name,
        (*foreign, *code.sourceless),
        message=message,
        fix=fix,
        safety=Safety.SAFE,
    )


RULE = Rule(
    name="pyc-orphan",
    topic=Topic.PYTHON,
    title="Byte-code that nobody can read",
    why="Byte-code in `__pycache__` serves one interpreter, which its name tells, and only as long "
    "as the source stands beside the folder. Copied from a machine with another Python, or left "
    "behind by a deletion of sources, it is dead weight. A `.pyc` outside of `__pycache__` is a "
    "module of its own, and is never counted here.",
    fix="`**/__pycache__` in `.dockerignore`; delete sources and byte-code together.",
    ignore_when="Never.",
    check=_check,
    examples=(
        Example(
            what="byte-code of the developer's Python 3.12 in an image with 3.11",
            layers=(
                ExampleLayer(created_by="RUN install", files={"usr/bin/python3.11": 6_000_000}),
                ExampleLayer(
                    created_by="COPY . .",
                    files={
                        "app/main.py": 900,
                        "app/__pycache__/main.cpython-312.pyc": 1_200,
                        "app/__pycache__/main.cpython-311.pyc": 1_100,
                    },
                ),
            ),
            finds=(1_200,),
        ),
        Example(
            what="a module shipped as byte-code alone",
            layers=(
                ExampleLayer(
                    created_by="COPY . .",
                    files={"usr/bin/python3.11": 6_000_000, "app/secret.pyc": 4_000},
                ),
            ),
            finds=(),
        ),
    ),
)
