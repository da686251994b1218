"""docs-examples: documentation and examples inside packages, but for what is code."""

from collections.abc import Iterator

from imgdiag.facts.facts import Facts
from imgdiag.filesystem import Directory, walk_directories
from imgdiag.finding import Finding, Safety
from imgdiag.python.imports.names import DOCUMENTS
from imgdiag.rules._compact import NAMED
from imgdiag.rules._folders import package_folders, proven
from imgdiag.rules._hidden import visible
from imgdiag.rules._shell import removal_fix
from imgdiag.rules.rule import Example, ExampleLayer, Rule, Topic
from imgdiag.units import counted

_CODE = (".py", ".pyc", ".so", ".pyi")


def _check(facts: Facts) -> Iterator[Finding]:
    if facts.imports and not facts.imports.unread:
        what = "documentation and examples"
        yield from proven(facts, facts.imports, RULE.name, DOCUMENTS, what)
    else:
        yield from _unproven(facts)


def _unproven(facts: Facts) -> Iterator[Finding]:
    folders = package_folders(facts, DOCUMENTS)
    plain: list[str] = []
    code: list[str] = []
    for where in folders.values():
        for path, directory in where:
            (code if _holds_code(directory) else plain).append(path)
    plain = sorted(path for path in plain if path.isprintable())[:NAMED]
    claim = facts.claims.paths(plain)
    if not claim.layers:
        return
    kept = (
        f". Left alone: {len(code)} that hold Python modules, such as "
        f"/{min(code, key=len)}: packages import them"
        if code
        else ""
    )
    yield Finding(
        rule=RULE.name,
        safety=Safety.REVIEW,
        message=f"{visible(claim)} of documentation and examples in "
        f"{counted(len(plain), 'folder')}{kept}",
        fix=removal_fix(facts, plain, where="builds the environment"),
        claim=claim,
        informational=facts.step(claim.layers[0]).is_base,
    )


def _holds_code(directory: Directory) -> bool:
    return any(
        name.endswith(_CODE)
        for _, folder in walk_directories("", directory)
        for name in folder.children
    )


_SITE = "app/.venv/lib/python3.11/site-packages"

RULE = Rule(
    name="docs-examples",
    topic=Topic.PYTHON,
    title="Documentation and examples inside packages",
    why="Rarely worth it: half a megabyte in an environment of 3 GB. A blanket "
    "`find -name docs -exec rm -r` breaks `import boto3`, which imports `botocore.docs`; so "
    "folders that hold Python modules count only where `--check-imports` proves that nothing "
    "imports or names them.",
    fix="Remove the folders by name, in the build stage; or leave them.",
    ignore_when="Nearly always.",
    check=_check,
    examples=(
        Example(
            what="pages of a manual, beside botocore.docs, which is code",
            layers=(
                ExampleLayer(
                    created_by="RUN uv sync",
                    files={
                        f"{_SITE}/somepackage/docs/index.html": 1_500_000,
                        f"{_SITE}/botocore/docs/__init__.py": 2_000,
                    },
                ),
            ),
            finds=(1_500_000,),
        ),
        Example(
            what="modules that nothing imports, with --check-imports",
            check_imports=True,
            layers=(
                ExampleLayer(
                    created_by="RUN uv sync",
                    files={
                        f"{_SITE}/other/examples/first.py": "import other\n",
                        f"{_SITE}/botocore/docs/docstring.py": "",
                        f"{_SITE}/botocore/client.py": "from botocore.docs import docstring\n",
                    },
                ),
            ),
            finds=(13,),
        ),
        Example(
            what="nothing but code",
            layers=(
                ExampleLayer(
                    created_by="RUN uv sync", files={f"{_SITE}/botocore/docs/__init__.py": 2_000}
                ),
            ),
            finds=(),
        ),
    ),
)
