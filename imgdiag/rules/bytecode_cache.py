"""bytecode-cache: compiled Python, with what it costs to go without."""

from collections.abc import Iterator

from imgdiag.facts.facts import Facts
from imgdiag.finding import Finding, Fix, Safety
from imgdiag.rules._hidden import visible
from imgdiag.rules.rule import Example, ExampleLayer, Rule, Topic
from imgdiag.units import counted


def _check(facts: Facts) -> Iterator[Finding]:
    paths = facts.byte_code.useful
    claim = facts.claims.paths(paths)
    yield Finding(
        rule=RULE.name,
        safety=Safety.REVIEW,
        message=f"{visible(claim)} of byte-code in {counted(len(paths), 'file')}. It "
        "buys start-up time, at each start of each process",
        fix=Fix(
            "Keep it, unless size matters more to you than start-up; then never make it",
            "Dockerfile",
            "# with pip: pip install --no-compile …\n# with uv: leave UV_COMPILE_BYTECODE unset\n"
            "ENV PYTHONDONTWRITEBYTECODE=1",
        ),
        claim=claim,
        informational=True,
    )


RULE = Rule(
    name="bytecode-cache",
    topic=Topic.PYTHON,
    title="Compiled byte-code (`__pycache__`)",
    why="Information, not a fault. Byte-code takes about a sixth of an environment and saves "
    "compiling at each start (a service with torch, pandas and scikit-learn took 6.0 s to start "
    "with it and 13.7 s without: CPython 3.11, warm); a service that runs as a user who cannot "
    "write to the environment "
    "compiles everything anew every time. Removed in a later layer it saves nothing at all.",
    fix="Choose once: compile in the build (`UV_COMPILE_BYTECODE=1`, pip's default) and keep the "
    "result, or do not compile (`pip install --no-compile`).",
    ignore_when="Start-up time matters, which it usually does.",
    check=_check,
    examples=(
        Example(
            what="byte-code beside its source",
            layers=(
                ExampleLayer(
                    created_by="RUN pip install .",
                    files={"app/a.py": 900, "app/__pycache__/a.cpython-311.pyc": 1_200},
                ),
            ),
            finds=(1_200,),
        ),
        Example(
            what="sources alone",
            layers=(ExampleLayer(created_by="COPY . .", files={"app/a.py": 900}),),
            finds=(),
        ),
    ),
)
