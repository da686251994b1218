"""failure-masked: an install whose failing does not fail the build."""

import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

from imgdiag.finding import Fix, Severity
from imgdiag.project.check import Check, ProjectFinding, dockerfile_example
from imgdiag.project.checks._mends import edited, in_dockerfile, rewritten
from imgdiag.project.checks._tools import installs
from imgdiag.project.instruction import Instruction
from imgdiag.project.project import Project
from imgdiag.project.runs import Placed, Ran

_TRUE = frozenset((":", "echo", "exit", "printf", "true"))
_KEYWORDS = frozenset(("do", "done", "elif", "else", "esac", "fi", "then"))


def _check(project: Project) -> Iterator[ProjectFinding]:
    for placed in project.built:
        for index, one in enumerate(placed.ran):
            if (masked := _masked_by_true(placed.ran, index)) is not None:
                what = f"'|| {one.command.name}' holds for all that stands before it"
                line, fix = one.line, _parentheses(placed.instruction, placed.ran)
            elif (masked := _masked_by_next(placed, index)) is not None:
                what = "what stands after it decides, as after each ';' and each new line"
                line, fix = one.line, _stopping(placed.instruction, placed.ran)
            else:
                continue
            yield CHECK.at(
                project,
                line,
                f"'{' '.join(masked.command.words[:3])}' can fail and the build goes on: {what}",
                fix,
                severity=Severity.ERROR,
                end_line=placed.instruction.end_line,
            )
            break  # once for a RUN


def _parentheses(instruction: Instruction, ran: tuple[Ran, ...]) -> Fix:
    """Return the RUN with parentheses around each `b || true`, and none after an install."""
    edits: list[tuple[int, int, str]] = []
    for index in range(1, len(ran)):
        first, last = ran[index - 1].command, ran[index].command
        if _masked_by_true(ran, index) is None or first.depth or last.depth:
            continue
        if installs(first):
            edits.append((first.end, last.end, ""))
        else:
            edits += [(first.start, first.start, "( "), (last.end, last.end, " )")]
    text = "RUN <install> \\\n && ( <what may fail> || true )"
    if edits and _is_plain(instruction):
        text = rewritten(edited(instruction, *edits))
    return in_dockerfile("Let '|| true' hold for what may fail alone", text)


def _stopping(instruction: Instruction, ran: tuple[Ran, ...]) -> Fix:
    """Return the RUN with `&&` in place of each `;`, or with `set -e` at a heredoc's begin."""
    if instruction.heredocs:
        first, *others = instruction.heredocs
        stopping = replace(first, body=f"set -e\n{first.body}")
        whole = replace(instruction, heredocs=(stopping, *others))
        return in_dockerfile("Stop at the first failure", rewritten(whole))
    commands = [each.command for each in ran]
    if not _is_plain(instruction):
        return in_dockerfile("Stop at the first failure", "RUN <install> \\\n && <what follows>")
    edits = [
        (semicolon, semicolon + 1, " &&")
        for before, after in pairwise(commands)
        if after.before == ";"
        and (semicolon := instruction.rest.find(";", before.end, after.start)) >= 0
    ]
    if any(each.keywords or each.depth for each in commands):
        edits = [(0, 0, "set -e; ")]  # where a ';' may be a part of if or for
    return in_dockerfile("Stop at the first failure", rewritten(edited(instruction, *edits)))


def _is_plain(instruction: Instruction) -> bool:
    """Tell whether offsets of commands are offsets of the text: no heredoc, no other shell."""
    return not instruction.heredocs and instruction.exec_form is None


def _masked_by_true(ran: tuple[Ran, ...], index: int) -> Ran | None:
    """Return the install that the `|| true` at `index` masks, None when it is none."""
    command = ran[index].command
    if command.before != "||" or command.name not in _TRUE or "{" in command.keywords:
        return None  # a group does more than to be true, as in a loop that tries again
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
            "RUN pip install --no-cache-dir flask || true\n"
            "RUN <<EOF\npip install --no-cache-dir flask\necho done\nEOF\n",
            3,
            4,
            5,
            7,
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
