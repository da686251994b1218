from __future__ import annotations

from imgdiag.rules.overwritten_later import RULE
from imgdiag.rules.rule import ExampleLayer
from tests.made import made_facts, only


def test_two_runs_become_one() -> None:
    facts = made_facts(
        ExampleLayer(created_by="RUN pip install a==1", files={"a": 3}),
        ExampleLayer(created_by="RUN pip install a==2 || exit 1", files={"a": 4}),
    )
    assert only(RULE, facts).fix.snippet == (
        "RUN pip install a==1 \\\n && ( pip install a==2 || exit 1 )"
    )


def test_a_copy_is_left_to_the_reader() -> None:
    facts = made_facts(
        ExampleLayer(created_by="COPY . /app", files={"a": 3}),
        ExampleLayer(created_by="RUN sed -i s/a/b/ a", files={"a": 4}),
    )
    finding = only(RULE, facts)
    assert finding.fix.snippet == (
        "# writes them first\nCOPY . /app\n\n# writes them again\nRUN sed -i s/a/b/ a"
    )
    assert (finding.bytes, finding.claim.visible_bytes) == (3, 0)


def test_three_writes_are_two_findings() -> None:
    facts = made_facts(*(ExampleLayer(created_by="RUN x", files={"a": size}) for size in (3, 4, 5)))
    assert [finding.bytes for finding in RULE.run(facts)] == [3, 4]


def test_runs_in_between_keep_their_place() -> None:
    facts = made_facts(
        ExampleLayer(created_by="RUN make a", files={"a": 5}),
        ExampleLayer(created_by="RUN make b", files={"b": 5}),
        ExampleLayer(created_by="RUN make a again", files={"a": 6}, mtime=1_700_000_500),
    )
    finding = only(RULE, facts)
    assert finding.fix.snippet == "RUN make a \\\n && make b \\\n && make a again"
    assert finding.fix.summary.endswith("drop 'RUN make b' and 'RUN make a again'")
