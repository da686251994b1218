"""docs/configuration.md, made from the keys and from the options of the commands."""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Iterator, Sequence

import click

from imgdiag.cli import environment_variable
from imgdiag.configuration.keys import BUDGET, OPTIONS, WAIVER, Key

EXAMPLE = """\
# Defaults of the options of 'imgdiag analyze'; those of other commands stand in their own tables.
[analyze]
fail-on = "review"
dockerfile = "docker/api.Dockerfile"

# The whole image: the sum of its layers.
[budgets.image]
max = "3.5 GB"
message = "Over what our nodes can pull in a minute: ask #platform before you raise it."

[budgets.gpu]
package = "nvidia-*"
max = 0
message = "This service runs on CPUs: torch comes from PyTorch's CPU index."

[budgets.models]
path = "/srv/**/*.onnx"
max = "400 MB"

[budgets.pip]
layer = "RUN *pip install*"
max = "1.5 GB"

[budgets.waste]
of = "waste"
max = "5%"

# Only 'imgdiag compare' has a baseline; elsewhere the report says that it was not checked.
[budgets.growth]
of = "growth"
max = "100 MB"

[[waivers]]
rule = "test-dirs"
package = ["sympy", "pandas"]
reason = "sympy.testing is imported by our own checks; #1234"
expires = 2027-06-30

[[waivers]]
rule = "deleted-later"
path = "/root/.cache"
reason = "The base image does it; its next release does not."
expires = 2027-03-31

# One for 'imgdiag check': a check, and the files in which it may find something.
[[waivers]]
rule = "full-base"
path = "tools/*.Dockerfile"
reason = "Nobody deploys the tools' images."
expires = 2027-03-31
"""


def configuration_page() -> str:
    """Return docs/configuration.md: every key with its type, default and example."""
    return (
        "\n\n".join(
            (
                "# Configuration",
                "<!-- Made from imgdiag/configuration by `make docs`; a test holds it to it. -->",
                _FILES,
                "## An example",
                _WHERE,
                f"```toml\n{EXAMPLE}```",
                "## Budgets",
                _BUDGETS,
                _keys("budgets.NAME", BUDGET),
                _GLOBS,
                "## Waivers",
                _WAIVERS,
                _keys("waivers", WAIVER),
                "## Defaults of options",
                _OPTIONS,
                _options(),
                "## imgdiag init",
                _INIT,
            )
        )
        + "\n"
    )


_WHERE = """\
An `imgdiag.toml`. In pyproject.toml the name of every table starts with `tool.imgdiag.`"""

_FILES = """\
`imgdiag.toml`, or `[tool.imgdiag]` in pyproject.toml. It is looked for in the working folder and
in those above it, up to the root of the repository (the folder with `.git`); without a repository,
in the working folder only. The nearest one counts, and in one folder imgdiag.toml. `--config PATH`
names another, `--no-config` does without. Reports say which file had a say.

The command line wins over environment variables, these over the file, the file over what is built
in. A mistake in the file is wrong usage: exit code 2, with the file, the line, and for a name that
is not known the nearest one that is. Nothing is set by it that runs something of an image, writes
a file or chooses an engine: it comes with every clone."""

_BUDGETS = """\
Each is a table of its own, `[budgets.NAME]`, and has a limit. `of`, `layer`, `package` and `path`
exclude each other; without any, the limit is for the sum of the layers. A report says what was
measured, the limit, by how much it is over and what has the most of it; one budget that is over
gives exit code 1. What a budget names and an image does not have takes 0 bytes. What is not known,
as the compressed size of layers that are stored plain, does not pass. A budget on growth without a
baseline, or on waste with `--quick`, was *not checked*: every report says so, and it does not fail.

The options `--max-size`, `--max-download`, `--max-layer`, `--max-waste` and `--max-waste-percent`
are budgets too, and hold beside those with a name."""

_GLOBS = """\
In patterns for layers and packages, `*` is anything, `?` one character, `[ab]` one of some. A
layer's instruction is matched as one line, without the shell in front, in upper and lower case as
it stands; a package's name as PEP 503 normalises it. Patterns for paths are those of .dockerignore:
`*` and `?` stay within a name, `**` does not; what matches a folder takes all below it. Links on
the way to a path are followed."""

_WAIVERS = """\
Each is an item of the array `[[waivers]]`: a finding that is accepted for now. It needs at least
one of `rule`, `path` and `package`, and all that it has must hold. A finding is waived as a whole
or not at all: when every byte that it claims lies at the waiver's paths and is owned by its
packages. A waiver never accepts more than it names; one that names a part is *unused*, and says so.

A waived finding does not fail `--fail-on`; every report shows it as waived, with its reason. Its
mend is no longer advised and not in the prediction; all other numbers stay as they are, and budgets
do not look at waivers. A waiver holds up to and with the day that it expires; then it no longer
does, and every report says that too.

One whose `rule` is a check is for a project's files: it holds in `imgdiag check`, and `imgdiag fix`
leaves alone what it accepts. All others are for images alone. Its `path`, when it has one, names
the project's files, from the configuration's folder."""

_OPTIONS = """\
In a table by the name of the command. Paths are relative to the file's folder. The environment
sets the same by `IMGDIAG_` with the names of command and option, and all other options of all
commands too, as in `IMGDIAG_DU_DEPTH=2`; `IMGDIAG_CONFIG`, `IMGDIAG_NO_CONFIG` and
`IMGDIAG_NO_CACHE` are for all commands."""

_INIT = """\
`imgdiag init REF` writes budgets from the image of today plus a margin (`--margin 5%`) to
imgdiag.toml, or with `--pyproject` to pyproject.toml: all layers, the largest, the waste, and each
package that has a twentieth of what is seen. Limits are rounded up to three figures. `fail-on` is
set where it passes today. What is there is kept unless `--force` is given; in pyproject.toml,
everything but `[tool.imgdiag]` stays as it is in any case.

`--from-dive .dive-ci` takes over dive's rules, those that are on by default too:

| dive | here |
| --- | --- |
| `lowestEfficiency: 0.95` | waste of at most 5 % of the layers |
| `highestWastedBytes: 20MB` | waste of at most 20 MB |
| `highestUserWastedPercent: 0.2` | waste of at most 20 % of today's layers but the first |

The two do not count the same. dive counts every copy of a file that is in several layers as
wasted, here the one that is seen is not; of a folder that is deleted dive counts nothing, here all
of it is waste. `imgdiag init` says which of the budgets does not hold today, and which lines of the
file it did not understand."""


def _keys(table: str, keys: Iterable[Key]) -> str:
    rows = (
        (
            f"`{table}.{key.name}`",
            key.kind,
            "required" if key.required else f"`{key.default}`" if key.default else "–",
            f"`{key.example}`",
            key.what,
        )
        for key in keys
    )
    return _table(("key", "type", "default", "example", "what"), rows)


def _options() -> str:
    rows = (
        (
            f"`{command}.{name}`",
            option_type(param),
            option_default(param),
            f"`{option_example(name, param)}`",
            f"`{environment_variable(command, name)}`",
        )
        for command, name, param in settable()
    )
    return _table(("key", "type", "default", "example", "environment"), rows)


def settable() -> Iterator[tuple[str, str, click.Option]]:
    """Yield each option that a file may set: its command, its name, and what click knows of it."""
    for command, names in OPTIONS.items():
        module = importlib.import_module(f"imgdiag.cli.{command.replace('-', '_')}")
        options = {
            name.lstrip("-"): param
            for param in module.command.params
            if isinstance(param, click.Option)
            for name in param.opts
        }
        yield from ((command, name, options[name]) for name in names)


def option_type(option: click.Option) -> str:
    """Return the type of an option's value in words."""
    if option.is_flag:
        return "true or false"
    if isinstance(option.type, click.Choice):
        return f"one of {', '.join(option.type.choices)}"
    if isinstance(option.type, click.FloatRange | click.IntRange):
        return "number"
    if isinstance(option.type, click.Path):
        return "path"
    return "size" if option.metavar == "SIZE" else "text"


def option_default(option: click.Option) -> str:
    """Return what holds when nothing is set; a dash for nothing."""
    if option.is_flag:
        return "–" if option.secondary_opts else "`false`"
    return f'`"{option.default}"`' if isinstance(option.default, str) else "–"


def option_example(name: str, option: click.Option) -> str:
    """Return a value for an option, as TOML has it."""
    if option.is_flag:
        return "true"
    if isinstance(option.type, click.Choice):
        return f'"{option.type.choices[0]}"'
    by_name = {"project": '"service"', "platform": '"linux/arm64"', "target": '"runtime"'}
    by_type = {"number": "5", "size": '"3 GB"', "path": '"Dockerfile"'}
    return by_name.get(name) or by_type.get(option_type(option), '"text"')


def _table(headers: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [headers, ["---"] * len(headers), *rows]
    return "\n".join(
        f"| {' | '.join(each.replace('|', '&#124;') for each in line)} |" for line in lines
    )
