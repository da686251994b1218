"""bytecode-made-and-deleted: byte-code that is compiled to be deleted."""

from collections.abc import Iterator

from imgdiag.finding import Severity
from imgdiag.project.check import Check, ProjectFinding, dockerfile_example
from imgdiag.project.checks._find import Find
from imgdiag.project.checks._mends import in_dockerfile
from imgdiag.project.checks._tools import is_on, runs_of
from imgdiag.project.project import Project
from imgdiag.project.runs import Placed, Ran


def _check(project: Project) -> Iterator[ProjectFinding]:
    compiled: tuple[Placed, Ran] | None = None
    for placed in project.built:
        for ran in placed.ran:
            if _compiles(placed, ran):
                compiled = placed, ran
            elif compiled is not None and _deletes(ran):
                yield CHECK.at(
                    project,
                    ran.line,
                    f"deletes the byte-code that line {compiled[1].line} had compiled: each start "
                    "of the service compiles it anew",
                    in_dockerfile(
                        "Choose one: keep it, as start-up wants it, or do not compile",
                        "# in place of UV_COMPILE_BYTECODE=1, for the smaller image\n"
                        "ENV UV_COMPILE_BYTECODE=0 PYTHONDONTWRITEBYTECODE=1",
                    ),
                    severity=Severity.WARNING,
                    end_line=placed.instruction.end_line,
                )
                return


def _compiles(placed: Placed, ran: Ran) -> bool:
    """Tell whether a command was told to compile; pip does so unasked."""
    if not runs_of(placed, "uv", "sync", "pip install", "pip sync"):
        return False
    if ran.command.name != "uv":
        return False
    return ran.command.has("--compile-bytecode") or (
        is_on(placed.variable("UV_COMPILE_BYTECODE", ran))
        and not ran.command.has("--no-compile-bytecode")
    )


def _deletes(ran: Ran) -> bool:
    if find := Find.of(ran.command):
        return any(name in ("__pycache__", "*.pyc", "*.py[co]", "*.pyo") for name in find.names)
    return ran.command.name == "rm" and any("__pycache__" in word for word in ran.command.words)


CHECK = Check(
    name="bytecode-made-and-deleted",
    title="Byte-code that is compiled, then deleted",
    why="`UV_COMPILE_BYTECODE=1` takes build time to save start-up time; deleting `__pycache__` "
    "takes the start-up time back. A service with torch, pandas and scikit-learn started in 6 s "
    "with byte-code and in 14 s without.",
    fix="Keep the byte-code, or do not compile it.",
    ignore_when="Never: one of the two is of no use.",
    check=_check,
    examples=(
        dockerfile_example(
            "compiled by uv, deleted by find",
            "FROM python:3.11-slim\n"
            "ENV UV_COMPILE_BYTECODE=1\n"
            "RUN uv sync --locked --no-dev\n"
            "RUN find .venv -type d -name __pycache__ -exec rm -r {} +\n",
            4,
        ),
        dockerfile_example(
            "only one of the two",
            "FROM python:3.11-slim AS a\n"
            "RUN uv sync --locked --no-dev && find .venv -name __pycache__ -exec rm -r {} +\n"
            "FROM a\n"
            "ENV UV_COMPILE_BYTECODE=1\n"
            "RUN uv sync --locked --no-dev\n",
        ),
    ),
)
