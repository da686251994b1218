"""`imgdiag rules` and `imgdiag explain`."""

from __future__ import annotations

import pytest

from imgdiag.project.checks import all_checks
from imgdiag.rules import all_rules
from imgdiag.rules._documentation import by_topic, rules_page
from imgdiag.rules.rule import Topic
from tests.cli.conftest import Run


def test_every_rule_is_listed_once_below_its_topic(run: Run) -> None:
    result = run("rules")
    assert result.exit_code == 0
    blocks = [block.split("\n") for block in result.stdout.strip().split("\n\n")]
    assert [block[0] for block in blocks] == [*map(str, Topic), "Projects, by 'imgdiag check'"]
    named = {block[0]: [line.split()[0] for line in block[1:]] for block in blocks[:-1]}
    assert [line.split()[0] for line in blocks[-1][1:]] == [each.name for each in all_checks()]
    assert named == {
        str(topic): [rule.name for rule in rules] for topic, rules in by_topic(all_rules()).items()
    }
    assert sum(len(names) for names in named.values()) == len(all_rules())
    # Titles stand below each other.
    starts = {
        line.index(rule.title.replace("`", ""))
        for rule in all_rules()
        for line in result.stdout.splitlines()
        if line.split()[:1] == [rule.name]
    }
    assert len(starts) == 1


def test_the_page_is_the_documents(run: Run) -> None:
    assert run("rules", "--markdown").stdout == rules_page(all_rules())


def test_the_page_links_to_each_rule() -> None:
    page = rules_page(all_rules())
    for rule in all_rules():
        assert f"[{rule.name}](#{rule.name})" in page
        assert f"\n### {rule.name}\n" in page


@pytest.mark.parametrize("rule", all_rules(), ids=lambda rule: rule.name)
def test_a_rule_is_explained(run: Run, rule: object) -> None:
    name = rule.name  # type: ignore[attr-defined]
    result = run("explain", name)
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert lines[0].startswith(f"{name}: ")
    assert max(len(line) for line in lines[1:]) <= 90
    assert "`" not in result.stdout
    for part in ("\nMend: ", "\nIgnore it when: ", "\nFor example:\n- "):
        assert part in result.stdout


def test_a_hazards_example_warns(run: Run) -> None:
    assert "whose licences are gone: warns." in run("explain", "license-deletion").stdout


def test_an_unknown_rule_names_its_nearest(run: Run) -> None:
    result = run("explain", "pip-cash")
    assert result.exit_code == 2
    assert "there is no rule 'pip-cash'; did you mean 'pip-cache'?" in result.stderr
    assert "see 'imgdiag rules'" in run("explain", "zzz").stderr
