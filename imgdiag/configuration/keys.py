"""Every key of the configuration: what may stand there, with an example. The page shows these."""

from __future__ import annotations

from dataclasses import dataclass

from imgdiag.gate.budgets import Measure


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """A key of a table. `default` and `example` are as TOML has them; "" for no default."""

    name: str
    kind: str
    what: str
    example: str
    default: str = ""
    required: bool = False


# What a budget is for: one of these keys, or none for the sum of the layers.
OF = {
    each.value: each
    for each in (Measure.LAYERS, Measure.VISIBLE, Measure.WASTE, Measure.DOWNLOAD, Measure.GROWTH)
}
TARGETS = {"layer": Measure.LAYER, "package": Measure.PACKAGE, "path": Measure.PATH}

BUDGET = (
    Key(
        name="max",
        kind="size; for waste and growth also per cent",
        what="The limit. `3 GB` is 3,000,000,000 bytes and `3 GiB` 3,221,225,472; a number is in "
        "bytes. Waste in per cent is of the layers, growth of the baseline.",
        example='"3 GB"',
        required=True,
    ),
    Key(
        name="of",
        kind=f"one of {', '.join(OF)}",
        what="What the limit is for: all layers, what the container sees, what is shipped and "
        "never seen, the compressed layers, or the growth against the image that `imgdiag "
        "compare` compares with.",
        example='"waste"',
        default='"layers"',
    ),
    Key(
        name="layer",
        kind="pattern",
        what="In place of `of`: each layer whose instruction matches; the largest counts.",
        example='"RUN pip install*"',
    ),
    Key(
        name="package",
        kind="pattern",
        what="In place of `of`: the packages of Python and of the system whose names match, "
        "together, with what they own of the visible bytes.",
        example='"nvidia-*"',
    ),
    Key(
        name="path",
        kind="pattern for paths",
        what="In place of `of`: the files and folders that match, with all below them, together; "
        "visible bytes, each inode once. `*` stays within a name, `**` does not.",
        example='"/opt/*/cache"',
    ),
    Key(
        name="message",
        kind="text",
        what="What to say when it breaks: whom to ask, what to do.",
        example='"Ask the platform team before you add a model."',
        default='""',
    ),
)

WAIVER = (
    Key(
        name="rule",
        kind="a rule's or check's name",
        what="The rule whose findings are accepted, or the check. Left out: those of any rule.",
        example='"test-dirs"',
    ),
    Key(
        name="path",
        kind="pattern for paths, or several",
        what="Only findings of which every byte lies at or below such a path; with a check, only "
        "those in such a file, by its path from the configuration's folder.",
        example='["/app/.venv/**/tests", "/app/.venv/**/test"]',
    ),
    Key(
        name="package",
        kind="pattern, or several",
        what="Only findings of which every byte is owned by such packages. Not with a check.",
        example='"sympy"',
    ),
    Key(
        name="reason",
        kind="text",
        what="Why; every report shows it.",
        example='"sympy.testing is imported by our own checks"',
        required=True,
    ),
    Key(
        name="expires",
        kind="date",
        what="The last day on which the waiver holds, in UTC. There is no waiver for ever.",
        example="2027-06-30",
        required=True,
    ),
)

# Options that a file may set, by command. Those that run something of the image, write files or
# choose an engine are for the command line alone: a configuration comes with a clone.
OPTIONS = {
    "analyze": (
        "max-size", "max-download", "max-layer", "max-waste", "max-waste-percent", "fail-on",
        "allow-partial", "gpu", "dockerfile", "target", "platform", "format", "details", "quiet",
    ),
    "check": ("fail-on", "project", "dockerfile", "target", "format"),
    "fix": ("project", "dockerfile", "target"),
    "verify": ("max-size", "project", "dockerfile", "target", "format", "quiet"),
}  # fmt: skip
