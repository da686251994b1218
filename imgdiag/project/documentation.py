"""The checks in words: one page for all of them, made from the checks themselves."""

from __future__ import annotations

from collections.abc import Iterable

from imgdiag.project.check import Check, ProjectExample
from imgdiag.units import format_bytes


def checks_page(checks: Iterable[Check]) -> str:
    """Return docs/checks.md: every check with why, how to mend it, when to ignore it, examples."""
    blocks = [
        "# Checks of a project",
        "<!-- Made from imgdiag/project/checks by `make docs`; a test holds it to them. -->",
        (
            "What `imgdiag check` looks for in a Dockerfile and in what stands beside it: the "
            "build context, pyproject.toml, lock files. Of the Dockerfile only "
            "what comes into the image counts: the stage that is built, the stages that it starts "
            "from by `FROM`, and, where it says so, those that it copies from. An *error* makes "
            "someone ask why the image is big or broken; a *warning* costs megabytes or hides a "
            "mistake; a *note* is worth knowing."
        ),
    ]
    blocks += [check_page(check) for check in checks]
    return "\n\n".join(blocks) + "\n"


def check_page(check: Check) -> str:
    """Return one check's part of the page."""
    return "\n\n".join(
        (
            f"## {check.name}",
            f"**{check.title}.** {check.why}",
            f"*Mend:* {check.fix}",
            f"*Ignore it when:* {check.ignore_when}",
            *(_example(example) for example in check.examples),
        )
    )


def _example(example: ProjectExample) -> str:
    title = f"{example.what[0].upper()}{example.what[1:]}: {_found(example)}."
    shown = [name for name, text in example.files.items() if _is_shown(name, text)]
    blocks = [
        f"```{_LANGUAGES.get(name.rpartition('.')[2], 'dockerfile')}\n"
        f"{str(example.files[name]).rstrip()}\n```"
        for name in shown
    ]
    beside = [
        f"Beside it: `{name}`"
        + (f", {format_bytes(content)}." if isinstance(content, int) else ".")
        for name, content in example.files.items()
        if name not in shown
    ]
    return "\n\n".join((title, *blocks, *beside))


_LANGUAGES = {"toml": "toml", "lock": "toml", "txt": "text"}


def _found(example: ProjectExample) -> str:
    if not example.finds:
        return "fine"
    files = {place.rpartition(":")[0] for place in example.finds}
    lines = [place.rpartition(":")[2] for place in example.finds]
    where = "" if files == {"Dockerfile"} else f" of {', '.join(sorted(files))}"
    return f"finds line{'s' * (len(lines) > 1)} {', '.join(lines)}{where}"


def _is_shown(name: str, text: str | int) -> bool:
    """Tell whether an example's file is printed: the Dockerfile, and short files of a project."""
    known = name.endswith((".toml", ".lock", "requirements.txt"))
    return name == "Dockerfile" or (known and isinstance(text, str) and text.count("\n") <= 20)
