"""The documents, held to what the program does.

Where a document shows output, or is made from the code, write it anew after a change that is
meant with `make docs`, and look at the difference.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from imgdiag.cli import cli
from imgdiag.cli._documentation import commands_page
from imgdiag.configuration.documentation import configuration_page
from imgdiag.project.checks import all_checks
from imgdiag.project.documentation import checks_page
from imgdiag.rules import all_rules
from imgdiag.rules._documentation import rules_page
from imgdiag.schema import commands, schema_of

ROOT = Path(__file__).parents[1]
UPDATE = os.environ.get("IMGDIAG_UPDATE_DOCS") == "1"
README, CHINESE = ROOT / "README.md", ROOT / "README.zh-CN.md"
PAGES = [README, CHINESE, ROOT / "SECURITY.md", *sorted((ROOT / "docs").glob("*.md"))]
SHOWN = re.compile(
    r"(?P<mark><!-- output of: imgdiag (?P<command>[^\n]+?)(?: ; only: (?P<only>[^\n]+?))? -->\n"
    r"```text\n)(?P<output>.*?)```\n",
    re.DOTALL,
)


def shown(match: re.Match[str]) -> str:
    """Return what is to stand in a document: all that is printed, or those parts of it.

    A part begins behind an empty line with one that is not indented. The first is always shown.
    """
    text = run(match["command"])
    if match["only"]:
        first, *parts = re.split(r"\n\n(?=\S)", text.rstrip("\n"))
        wanted = match["only"].split(", ")
        kept = [part for part in parts if part.startswith(tuple(wanted))]
        assert len(kept) == len(wanted), (wanted, [part.split("\n")[0] for part in parts])
        text = "\n\n".join([first, *kept]) + "\n"
    return text


def run(command: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "imgdiag", *command.split()],
        cwd=ROOT,
        env={**os.environ, "COLUMNS": "100"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode in (0, 1), done.stderr
    return done.stdout


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_output_that_is_shown_is_what_is_printed(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    fresh = SHOWN.sub(lambda match: f"{match['mark']}{shown(match)}```\n", text)
    if UPDATE:
        page.write_text(fresh, encoding="utf-8")
    assert page.read_text(encoding="utf-8") == fresh


def test_readme_shows_output() -> None:
    assert SHOWN.search(README.read_text(encoding="utf-8"))


BLOCK = re.compile(r"^(?:<!-- output of: [^\n]*\n)?```.*?^```\n", re.DOTALL | re.MULTILINE)


def test_the_chinese_readme_shows_the_same() -> None:
    """Its text is its own; its blocks, its links and the shape of it are those of README.md."""
    english, chinese = (page.read_text(encoding="utf-8") for page in (README, CHINESE))
    blocks = BLOCK.findall(english)
    if UPDATE:
        fresh = iter(blocks)
        chinese = BLOCK.sub(lambda match: next(fresh, match[0]), chinese)
        CHINESE.write_text(chinese, encoding="utf-8")
    assert BLOCK.findall(chinese) == blocks
    shape = [re.findall(r"^(#+ |- |\||```)", text, re.MULTILINE) for text in (english, chinese)]
    assert shape[0] == shape[1]
    named = [set(re.findall(r"`([^`\n]+)`|\]\(([^)]+)\)", text)) for text in (english, chinese)]
    assert named[0] ^ named[1] == {("", "README.md"), ("", "README.zh-CN.md")}


def test_rules_page_is_made_from_the_rules() -> None:
    page = ROOT / "docs" / "rules.md"
    if UPDATE:
        page.write_text(rules_page(all_rules()), encoding="utf-8")
    assert page.read_text(encoding="utf-8") == rules_page(all_rules())


def test_checks_page_is_made_from_the_checks() -> None:
    page = ROOT / "docs" / "checks.md"
    if UPDATE:
        page.write_text(checks_page(all_checks()), encoding="utf-8")
    assert page.read_text(encoding="utf-8") == checks_page(all_checks())


def test_schemas_are_made_from_the_reports() -> None:
    folder = ROOT / "docs" / "schema"
    for command in commands():
        page = folder / f"{command}.json"
        text = json.dumps(schema_of(command), indent=2) + "\n"
        if UPDATE:
            page.write_text(text, encoding="utf-8")
        assert page.read_text(encoding="utf-8") == text
    assert {page.stem for page in folder.glob("*.json")} == set(commands())


def test_configuration_page_is_made_from_the_keys() -> None:
    page = ROOT / "docs" / "configuration.md"
    if UPDATE:
        page.write_text(configuration_page(), encoding="utf-8")
    assert page.read_text(encoding="utf-8") == configuration_page()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", page.read_text(encoding="utf-8")):
        if "://" not in target:
            assert (page.parent / target).exists(), target


def test_options_that_documents_name_exist() -> None:
    known = {
        option
        for name in cli.list_commands(None)  # type: ignore[arg-type]
        for parameter in cli.get_command(None, name).params  # type: ignore[arg-type,union-attr]
        for option in (*parameter.opts, *parameter.secondary_opts)
    } | {"--help", "--version"}
    for page in PAGES:
        if page.name == "checks.md":  # full of other programs' options
            continue
        text = SHOWN.sub("", page.read_text(encoding="utf-8"))
        for line in re.sub(r"\\\n\s*", "", text).splitlines():
            # Options of docker and others stand in front of imgdiag.
            if "imgdiag " in line or re.match(r"\s+--", line):
                ours = line.partition("imgdiag ")[2] or line
                named = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", ours))
                named -= {"--override-arch"}
                assert named <= known, (page.name, named - known)


def test_commands_page_is_made_from_the_help() -> None:
    page = ROOT / "docs" / "commands.md"
    if UPDATE:
        page.write_text(commands_page(), encoding="utf-8")
    assert page.read_text(encoding="utf-8") == commands_page()
