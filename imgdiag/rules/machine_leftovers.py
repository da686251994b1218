"""machine-leftovers: what belongs to a developer's machine."""

from collections.abc import Iterator
from functools import partial

from imgdiag.facts.claims import Claim
from imgdiag.facts.facts import Facts
from imgdiag.filesystem import Directory, resolve
from imgdiag.finding import Finding, Safety
from imgdiag.rules._hidden import visible
from imgdiag.rules._programs import is_named, program
from imgdiag.rules._shell import context_fix
from imgdiag.rules._visible import visible_findings
from imgdiag.rules.rule import Example, ExampleLayer, Rule, Topic
from imgdiag.units import format_bytes

# Caches and records that only the tools themselves read, and only to be faster.
_TOOLS = (
    *(".mypy_cache", ".pytest_cache", ".ruff_cache", ".pytype", ".hypothesis", ".tox", ".nox"),
    *(".ipynb_checkpoints", ".idea", ".vscode", ".eggs", "htmlcov"),
)
_PACKAGES = ("site-packages", "dist-packages")


def _check(facts: Facts) -> Iterator[Finding]:
    tools = [
        path for name in _TOOLS for path in _outermost(facts, name) if not is_named(facts, path)
    ]
    yield from visible_findings(
        facts,
        RULE.name,
        tools,
        message=partial(_message, "of tools' caches and settings", tools),
        fix=partial(context_fix, facts, _patterns(tools), where="makes them"),
        safety=Safety.SAFE,
    )
    others = [*_unused_modules(facts), *_dead_environments(facts), *_logs(facts)]
    yield from visible_findings(
        facts,
        RULE.name,
        others,
        message=partial(
            _message,
            "that seem to come from a developer's machine (JavaScript modules without Node.js, "
            "environments without their interpreter, logs)",
            others,
        ),
        fix=partial(context_fix, facts, _patterns(others), where="makes them"),
        safety=Safety.REVIEW,
    )


def _message(what: str, paths: list[str], claim: Claim) -> str:
    names = dict.fromkeys(path.rpartition("/")[2] for path in paths)
    sizes = {
        name: sum(size for path, size in claim.sizes.items() if f"/{name}" in f"/{path}")
        for name in names
    }
    largest = sorted(sizes, key=lambda name: -sizes[name])[:4]
    some = ", ".join(f"{name} {format_bytes(sizes[name])}" for name in largest)
    return f"{visible(claim)} {what}: {some}{' …' * (len(names) > len(largest))}"


def _patterns(paths: list[str]) -> list[str]:
    """Return lines for .dockerignore."""
    names = (path.rpartition("/")[2] for path in paths)
    return list(
        dict.fromkeys("**/*.log" if name.endswith(".log") else f"**/{name}" for name in names)
    )


def _outermost(facts: Facts, name: str) -> Iterator[str]:
    """Yield the folders called `name` outside of installed packages and of each other."""
    for path, _ in facts.usage.named.get(name, ()):
        above = path.split("/")[:-1]
        if name not in above and not any(each in above for each in _PACKAGES):
            yield path


def _unused_modules(facts: Facts) -> Iterator[str]:
    """Yield folders of JavaScript modules that nothing in the image can run."""
    found = list(_outermost(facts, "node_modules"))
    if found and not program(facts, "node", "nodejs", "bun", "deno"):
        yield from found


def _dead_environments(facts: Facts) -> Iterator[str]:
    """Yield virtual environments whose interpreter is on the machine that they came from."""
    for environment in facts.environments:
        programs = facts.filesystem.find(f"{environment.prefix}/bin")
        if environment.kind == "venv" and isinstance(programs, Directory):
            pythons = [name for name in programs.children if name in ("python", "python3")]
            if pythons and not any(
                resolve(facts.filesystem.root, f"{environment.prefix}/bin/{name}")
                for name in pythons
            ):
                yield environment.prefix


def _logs(facts: Facts) -> Iterator[str]:
    for path, _ in facts.large_files:
        if path.endswith(".log") and not any(f"/{each}/" in path for each in _PACKAGES):
            yield path


RULE = Rule(
    name="machine-leftovers",
    topic=Topic.PROJECT,
    title="Leftovers of a developer's machine",
    why="`COPY . .` takes all that lies in the folder: caches of mypy, pytest and Ruff, an "
    "editor's settings, `node_modules`, logs, a virtual environment whose interpreter is somewhere "
    "else. They cost space, and the layer changes whenever one of them does.",
    fix="A `.dockerignore` that names them; or one that ignores all (`*`) and names what is "
    "needed (`!src`).",
    ignore_when="The service serves files from `node_modules`, or reads the logs.",
    check=_check,
    examples=(
        Example(
            what="COPY . . with a type checker's cache, and JavaScript modules without Node.js",
            layers=(
                ExampleLayer(
                    created_by="COPY . . # buildkit",
                    files={
                        "app/main.py": 500,
                        "app/.mypy_cache/3.11/cache.db": 8_000_000,
                        "app/node_modules/react/index.js": 3_000_000,
                        "app/node_modules/react/node_modules/a/index.js": 1_000_000,
                    },
                ),
            ),
            finds=(8_000_000, 4_000_000),
        ),
        Example(
            what="JavaScript modules with Node.js to run them",
            layers=(
                ExampleLayer(
                    created_by="COPY . . # buildkit",
                    files={"usr/bin/node": 90_000_000, "app/node_modules/a/index.js": 3_000_000},
                ),
            ),
            finds=(),
        ),
    ),
)
