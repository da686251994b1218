"""doc-man-locale and debug-symbols."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from imgdiag.finding import Safety
from imgdiag.rules import debug_symbols, doc_man_locale
from imgdiag.rules.rule import ExampleLayer
from tests.made import facts_of, made_facts, only

SHARE: dict[str, int | str] = {
    "usr/share/doc/git/copyright": 1,
    "usr/share/doc/git/copyright.old": 1,
    "usr/share/doc/git/changelog.gz": 10,
    "usr/share/doc/git/examples/a/b": 20,
    "usr/share/man/de/man1/git.1.gz": 30,
    "usr/share/info/dir": 40,
    "usr/share/locale/de/LC_MESSAGES/git.mo": 100,
    "usr/share/locale/de_AT/LC_MESSAGES/git.mo": 200,
    "usr/share/locale/en_GB/LC_MESSAGES/git.mo": 400,
    "usr/share/locale/pt_BR/LC_MESSAGES/git.mo": 800,
    "usr/share/locale/locale.alias": 1,
}
INSTALL = "RUN /bin/sh -c apt-get install -y git"


def test_copyright_stays_and_translations_are_for_review() -> None:
    manuals, translations = doc_man_locale.RULE.run(facts_of(SHARE, INSTALL))
    assert (manuals.bytes, manuals.safety) == (100, Safety.SAFE)
    assert (translations.bytes, translations.safety) == (1_100, Safety.REVIEW)


def test_with_a_reader_manuals_are_for_review() -> None:
    manuals, _ = doc_man_locale.RULE.run(facts_of({**SHARE, "usr/bin/man": 5}, INSTALL))
    assert manuals.safety is Safety.REVIEW
    assert "which /usr/bin/man shows" in manuals.message


@pytest.mark.parametrize(
    ("environment", "size"),
    [
        ({"LANG": "de_DE.UTF-8"}, 800),
        ({"LC_ALL": "pt_BR"}, 300),
        ({"LANGUAGE": "pt_BR:de"}, 0),
        ({"LANG": "C.UTF-8"}, 1_100),
    ],
)
def test_languages_that_the_image_names_stay(environment: dict[str, str], size: int) -> None:
    facts = made_facts(ExampleLayer(created_by=INSTALL, files=SHARE), environment=environment)
    found = [each.bytes for each in doc_man_locale.RULE.run(facts)]
    assert found == [100, size] if size else [100]


def test_the_commands_remove_what_is_claimed_and_nothing_else(tmp_path: Path) -> None:
    for path in SHARE:
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text("x")
    claimed = set()
    for finding in doc_man_locale.RULE.run(facts_of(SHARE, "COPY / /")):
        claimed |= set(finding.claim.sizes)
        _, command = finding.fix.snippet.split("\n", 1)
        here = command.removeprefix("RUN ").replace("/usr/share", f"{tmp_path}/usr/share")
        subprocess.run(["sh", "-c", here], check=True)
    left = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()}
    assert left == SHARE.keys() - claimed
    assert len(claimed) == 7


def test_a_bases_documentation_is_told_apart() -> None:
    facts = made_facts(
        ExampleLayer(created_by="Imported from -", files={"usr/share/doc/bash/a": 7}),
        ExampleLayer(created_by=INSTALL, files={"usr/share/doc/git/b": 5}),
    )
    own, base = doc_man_locale.RULE.run(facts)
    assert (own.bytes, own.in_base) == (5, False)
    assert (base.bytes, base.in_base) == (7, True)


@pytest.mark.parametrize(
    "path", ["usr/lib/debug/.build-id/ab/c.debug", "app/x.dwo", "opt/lib/.debug/libx.so.debug"]
)
def test_symbols(path: str) -> None:
    finding = only(debug_symbols.RULE, facts_of({path: 2_000_000}, "RUN make"))
    assert finding.safety is Safety.SAFE
    assert finding.bytes == 2_000_000


def test_with_a_debugger_symbols_are_for_review() -> None:
    facts = facts_of({"usr/lib/debug/a": 2_000_000, "usr/bin/gdb": 5}, "RUN make")
    assert only(debug_symbols.RULE, facts).safety is Safety.REVIEW


@pytest.mark.parametrize("path", ["usr/lib/x/debug/a", "app/a.debug", "app/small.pdb"])
def test_what_is_not_known_to_be_symbols(path: str) -> None:
    assert not list(debug_symbols.RULE.run(facts_of({path: 2_000_000})))
