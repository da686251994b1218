from __future__ import annotations

from imgdiag.facts import Claim, Facts
from imgdiag.finding import Finding, Fix, Safety
from imgdiag.prediction import predict
from imgdiag.rules.rule import ExampleLayer
from tests.made import made_facts


def finding(
    claim: Claim,
    *,
    rule: str = "a",
    safety: Safety = Safety.SAFE,
    informational: bool = False,
    estimate: str = "",
    replacement_bytes: int = 0,
) -> Finding:
    return Finding(
        rule=rule,
        safety=safety,
        message="x",
        fix=Fix("x", "x", "x"),
        claim=claim,
        informational=informational,
        estimate=estimate,
        replacement_bytes=replacement_bytes,
    )


def facts() -> Facts:
    """Return an image of 1,111 bytes, of which 1,100 are visible."""
    return made_facts(
        ExampleLayer(created_by="RUN a", files={"a": 11, "b": 100}),
        ExampleLayer(created_by="RUN b", files={"a": 1_000}),
    )


def test_nothing_found_is_nothing_gone() -> None:
    prediction = predict(facts(), [])
    for outcome in (prediction.safe, prediction.review):
        assert (outcome.bytes, outcome.layer_bytes, outcome.visible_bytes) == (0, 1_111, 1_100)
        assert not outcome.estimate
    assert prediction.fixes == ()


def test_hidden_bytes_leave_the_layers_alone() -> None:
    made = facts()
    hidden = made.claim_hidden((each.path, each.file) for each in made.filesystem.hidden)
    safe = predict(made, [finding(hidden)]).safe
    assert (safe.bytes, safe.layer_bytes, safe.visible_bytes) == (11, 1_100, 1_100)


def test_a_visible_claim_takes_its_older_copies_along() -> None:
    made = facts()
    safe = predict(made, [finding(made.claim_paths(["a"]))]).safe
    assert (safe.bytes, safe.layer_bytes, safe.visible_bytes) == (1_011, 100, 100)


def test_each_byte_counts_once_for_the_first_that_claims_it() -> None:
    made = facts()
    both = finding(made.claim_paths(["a", "b"]), rule="both", safety=Safety.REVIEW)
    one = finding(made.claim_paths(["a"]), rule="one", safety=Safety.REVIEW)
    hidden = finding(
        made.claim_hidden((each.path, each.file) for each in made.filesystem.hidden), rule="safe"
    )
    prediction = predict(made, [both, one, hidden])
    assert [(fix.finding.rule, fix.bytes) for fix in prediction.fixes] == [
        ("safe", 11), ("both", 1_100), ("one", 0),
    ]  # fmt: skip
    assert (prediction.safe.layer_bytes, prediction.review.layer_bytes) == (1_100, 0)
    assert sum(fix.bytes for fix in prediction.fixes) == prediction.review.bytes


def test_information_and_risk_are_not_counted() -> None:
    made = facts()
    claim = made.claim_paths(["a", "b"])
    prediction = predict(
        made, [finding(claim, informational=True), finding(claim, safety=Safety.RISKY)]
    )
    assert prediction.review.bytes == 0
    assert prediction.fixes == ()


def test_an_estimate_makes_what_comes_after_it_one() -> None:
    made = facts()
    guessed = finding(made.claim_paths(["b"]), safety=Safety.REVIEW, estimate="about")
    prediction = predict(made, [guessed])
    assert (prediction.safe.estimate, prediction.review.estimate) == (False, True)
    prediction = predict(made, [finding(made.claim_paths(["b"]), estimate="about")])
    assert (prediction.safe.estimate, prediction.review.estimate) == (True, True)


def test_what_a_mend_installs_in_place_does_not_go() -> None:
    made = facts()
    one = finding(made.claim_paths(["b"]), safety=Safety.REVIEW, replacement_bytes=30)
    assert (one.bytes, one.visible_bytes) == (70, 70)
    prediction = predict(made, [one])
    assert prediction.safe.bytes == 0
    review = prediction.review
    assert (review.bytes, review.layer_bytes, review.visible_bytes) == (70, 1_041, 1_030)
    assert [fix.bytes for fix in prediction.fixes] == [70]


def test_a_replacement_never_makes_it_more() -> None:
    made = facts()
    first = finding(made.claim_paths(["b"]))
    second = finding(made.claim_paths(["b"]), safety=Safety.REVIEW, replacement_bytes=30)
    larger = finding(made.claim_paths(["a"]), safety=Safety.REVIEW, replacement_bytes=10**6)
    assert larger.bytes == 0
    prediction = predict(made, [first, second, larger])
    # Of "a" the older copy, which is not seen, goes all the same.
    assert [fix.bytes for fix in prediction.fixes] == [100, 0, 11]
    assert prediction.review.visible_bytes == 1_000
