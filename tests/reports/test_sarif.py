"""SARIF: valid, and with all that GitHub's code scanning asks for beyond that."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from imgdiag.finding import Fix, Severity
from imgdiag.gate.gate import Gate
from imgdiag.project.checks import all_checks
from imgdiag.reports import Style, render
from imgdiag.reports._located import Described, Located, Place
from imgdiag.reports._sarif import sarif_log
from imgdiag.rules import all_rules
from tests.reports import images

SCHEMA = json.loads(
    (Path(__file__).parent / "schemas" / "sarif-2.1.0-rtm.5.json").read_text(encoding="utf-8")
)
VALIDATOR = jsonschema.Draft4Validator(SCHEMA)


def run_of(log: str) -> Any:
    """Return the one run of a log that is valid, and that GitHub takes."""
    found = json.loads(log)
    VALIDATOR.validate(found)
    [run] = found["runs"]
    rules = run["tool"]["driver"]["rules"]
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        [location] = result["locations"]
        place = location["physicalLocation"]
        assert place["region"]["startLine"] >= 1
        assert not place["artifactLocation"]["uri"].startswith(("/", "../"))
        assert result["partialFingerprints"]["primaryLocationLineHash"]
    for rule in rules:
        assert 0 < len(rule["shortDescription"]["text"]) <= 1024
        assert 0 < len(rule["fullDescription"]["text"]) <= 1024
        assert rule["help"]["text"]
        assert rule["help"]["markdown"]
        assert len(rule["properties"]["tags"]) <= 10
    places = [(each["ruleId"], json.dumps(each["locations"])) for each in run["results"]]
    assert len(places) == len(set(places)), "GitHub shows one of those"
    return run


def found(line: int = 1, **changes: Any) -> Located:
    finding = Located(
        rule="deleted-later",
        severity=Severity.WARNING,
        message="2 MB in 1 file",
        fix=Fix("Delete it where it is made", "Dockerfile", "RUN make \\\n && rm junk"),
        place=Place(path="Dockerfile", line=line, end_line=line, what="RUN make"),
    )
    return replace(finding, **changes)


def results(*findings: Located) -> Any:
    return run_of(sarif_log("imgdiag", all_rules(), findings))["results"]


IMAGES = [
    images.service,
    images.service_with_dockerfile,
    images.partial,
    images.no_python,
    images.empty,
    images.hostile,
]


@pytest.mark.parametrize("image", IMAGES)
def test_every_image(image: Any) -> None:
    run = run_of(render("sarif", image(), Gate(()), Style()))
    assert run["tool"]["driver"]["name"] == "imgdiag"


def test_findings_are_at_their_lines() -> None:
    run = run_of(render("sarif", images.service_with_dockerfile(), Gate(()), Style()))
    places = {
        each["ruleId"]: each["locations"][0]["physicalLocation"]["region"]
        for each in run["results"]
    }
    assert places["apt-lists"] == {"startLine": 2}
    assert places["cuda-torch"] == {"startLine": 4, "endLine": 6}
    [copy] = [each for each in run["results"] if each["ruleId"] == "metadata-only-copy"]
    assert copy["level"] == "error"
    assert copy["locations"][0] == {
        "physicalLocation": {
            "artifactLocation": {"uri": "docker/api.Dockerfile", "uriBaseId": "%SRCROOT%"},
            "region": {"startLine": 4, "endLine": 6},
        },
        "logicalLocations": [{"fullyQualifiedName": "layer 2", "kind": "resource"}],
    }


def test_lines_that_have_a_part_in_it_are_related() -> None:
    run = run_of(render("sarif", images.service_with_dockerfile(), Gate(()), Style()))
    [torch] = [each for each in run["results"] if each["ruleId"] == "cuda-torch"]
    assert torch["relatedLocations"] == [
        {
            "id": 1,
            "physicalLocation": {
                "artifactLocation": {"uri": "docker/api.Dockerfile", "uriBaseId": "%SRCROOT%"},
                "region": {"startLine": 8},
            },
            "message": {"text": "RUN chown -R app:app /app"},
        }
    ]


def test_without_a_dockerfile_each_has_a_place_all_the_same() -> None:
    run = run_of(render("sarif", images.service(), Gate(()), Style()))
    assert run["results"]
    for each in run["results"]:
        [location] = each["locations"]
        assert location["physicalLocation"] == {
            "artifactLocation": {"uri": "Dockerfile", "uriBaseId": "%SRCROOT%"},
            "region": {"startLine": 1},
        }
        assert location["logicalLocations"]
        assert each["message"]["text"].endswith("\n\nWhich line makes it is not known.")


def test_what_could_not_be_read_is_a_notification() -> None:
    [invocation] = run_of(render("sarif", images.partial(), Gate(()), Style()))["invocations"]
    [note, *_] = invocation["toolExecutionNotifications"]
    assert note["level"] == "warning"
    assert note["message"]["text"].startswith("Not read: layer 1")


def test_two_of_one_rule_at_one_line_are_one_result() -> None:
    both = results(found(message="first"), found(rule="apt-lists"), found(message="second"))
    assert [each["ruleId"] for each in both] == ["deleted-later", "apt-lists"]


def test_their_words_and_layers_are_joined() -> None:
    first = found(message="first", severity=Severity.NOTE, layers=(1,))
    second = found(message="second", severity=Severity.ERROR, layers=(2,))
    [result] = results(first, second)
    mend = "Delete it where it is made. Dockerfile:\nRUN make \\\n && rm junk"
    assert result["message"]["text"] == f"first.\n\n{mend}\n\nsecond.\n\n{mend}"
    assert result["level"] == "error"
    assert [each["fullyQualifiedName"] for each in result["locations"][0]["logicalLocations"]] == [
        "layer 1",
        "layer 2",
    ]


def test_levels() -> None:
    levels = [each["level"] for each in results(*(found(n + 1, severity=s) for n, s in enumerate(Severity)))]  # noqa: E501  # fmt: skip
    assert levels == ["error", "warning", "note"]


@pytest.mark.parametrize(
    ("path", "uri"),
    [
        ("Dockerfile", "Dockerfile"),
        ("docker/a b#c?.Dockerfile", "docker/a%20b%23c%3F.Dockerfile"),
        ("a:b", "a%3Ab"),
        ("caf\udce9/Dockerfile", "caf%E9/Dockerfile"),
        ("é", "%C3%A9"),
    ],
)
def test_paths_are_uris(path: str, uri: str) -> None:
    [result] = results(found(place=Place(path=path, line=1, end_line=1, what="")))
    assert result["locations"][0]["physicalLocation"]["artifactLocation"] == {
        "uri": uri,
        "uriBaseId": "%SRCROOT%",
    }


def test_a_file_outside_of_the_repository() -> None:
    log = sarif_log(
        "imgdiag",
        all_rules(),
        [found(place=Place(path="/srv/x y/Dockerfile", line=1, end_line=1, what=""))],
    )
    VALIDATOR.validate(json.loads(log))
    assert '"uri": "file:///srv/x%20y/Dockerfile"' in log


def test_a_name_makes_no_link() -> None:
    [result] = results(found(message="see [here](https://evil.example) and a\\b"))
    assert result["message"]["text"].startswith("see \\[here\\](https://evil.example) and a\\\\b")


def test_github_stores_5000_results() -> None:
    many = [found(line) for line in range(1, 5_003)]
    run = run_of(sarif_log("imgdiag", all_rules(), many))
    assert len(run["results"]) == 5_000
    [note] = run["invocations"][0]["toolExecutionNotifications"]
    assert note["message"]["text"] == "2 results are left out: GitHub stores 5,000"


def test_every_rule_and_check_has_texts_that_github_shows() -> None:
    everything: list[Described] = [*all_rules(), *all_checks()]
    for rule in everything:
        run_of(sarif_log("imgdiag", everything, [found(rule=rule.name)]))


class TestFingerprints:
    """A result is known again though its bytes or the lines above it change."""

    @pytest.fixture
    def repository(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        (tmp_path / ".git").mkdir()
        (tmp_path / "Dockerfile").write_text("FROM a\nRUN make\nRUN rm junk\nRUN make\n")
        monkeypatch.chdir(tmp_path)
        return tmp_path

    def test_of_a_line(self, repository: Path) -> None:
        [before] = results(found(2))
        (repository / "Dockerfile").write_text("# new\nFROM a\n  RUN  make\nRUN rm junk\nRUN make")
        [after] = results(found(3, message="3 MB in 1 file"))
        assert (
            before["partialFingerprints"]["imgdiag/v1"]
            == (after["partialFingerprints"]["imgdiag/v1"])
        )

    def test_githubs_is_what_its_action_works_out(self, repository: Path) -> None:
        (repository / "Dockerfile").write_text(" a\nb\n  \t\tc\n d")
        hashes = [
            each["partialFingerprints"]["primaryLocationLineHash"]
            for each in results(*(found(line) for line in range(1, 5)))
        ]
        assert hashes == [
            "271789c17abda88f:1",
            "54703d4cd895b18:1",
            "180aee12dab6264:1",
            "a23a3dc5e078b07b:1",
        ]

    def test_the_same_line_twice_is_told_apart(self, repository: Path) -> None:
        first, second = results(found(2), found(4))
        for name in ("imgdiag/v1", "primaryLocationLineHash"):
            assert first["partialFingerprints"][name] != second["partialFingerprints"][name]

    def test_another_rule_is_another_result(self, repository: Path) -> None:
        first, second = results(found(2), found(2, rule="apt-lists"))
        assert (
            first["partialFingerprints"]["imgdiag/v1"]
            != (second["partialFingerprints"]["imgdiag/v1"])
        )

    @pytest.mark.usefixtures("repository")
    def test_without_the_file_the_instruction_counts(self) -> None:
        place = Place(path="gone/Dockerfile", line=9, end_line=9, what="RUN make")
        [first] = results(found(place=place))
        [second] = results(found(place=replace(place, line=12, end_line=12)))
        [third] = results(found(place=replace(place, what="RUN test")))
        assert first["partialFingerprints"] == second["partialFingerprints"]
        assert first["partialFingerprints"] != third["partialFingerprints"]
        assert len(set(first["partialFingerprints"].values())) == 1

    @pytest.mark.usefixtures("repository")
    def test_a_line_that_is_not_known_is_not_told_by_the_first_line(self) -> None:
        place = Place(path="Dockerfile", line=1, end_line=1, what="RUN make")
        [first] = results(found(place=place, is_known=False))
        [second] = results(found(place=replace(place, what="RUN test"), is_known=False))
        assert (
            first["partialFingerprints"]["imgdiag/v1"]
            != (second["partialFingerprints"]["imgdiag/v1"])
        )


def test_paths_start_at_the_repositorys_root(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from imgdiag.reports._located import in_repository

    (tmp_path / ".git").write_text("gitdir: elsewhere")
    service = tmp_path / "services" / "api"
    service.mkdir(parents=True)
    monkeypatch.chdir(service)
    assert in_repository("Dockerfile") == "services/api/Dockerfile"
    assert in_repository("../web/Dockerfile") == "services/web/Dockerfile"
    assert in_repository(str(tmp_path / "Dockerfile")) == "Dockerfile"
    assert in_repository("/elsewhere/Dockerfile") == "/elsewhere/Dockerfile"
    (tmp_path / ".git").unlink()
    assert in_repository("Dockerfile") == "Dockerfile"
