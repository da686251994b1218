"""The page docs/commands.md: the help of every command, as Markdown."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from typing import Any

import click

from imgdiag.cli import about, cli, sections

_HEAD = """\
# Every command

<!-- Made from the commands' help by `make docs`; a test holds it to them. -->

What `imgdiag COMMAND --help` says, in one page. Sizes are written as `4GB` (4,000,000,000 bytes) or
`4GiB` (4,294,967,296 bytes). Colour is for terminals; `NO_COLOR=1` takes it away, `FORCE_COLOR=1`
gives it to pipes too, as in the logs of CI. What is read goes to standard error; `--quiet` and
`--verbose` say less and more.
"""


def commands_page() -> str:
    """Return the whole page, ending with a newline."""
    # With -h and --help as when it runs: each command keeps the first that it is asked for.
    context = click.Context(cli, info_name="imgdiag", **cli.context_settings)
    blocks = [_HEAD.rstrip("\n")]
    for title, names in sections(cli.list_commands(context)):
        blocks.append(f"## {title}")
        for name in names:
            command = cli.get_command(context, name)
            assert command is not None
            blocks.append(f"### imgdiag {name}")
            blocks.append(f"{about(name)[:1].upper()}{about(name)[1:]}.")
            usage = " ".join(command.collect_usage_pieces(context))
            blocks.append(f"```text\nimgdiag {name} {usage}\n```")
            blocks += _paragraphs(command.help or "")
            blocks.append("\n".join(_options(command)))
    return "\n\n".join(blocks) + "\n"


def _paragraphs(text: str) -> Iterator[str]:
    """Yield a help text as Markdown; what click does not wrap is a block of code."""
    for paragraph in inspect.cleandoc(text).split("\n\n"):
        first, _, rest = paragraph.lstrip("\b\n").partition("\n")
        if not paragraph.startswith("\b"):
            yield _inline(" ".join(paragraph.split()))
        else:
            lines = rest.split("\n")
            language = "console" if first == "Examples:" else "text"
            code = "\n".join(
                f"$ {line.strip()}" if language == "console" else line.strip() for line in lines
            )
            yield f"{first}\n\n```{language}\n{code}\n```"


def _options(command: click.Command) -> Iterator[str]:
    """Yield a line for each option: how it is written, what it does, what it is without."""
    for option in command.params:
        if not isinstance(option, click.Option):
            continue
        names = ", ".join((*option.opts, *option.secondary_opts))
        value = "" if option.is_flag else f" {option.metavar or _value(option.type)}"
        text = _inline(option.help or "")
        if option.show_default and option.default not in (None, ""):
            text += f" Without it: `{option.default}`."
        yield f"- `{names}{value}`: {text}"


def _value(type_: click.ParamType[Any]) -> str:
    if isinstance(type_, click.Choice):
        return "|".join(map(str, type_.choices))
    return {"integer range": "N", "float range": "NUMBER"}.get(type_.name, type_.name.upper())


def _inline(text: str) -> str:
    """Return prose for Markdown: what is quoted or written in capitals is no markup."""
    text = re.sub(r"(?<!\w)'([^']+)'(?!\w)", r"`\1`", text)
    return re.sub(r"(?<!`)<(?!`)", "&lt;", text)
