"""The step of the GitHub action that comments: one comment on a pull request, kept up to date.

It is found again by a hidden line that it begins with, and by who wrote it: anybody may write such
a line, but the comment of a person is never written over. Without the right to comment, as in the
pull request of a fork, a notice says so, and the job goes on: the summary has the report.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path

_LONGEST = 65_000  # GitHub takes 65,536 characters
_CUT = "\n\n</details>\n\nThe rest is cut: a comment has a limit. The job's summary has it all.\n"
# One JSON object a line: of a long discussion come several pages.
_FIELDS = '.[] | {id, bot: (.user.type == "Bot"), login: .user.login, start: .body[0:200]}'


class GhError(Exception):
    """What `gh` said when it failed."""


def main() -> None:
    """Write the comment, or bring it up to date."""
    number = pull_request()
    if number is None:
        print("No pull request, so there is nothing to comment on.")
        return
    try:
        write(number)
    except GhError as error:
        reason = str(error).strip().splitlines()[-1:] or ["gh failed"]
        print(
            "::notice title=imgdiag::No comment on the pull request; the job's summary has the "
            f"report. Commenting takes 'permissions: pull-requests: write' ({reason[0]})"
        )


def write(number: int) -> None:
    """Write the comment on the pull request `number`. Raises GhError."""
    marker = f"<!-- imgdiag:{key()} -->"
    markdown = Path(os.environ["IMGDIAG_MARKDOWN"])
    body = markdown.with_name("comment.md")
    body.write_text(f"{marker}\n{fitted(markdown.read_text(encoding='utf-8'))}", encoding="utf-8")
    repository = os.environ["GITHUB_REPOSITORY"]
    comments = f"repos/{repository}/issues/{number}/comments"
    ours = find(comments, marker)
    if ours is None:
        gh(comments, "-F", f"body=@{body}", "--silent")
    else:
        path = f"repos/{repository}/issues/comments/{ours}"
        gh("-X", "PATCH", path, "-F", f"body=@{body}", "--silent")


def find(comments: str, marker: str) -> int | None:
    """Return the id of our comment among `comments`, None when there is none yet."""
    me = ""
    for line in gh("--paginate", f"{comments}?per_page=100", "--jq", _FIELDS).splitlines():
        comment = json.loads(line)
        if not comment["start"].startswith(marker):
            continue
        if not comment["bot"] and not me:
            me = login()
        if comment["bot"] or comment["login"] == me:
            return int(comment["id"])
    return None


def login() -> str:
    """Return whose token it is: a person's has a name, an action's own has none to tell."""
    try:
        return gh("user", "--jq", ".login").strip()
    except GhError:
        return "\n"  # nobody's name


def pull_request() -> int | None:
    """Return the number of the pull request that the workflow runs for."""
    try:
        event = json.loads(Path(os.environ["GITHUB_EVENT_PATH"]).read_text(encoding="utf-8"))
        return int(event["pull_request"]["number"])
    except (KeyError, OSError, TypeError, ValueError):
        return None


def key() -> str:
    """Return what tells this comment from those for other images, harmless in a comment."""
    text = re.sub(r"[^A-Za-z0-9._/]+", "-", os.environ.get("INPUT_COMMENT_KEY", "")).strip("-")
    return text[:100] or "image"


def fitted(text: str) -> str:
    """Return `text` if a comment may be so long, else its beginning, cut between paragraphs."""
    if len(text) <= _LONGEST:
        return text
    start = text[: _LONGEST - len(_CUT)]
    start = start[: start.rfind("\n\n")] if "\n\n" in start else start
    is_open = start.count("<details>") > start.count("</details>")
    return start + (_CUT if is_open else _CUT.replace("\n\n</details>", ""))


def gh(*arguments: str) -> str:
    """Return what `gh api` answers. Raises GhError."""
    try:
        done = subprocess.run(
            ["gh", "api", *arguments], check=False, capture_output=True, text=True, timeout=120
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise GhError(str(error)) from error
    if done.returncode != 0:
        raise GhError(done.stderr)
    return done.stdout


if __name__ == "__main__":
    main()
