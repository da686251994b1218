"""What the shell may complete: images of the engine, archives, rules.

A key press waits for this: the engine has a second, and whatever fails completes nothing.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from click.shell_completion import BashComplete, CompletionItem, add_completion_class

from imgdiag.text import printable

_SECONDS = 1.0
_ARCHIVES = (".tar", ".tar.gz", ".tgz", ".tar.zst")
_ENGINES = ("docker:", "podman:")


def references(incomplete: str) -> list[CompletionItem]:
    """Return what a REF may go on with: tags of the engine and archives here, else any file."""
    engine = next((each for each in _ENGINES if incomplete.startswith(each)), "")
    names: list[str] = []
    if incomplete[:1] not in ("/", ".", "~"):
        names = [engine + tag for tag in _tags()]
        names += [] if engine else _archives()
    found = [name for name in names if name.startswith(incomplete)]
    return _items(found) if found or engine else [CompletionItem(incomplete, type="file")]


def rules(incomplete: str) -> list[CompletionItem]:
    """Return the rules and checks whose names begin so, by the names of their files."""
    package = Path(__file__).parents[1]
    names = {
        path.stem.replace("_", "-")
        for folder in ("rules", "project/checks")
        for path in (package / folder).glob("*.py")
        if path.stem[0] != "_" and path.stem != "rule"
    }
    return _items(sorted(name for name in names if name.startswith(incomplete)))


def _items(names: list[str]) -> list[CompletionItem]:
    return [CompletionItem(name) for name in dict.fromkeys(names)]


def _archives() -> list[str]:
    try:
        names = sorted(path.name for path in Path().iterdir())
    except OSError:
        return []
    return [name for name in names if name.endswith(_ARCHIVES) and _is_one_word(name)]


def _tags() -> list[str]:
    """Return the tags of the engine's images, by name; `latest` can be left out, so it is."""
    from imgdiag.errors import ImgdiagError
    from imgdiag.sources.engine import address
    from imgdiag.sources.unixapi import ask_list

    try:
        images = ask_list(address()[0], "/images/json", _SECONDS)
    except ImgdiagError:
        return []
    tags: set[str] = set()
    for image in images:
        named: Any = image.get("RepoTags") if isinstance(image, dict) else None
        if isinstance(named, list):
            tags.update(tag for tag in named if isinstance(tag, str) and _is_one_word(tag))
    tags.discard("<none>:<none>")
    return sorted(tag.removesuffix(":latest") for tag in tags)


def _is_one_word(name: str) -> bool:
    """Tell whether a shell would take `name` as it is, for one word."""
    return printable(name) == name and not set(name) & set(" \t\"'\\$`;&|<>(){}*?[]!#~\n,")


class _Bash(BashComplete):
    """click's completion for bash, for words with colons as tags have them.

    bash takes a colon for the end of a word: the line is taken apart anew, and what stands before
    the last colon is not written twice.
    """

    source_template = """\
%(complete_func)s() {
    local IFS=$'\\n' line="${COMP_LINE:0:COMP_POINT}" completion type value
    local word="${line##*[[:space:]]}" before=""
    [[ $COMP_WORDBREAKS == *:* && $word == *:* ]] && before="${word%%"${word##*:}"}"
    for completion in $(env COMP_WORDS="$line" %(complete_var)s=bash_complete "$1"); do
        IFS=',' read -r type value <<< "$completion"
        case $type in
            dir) COMPREPLY=(); compopt -o dirnames 2>/dev/null ;;
            file) COMPREPLY=(); compopt -o default 2>/dev/null ;;
            plain) COMPREPLY+=("${value#"$before"}") ;;
        esac
    done
}
complete -o nosort -F %(complete_func)s %(prog_name)s
"""

    def get_completion_args(self) -> tuple[list[str], str]:
        from click.shell_completion import split_arg_string

        line = os.environ["COMP_WORDS"]
        words = split_arg_string(line)
        last = "" if line[-1:].isspace() or not words else words.pop()
        return words[1:], last


def script(shell: str) -> str:
    """Return what `shell` (bash, zsh or fish) has to read once."""
    from click.shell_completion import get_completion_class

    from imgdiag.cli import cli

    register()
    completion = get_completion_class(shell)
    assert completion is not None
    # The plain template: click would start a bash first, to ask for its version.
    complete = completion(cli, {}, "imgdiag", "_IMGDIAG_COMPLETE")
    return complete.source_template % complete.source_vars()


def register() -> None:
    """Have click use our own script for bash."""
    add_completion_class(_Bash)


def for_docker(words: list[str]) -> str:
    """Return how `docker imgdiag WORDS` may go on, the last word being written, as docker asks.

    One a line with its help behind a tab, and then what the shell shall do beside: 0 completes
    files, 4 does not (github.com/spf13/cobra, ShellCompDirective).
    """
    from click.shell_completion import ShellComplete

    from imgdiag.cli import cli

    complete = ShellComplete(cli, {}, "imgdiag", "")
    items = complete.get_completions(words[:-1], words[-1] if words else "")
    lines = [
        f"{item.value}\t{item.help}" if item.help else item.value
        for item in items
        if item.type == "plain"
    ]
    return "\n".join([*lines, ":4" if lines or not items else ":0"])
