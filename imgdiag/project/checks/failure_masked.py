"""failure-masked: an install whose failing does not fail the build."""

import re
from collections.abc import Iterator

from imgdiag.finding import Severity
from imgdiag.project.check import Check, ProjectFinding, dockerfile_example
from imgdiag.project.checks._mends import in_dockerfile
from imgdiag.project.checks._tools import installs
from imgdiag.project.project import Project
from imgdiag.project.runs import Placed, Ran

_TRUE = frozenset((":", "echo", "exit", "printf", "true"))
_KEYWORDS = frozenset(("do", "done", "elif", "else", "esac", "fi", "then"))


def _check(project: Project) -> Iterator[ProjectFinding]:
    for placed in project.built:
        ran = placed.ran
        for index, one in enumerate(ran):
            masked = _masked_by_true(ran, index) or _masked_by_next(placed, index)
            if masked is None:
                continue
            what = " ".join(masked.command.words[:3])
            or_true = one.command.before == "||" and one is not masked
            yield CHECK.at(
                project,
                masked.line if not or_true else one.line,
                f"'{what}' can fail and the build goes on: "
                + (
                    f"'|| {one.command.name}' holds for all that stands before it"
                    if or_true
                    else "what follows after ';' or a new line decides"
                ),
                in_dockerfile(
                    "Put parentheses around what may fail, and && after what may not",
                    "RUN <install> \\\n && ( <what may fail> || true )",
                )
                if or_true
                else in_dockerfile(
                    "Stop at the first failure",
                    "RUN <install> \\\n && <what follows>"
                    if not placed.instruction.heredocs
                    else "RUN <<EOF\nset -e\n<the commands>\nEOF",
                ),
                severity=Severity.ERROR,
                end_line=placed.instruction.end_line,
            )
            break  # once for a RUN


def _masked_by_true(ran: tuple[Ran, ...], index: int) -> Ran | None:
    """Return the install that the `|| true` at `index` masks, None when it is none."""
    command = ran[index].command
    if command.before != "||" or command.name not in _TRUE:
        return None
    if command.name == "exit" and command.arguments[:1] != ("0",):
        return None
    level = command.operator_depth
    for position in range(index - 1, -1, -1):
        earlier, following = ran[position].command, ran[position + 1].command
        if following.operator_depth < level:
            return None
        if following.operator_depth == level and following.before in (";", "\n", "&"):
            return None
        if earlier.depth < level:
            return None
        if installs(earlier) and _is_bare(ran, position):
            return ran[position]
    return None


def _masked_by_next(placed: Placed, index: int) -> Ran | None:
    """Return the install at `index` when what follows it decides on the RUN's success."""
    ran = placed.ran
    if index + 1 == len(ran) or not installs(ran[index].command):
        return None
    after = ran[index + 1].command
    if after.before not in (";", "\n") or _KEYWORDS & set(after.keywords[:1]):
        return None
    if not _is_bare(ran, index) or _stops_at_failure(placed, index):
        return None
    # The status is looked at: `code=$?; …`
    return None if any("$?" in value for _, value in after.assignments) else ran[index]


def _is_bare(ran: tuple[Ran, ...], index: int) -> bool:
    """Tell whether a command is no condition, and no part of a pipe or of the background."""
    command = ran[index].command
    following = ran[index + 1].command.before if index + 1 < len(ran) else ""
    return not set(command.keywords) & {"if", "while", "until", "elif", "!"} and following not in (
        "|",
        "&",
    )


def _stops_at_failure(placed: Placed, index: int) -> bool:
    if any(re.fullmatch(r"-\w*e\w*|errexit", word) for word in placed.scope.shell[1:]):
        return True
    shebang = placed.instruction.heredocs and re.match(
        r"#!.*\s-\w*e", placed.instruction.heredocs[0].body
    )
    return bool(shebang) or any(
        each.command.name == "set"
        and any(re.fullmatch(r"-\w*e\w*|errexit", word) for word in each.command.words[1:])
        for each in placed.ran[:index]
    )


CHECK = Check(
    name="failure-masked",
    title="An install whose failing does not fail the build",
    why="`a && b || true` is true when `a` failed, whatever `a` was: the image is built, and "
    "lacks what should be in it. So with `a; b`, and in a heredoc without `set -e`: the last "
    "command decides.",
    fix="`a && ( b || true )`; `&&` in place of `;`; `set -e` in a heredoc.",
    ignore_when="The install may fail.",
    check=_check,
    examples=(
        dockerfile_example(
            "|| true at the end of a chain, a semicolon, and a heredoc",
            "FROM python:3.11-slim\n"
            "RUN uv sync --locked --no-dev \\\n"
            " && find .venv -name __pycache__ -exec rm -r {} + || true\n"
            "RUN pip install --no-cache-dir flask; rm -rf /tmp/x\n"
            "RUN <<EOF\npip install --no-cache-dir flask\necho done\nEOF\n",
            3,
            4,
            6,
        ),
        dockerfile_example(
            "only what may fail is masked, and failing stops the rest",
            "FROM python:3.11-slim\n"
            "RUN uv sync --locked --no-dev && ( find .venv -name x -delete || true )\n"
            "RUN set -eux; pip install --no-cache-dir flask; rm -rf /tmp/x\n"
            "RUN if ! pip install --no-cache-dir flask; then exit 1; fi\n"
            "RUN rm -rf /tmp/x || true\n"
            "RUN <<EOF\nset -e\npip install --no-cache-dir flask\necho done\nEOF\n",
        ),
    ),
)
