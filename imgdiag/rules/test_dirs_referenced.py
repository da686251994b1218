"""test-dirs-referenced: folders of tests, docs and examples that packages import at run time."""

from collections.abc import Iterator

from imgdiag.facts.facts import Facts
from imgdiag.finding import Finding, Fix, Safety
from imgdiag.python.imports import Verdict
from imgdiag.rules._compact import largest_first
from imgdiag.rules._hidden import visible
from imgdiag.rules.rule import Example, ExampleLayer, Rule, Topic
from imgdiag.units import counted


def _check(facts: Facts) -> Iterator[Finding]:
    proofs = [
        each
        for each in (facts.imports.proofs if facts.imports else ())
        if each.verdict is Verdict.KEEP
    ]
    lines = {each.candidate.path: each.evidence[0] for each in proofs}
    paths = [each.path for each in largest_first(facts, (each.candidate for each in proofs))]
    claim = facts.claims.paths(paths)
    if not claim.layers:
        return
    yield Finding(
        rule=RULE.name,
        safety=Safety.RISKY,
        message=f"{visible(claim)} in {counted(len(paths), 'folder')} of tests, "
        f"documentation or examples are imported at run time, such as /{paths[0]} by "
        f"{lines[paths[0]]}",
        fix=Fix(
            "Leave them out of every clean-up",
            "Dockerfile",
            "\n".join(f"# keep /{path}\n#   {lines[path]}" for path in paths),
        ),
        claim=claim,
        informational=True,
    )


_SITE = "app/.venv/lib/python3.11/site-packages"

RULE = Rule(
    name="test-dirs-referenced",
    topic=Topic.PYTHON,
    title="Folders of tests, documentation and examples that packages import",
    why="Packages keep things in them that they need at run time: `botocore.docs` makes the "
    "docstrings of boto3's clients, `astropy.tests` and `tables.tests` are imported with their "
    "packages, and `numpy.testing` of numpy 2.2 takes a value from `numpy._core.tests`, so that "
    "every import of scipy does. Found by `--check-imports`, each with the line that needs it.",
    fix="Leave them where they are.",
    ignore_when="Nothing in your Dockerfile removes folders by their name.",
    check=_check,
    examples=(
        Example(
            what="numpy's tests, which numpy.testing imports",
            check_imports=True,
            layers=(
                ExampleLayer(
                    created_by="RUN uv sync",
                    files={
                        f"{_SITE}/numpy/_core/tests/_natype.py": "pd_NA = None\n",
                        f"{_SITE}/numpy/testing/a.py": "from numpy._core.tests import _natype\n",
                    },
                ),
            ),
            finds=(13,),
        ),
        Example(
            what="tests that nothing imports",
            check_imports=True,
            layers=(
                ExampleLayer(
                    created_by="RUN uv sync",
                    files={f"{_SITE}/gensim/test/test_a.py": "import gensim\n"},
                ),
            ),
            finds=(),
        ),
    ),
)
