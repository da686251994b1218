"""dev-dependencies: tools for developers in a runtime image."""

from collections.abc import Iterator

from imgdiag.facts import Facts
from imgdiag.finding import Finding, Fix, Safety
from imgdiag.rules._hidden import visible
from imgdiag.rules.rule import Example, ExampleLayer, Rule
from imgdiag.units import format_bytes

# fmt: off
TOOLS = frozenset((
    "bandit", "black", "bpython", "build", "coverage", "detect-secrets", "flake8", "hatch",
    "hypothesis", "invoke", "ipdb", "ipykernel", "ipython", "isort", "jupyter",
    "jupyter-console", "jupyterlab", "line-profiler", "memory-profiler", "mkdocs",
    "mkdocs-material", "mypy",
    "nbconvert", "notebook", "nox", "pdoc", "pip-audit", "pip-tools", "pre-commit",
    "py-spy", "pyflakes", "pyinstrument", "pylint", "pyright", "pytest", "pytest-asyncio",
    "pytest-benchmark", "pytest-cov", "pytest-mock", "pytest-xdist", "pyupgrade", "ruff",
    "snakeviz", "sphinx", "tox", "twine", "types-requests", "vulture", "yapf",
))
# fmt: on


def _check(facts: Facts) -> Iterator[Finding]:
    for environment in facts.environments:
        graph = facts.graphs[environment.path]
        tools = TOOLS & graph.requires.keys()
        # What the rest of the environment still reaches stays, a tool or not.
        needed = graph.needed(without=tools)
        gone = tuple(
            each
            for each in facts.distributions
            if each.environment is environment and each.name not in needed
        )
        found = [each for each in gone if each.name in tools]
        if not found:
            continue
        claim = facts.claim_distributions(gone)
        names = ", ".join(f"{each.name} {format_bytes(each.bytes)}" for each in found[:5])
        names += f" and {len(found) - 5} more" if len(found) > 5 else ""
        others = len(gone) - len(found)
        with_others = f", and {others} packages that only they bring in" if others else ""
        yield Finding(
            rule=RULE.name,
            safety=Safety.REVIEW,
            message=f"developers' tools in /{environment.prefix}: {names}{with_others}; together "
            f"{visible(claim)}",
            fix=_fix(found[0].installer, {each.name: each.version for each in found}),
            claim=claim,
        )


def _fix(installer: str, versions: dict[str, str]) -> Fix:
    names = sorted(versions)
    if installer == "uv":
        return Fix(
            "Keep them in the group dev and install without it",
            "Dockerfile",
            f"# first: uv remove {' '.join(names)} && uv add --dev {' '.join(names)}\n"
            "RUN uv sync --locked --no-dev",
        )
    if installer.startswith("poetry"):
        return Fix(
            "Keep them in a group and install the main one alone",
            "Dockerfile",
            f"# first: poetry remove {' '.join(names)} && "
            f"poetry add --group dev {' '.join(names)}\nRUN poetry install --only main",
        )
    return Fix(
        "Move these lines to a file of their own that the image does not install",
        "requirements-dev.txt",
        "\n".join(["-r requirements.txt", *(f"{name}=={versions[name]}" for name in names)]),
    )


def _site(*names: str, size: int) -> dict[str, int | str]:
    files: dict[str, int | str] = {}
    for name in names:
        info = f"app/.venv/lib/python3.11/site-packages/{name}-1.0.dist-info"
        files[f"app/.venv/lib/python3.11/site-packages/{name}.py"] = size
        files[f"{info}/RECORD"] = f"{name}.py,,\n"
        requires = "Requires-Dist: pluggy\n" if name == "pytest" else ""
        files[f"{info}/METADATA"] = f"Name: {name}\nVersion: 1.0\n{requires}"
    return files


RULE = Rule(
    name="dev-dependencies",
    title="Developers' tools in a runtime image",
    why="Test runners, linters and notebooks, and the packages that only they need, are of no "
    "use to a running service, and each is more to patch. Known by name; a tool that another "
    "package requires is kept.",
    fix="`uv sync --no-dev` (`--no-default-groups` for other groups), `poetry install --only "
    "main`, or a requirements file of their own.",
    ignore_when="The image is meant for development, or the service runs notebooks.",
    check=_check,
    examples=(
        Example(
            what="pytest, and pluggy, which it alone requires",
            layers=(
                ExampleLayer(
                    created_by="RUN pip install -r requirements.txt",
                    files=_site("pytest", "pluggy", "flask", size=2_000_000),
                ),
            ),
            finds=(4_000_000,),
        ),
        Example(
            what="no tool",
            layers=(
                ExampleLayer(
                    created_by="RUN pip install flask", files=_site("flask", size=2_000_000)
                ),
            ),
            finds=(),
        ),
    ),
)
