"""license-deletion: packages whose licence texts were cleaned away."""

import re
from collections.abc import Iterator

from imgdiag.facts.facts import Facts
from imgdiag.filesystem import Directory
from imgdiag.finding import Finding, Fix, Safety
from imgdiag.python.distributions import Distribution
from imgdiag.rules._history import runs
from imgdiag.rules.rule import Example, ExampleLayer, Rule, Topic

_LICENCE = re.compile(r"\.dist-info/(?:[^/]+/)*(?:LICEN[CS]E|COPYING|NOTICE)[^/]*$", re.IGNORECASE)
_DELETES = re.compile(r"-i?name\s+\\?['\"]?(?:LICEN[CS]E|COPYING|NOTICE)\S*", re.IGNORECASE)
_ENOUGH = 3  # packages: one alone may be a mistake of its maker's


def _check(facts: Facts) -> Iterator[Finding]:
    without = [each for each in facts.distributions if _lost(each)]
    if len(without) < _ENOUGH:
        return
    folder = facts.filesystem.find(without[0].metadata_path)
    layer = next((at for at, command in runs(facts) if _DELETES.search(command)), None)
    names = ", ".join(sorted(each.name for each in without)[:4])
    yield Finding(
        rule=RULE.name,
        safety=Safety.RISKY,
        message=f"the licence texts of {len(without)} packages were deleted ({names} …); MIT, BSD "
        "and Apache licences ask that they go along with every copy, and all of them together are "
        "about 1 MB",
        fix=Fix(
            "Leave licences out of the clean-up",
            "Dockerfile",
            f"# without LICENSE*, NOTICE* and COPYING*\n{facts.instruction(layer)}"
            if layer is not None
            else "# in the clean-up of the stage that builds the environment: leave LICENSE*, "
            "NOTICE* and COPYING* alone",
        ),
        claim=facts.claims.nothing(
            layer if layer is not None else folder.layer if isinstance(folder, Directory) else 0
        ),
        informational=True,
        hazard=True,
    )


def _lost(distribution: Distribution) -> bool:
    """Tell whether RECORD names licences that are all gone."""
    return any(map(_LICENCE.search, distribution.missing_paths)) and not any(
        map(_LICENCE.search, distribution.files)
    )


def _package(name: str, *, licence: bool) -> dict[str, int | str]:
    info = f"app/lib/python3.11/site-packages/{name}-1.0.dist-info"
    files: dict[str, int | str] = {
        f"app/lib/python3.11/site-packages/{name}.py": 9_000,
        f"{info}/METADATA": f"Name: {name}\n",
        f"{info}/RECORD": f"{name}.py,,\n{name}-1.0.dist-info/licenses/LICENSE,sha256=x,1500\n",
    }
    return {**files, f"{info}/licenses/LICENSE": 1_500} if licence else files


RULE = Rule(
    name="license-deletion",
    topic=Topic.PYTHON,
    title="Licence texts that were deleted",
    why="A clean-up of `LICENSE*` saves one megabyte of three thousand, and most licences demand "
    "that their text goes along with every copy. Told by files that the packages' own RECORD "
    "names and that are gone. READMEs are the same bargain: alembic reads one.",
    fix="Take `LICENSE*`, `NOTICE*`, `COPYING*` and `README*` out of the clean-up.",
    ignore_when="The image never leaves your organisation, and your lawyers agree.",
    check=_check,
    examples=(
        Example(
            what="three packages whose licences are gone",
            layers=(
                ExampleLayer(
                    created_by="COPY /app /app",
                    files={
                        **_package("a", licence=False),
                        **_package("b", licence=False),
                        **_package("c", licence=False),
                    },
                ),
            ),
            finds=(0,),
        ),
        Example(
            what="three packages with their licences",
            layers=(
                ExampleLayer(
                    created_by="COPY /app /app",
                    files={
                        **_package("a", licence=True),
                        **_package("b", licence=True),
                        **_package("c", licence=True),
                    },
                ),
            ),
            finds=(),
        ),
    ),
)
