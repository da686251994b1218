"""uv-in-final: uv's programs in the image that runs."""

import re
from collections.abc import Iterator
from dataclasses import replace

from imgdiag.facts.facts import Facts
from imgdiag.facts.steps import RunEdit
from imgdiag.finding import Finding, Fix, Safety
from imgdiag.rules._hidden import visible
from imgdiag.rules._history import runs
from imgdiag.rules._programs import command_words
from imgdiag.rules._visible import visible_findings
from imgdiag.rules.rule import Example, ExampleLayer, Rule, Topic
from imgdiag.text import shortened

_CALLS = re.compile(
    r"(?:^|[\s;&|(/])uvx?\s+(?:-\S+\s+)*"
    r"(?:sync|pip|run|venv|tool|python|export|lock|add|build|cache|init)\b"
)
_IMAGE = "ghcr.io/astral-sh/uv"
_LEAST = 5_000_000  # bytes; a script called uv is another thing


def _check(facts: Facts) -> Iterator[Finding]:
    owned = {path for each in facts.distributions if each.name == "uv" for path in each.files}
    found = [
        path
        for path, file in facts.large_files
        if path.endswith("bin/uv") and file.size >= _LEAST and path not in owned
    ]
    if not found or {"uv", "uvx"} & set(command_words(facts)):
        return
    yield from visible_findings(
        facts,
        RULE.name,
        [*found, *(f"{path}x" for path in found)],
        message=lambda claim: (
            f"{visible(claim)} of uv in /{found[0]}: it installs, and the container does not start "
            "with it"
        ),
        fix=lambda layer, paths: _fix(facts, layer, min(paths, key=len)),
        safety=Safety.REVIEW,
    )


def _fix(facts: Facts, layer: int, path: str) -> Fix:
    mount = f"from={_IMAGE},source=/uv,target=/{path}"
    drop = f"'{shortened(facts.instruction(layer), 60)}'"
    edits = [
        RunEdit(layer=at, step=facts.step(at), mounts=(mount,))
        for at, command in runs(facts)
        if _CALLS.search(command) and at != layer
    ]
    if not edits:
        return Fix(
            f"Nothing in this stage calls it: drop {drop}",
            "Dockerfile",
            f"# drop\n{facts.instruction(layer)}",
        )
    note = f"better with a tag: {_IMAGE}:<version>"
    return Fix.of_run(
        f"Mount uv where it is called, and drop {drop}",
        *(replace(edit, notes=(note,)) for edit in edits),
    )


RULE = Rule(
    name="uv-in-final",
    topic=Topic.PYTHON,
    title="uv in the image that runs",
    why="uv and uvx are 40 to 60 MB of installer. A container that starts its program directly "
    "(`.venv/bin/…`, or with the environment on PATH) never calls them.",
    fix="`RUN --mount=from=ghcr.io/astral-sh/uv,source=/uv,target=/bin/uv uv sync …`, or install "
    "in a build stage and copy the environment alone.",
    ignore_when="A script in the image calls `uv run`; `ENTRYPOINT` and `CMD` are looked at.",
    check=_check,
    examples=(
        Example(
            what="uv copied in for one RUN",
            layers=(
                ExampleLayer(
                    created_by="COPY /uv /uvx /bin/ # buildkit",
                    files={"bin/uv": 38_000_000, "bin/uvx": 400_000},
                ),
                ExampleLayer(
                    created_by="RUN /bin/sh -c uv sync --locked --no-dev # buildkit",
                    files={"app/.venv/pyvenv.cfg": "version = 3.11.2\n"},
                ),
            ),
            finds=(38_400_000,),
        ),
        Example(
            what="uv mounted",
            layers=(
                ExampleLayer(
                    created_by="RUN /bin/sh -c uv sync --locked --no-dev # buildkit",
                    files={"app/.venv/pyvenv.cfg": "version = 3.11.2\n"},
                ),
            ),
            finds=(),
        ),
    ),
)
