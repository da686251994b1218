"""pyc-compiled-then-deleted: byte-code that the build compiles and then throws away."""

import re
from collections.abc import Iterator

from imgdiag.facts.facts import Facts
from imgdiag.filesystem import Cause
from imgdiag.finding import Finding, Fix, Safety
from imgdiag.rules._hidden import layer_name
from imgdiag.rules._history import runs
from imgdiag.rules.rule import Example, ExampleLayer, Rule, Topic
from imgdiag.text import shortened

_DELETES = re.compile(
    r"-name\s+\\?['\"]?(?:__pycache__|\*\.py\[?c\S*)[^;&|]*(?:-delete|-exec\s+rm|\|\s*xargs)"
    r"|\brm\s+-\S*\s[^;&|]*__pycache__"
    r"|\bpyclean\b"
)
_INSTALLS = re.compile(r"(?P<pip>\b(?:pip3?|python3? -m pip)\s+install\b)(?![^;&|]*--no-compile)")
_ON = ("1", "true", "yes", "on")


def _check(facts: Facts) -> Iterator[Finding]:
    compiler = None
    for layer, command in runs(facts):
        if _INSTALLS.search(command) or "compileall" in command:
            compiler = layer
        if _DELETES.search(command) and (why := _why(facts, compiler, layer)):
            yield Finding(
                rule=RULE.name,
                safety=Safety.REVIEW,
                message=f"{layer_name(facts, layer)} deletes byte-code that {why}: time lost in "
                "each build, and again at each start of each process, which compiles anew what it "
                "imports",
                fix=_fix(facts, compiler, layer),
                claim=facts.claims.nothing(layer),
                informational=True,
                hazard=True,
            )
            return


def _why(facts: Facts, compiler: int | None, layer: int) -> str:
    """Return who compiled what `layer` deletes, "" when nobody is known to."""
    if facts.config.environment.get("UV_COMPILE_BYTECODE", "").lower() in _ON:
        return "UV_COMPILE_BYTECODE=1 had compiled"
    if compiler is not None:
        maker = "it" if compiler == layer else layer_name(facts, compiler)
        return f"{maker} had compiled"
    for (cause, created_in, hidden_in), group in facts.hidden_groups.items():
        deleted_here = cause is Cause.DELETED and hidden_in == layer
        if deleted_here and any(each.path.endswith(".pyc") for each in group):
            return f"{layer_name(facts, created_in)} brings"
    return ""


def _fix(facts: Facts, compiler: int | None, layer: int) -> Fix:
    cleaner = f"'{shortened(facts.instruction(layer), 60)}'"
    text = facts.step(compiler).command if compiler is not None else None
    if text and _INSTALLS.search(text):
        return Fix(
            f"Keep the byte-code and drop the clean-up in {cleaner}; or never compile",
            "Dockerfile",
            "# never compiled: smaller, and slower to start\n"
            f"RUN {_INSTALLS.sub(lambda match: f'{match[0]} --no-compile', text)}",
        )
    return Fix(
        f"Keep the byte-code and drop the clean-up in {cleaner}; or never compile",
        "Dockerfile",
        "# never compiled: smaller, and slower to start\nENV UV_COMPILE_BYTECODE=0",
    )


RULE = Rule(
    name="pyc-compiled-then-deleted",
    topic=Topic.PYTHON,
    title="Byte-code that is compiled and then deleted",
    why="pip compiles what it installs, and uv does with `UV_COMPILE_BYTECODE=1`. A clean-up of "
    "`__pycache__` afterwards throws that away, and the container pays at each start: 13.7 s "
    "instead of 6.0 s for a service with torch, pandas and scikit-learn. A service whose user "
    "cannot write to the environment compiles anew every time.",
    fix="Choose one: keep the byte-code, or do not compile (`pip install --no-compile`, uv without "
    "`UV_COMPILE_BYTECODE`).",
    ignore_when="Size matters more to you than start-up, and you clean up in the same `RUN`.",
    check=_check,
    examples=(
        Example(
            what="pip install, then a clean-up of what it compiled",
            layers=(
                ExampleLayer(
                    created_by="RUN /bin/sh -c pip install flask && "
                    "find / -name __pycache__ -exec rm -r {} +",
                    files={"usr/lib/python3.11/site-packages/flask.py": 4_000},
                ),
            ),
            finds=(0,),
        ),
        Example(
            what="pip install --no-compile",
            layers=(
                ExampleLayer(
                    created_by="RUN /bin/sh -c pip install --no-compile flask",
                    files={"usr/lib/python3.11/site-packages/flask.py": 4_000},
                ),
            ),
            finds=(),
        ),
    ),
)
