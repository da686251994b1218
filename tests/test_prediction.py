from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from imgdiag.facts.claims import Claim
from imgdiag.facts.facts import Facts
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
    hidden = made.claims.hidden(made.filesystem.hidden)
    safe = predict(made, [finding(hidden)]).safe
    assert (safe.bytes, safe.layer_bytes, safe.visible_bytes) == (11, 1_100, 1_100)


def test_a_visible_claim_takes_its_older_copies_along() -> None:
    made = facts()
    safe = predict(made, [finding(made.claims.paths(["a"]))]).safe
    assert (safe.bytes, safe.layer_bytes, safe.visible_bytes) == (1_011, 100, 100)


def test_each_byte_counts_once_for_the_first_that_claims_it() -> None:
    made = facts()
    both = finding(made.claims.paths(["a", "b"]), rule="both", safety=Safety.REVIEW)
    one = finding(made.claims.paths(["a"]), rule="one", safety=Safety.REVIEW)
    hidden = finding(made.claims.hidden(made.filesystem.hidden), rule="safe")
    prediction = predict(made, [both, one, hidden])
    assert [(fix.finding.rule, fix.bytes) for fix in prediction.fixes] == [
        ("safe", 11), ("both", 1_100), ("one", 0),
    ]  # fmt: skip
    assert (prediction.safe.layer_bytes, prediction.review.layer_bytes) == (1_100, 0)
    assert sum(fix.bytes for fix in prediction.fixes) == prediction.review.bytes


def test_information_and_risk_are_not_counted() -> None:
    made = facts()
    claim = made.claims.paths(["a", "b"])
    prediction = predict(
        made, [finding(claim, informational=True), finding(claim, safety=Safety.RISKY)]
    )
    assert prediction.review.bytes == 0
    assert prediction.fixes == ()


def test_an_estimate_makes_what_comes_after_it_one() -> None:
    made = facts()
    guessed = finding(made.claims.paths(["b"]), safety=Safety.REVIEW, estimate="about")
    prediction = predict(made, [guessed])
    assert (prediction.safe.estimate, prediction.review.estimate) == (False, True)
    prediction = predict(made, [finding(made.claims.paths(["b"]), estimate="about")])
    assert (prediction.safe.estimate, prediction.review.estimate) == (True, True)


def test_what_a_mend_installs_in_place_does_not_go() -> None:
    made = facts()
    one = finding(made.claims.paths(["b"]), safety=Safety.REVIEW, replacement_bytes=30)
    assert (one.bytes, one.visible_bytes) == (70, 70)
    prediction = predict(made, [one])
    assert prediction.safe.bytes == 0
    review = prediction.review
    assert (review.bytes, review.layer_bytes, review.visible_bytes) == (70, 1_041, 1_030)
    assert [fix.bytes for fix in prediction.fixes] == [70]


def test_a_replacement_never_makes_it_more() -> None:
    made = facts()
    first = finding(made.claims.paths(["b"]))
    second = finding(made.claims.paths(["b"]), safety=Safety.REVIEW, replacement_bytes=30)
    larger = finding(made.claims.paths(["a"]), safety=Safety.REVIEW, replacement_bytes=10**6)
    assert larger.bytes == 0
    prediction = predict(made, [first, second, larger])
    # Of "a" the older copy, which is not seen, goes all the same.
    assert [fix.bytes for fix in prediction.fixes] == [100, 0, 11]
    assert prediction.review.visible_bytes == 1_000


PATHS = ("a", "b", "c", "d/e", "d/f", "d/g/h")
LAYERS = st.lists(
    st.builds(
        ExampleLayer,
        created_by=st.just("RUN x"),
        files=st.dictionaries(st.sampled_from(PATHS), st.integers(0, 2**20), max_size=6),
        deletes=st.lists(st.sampled_from((*PATHS, "d")), max_size=2).map(tuple),
        uid=st.integers(0, 1),
    ),
    min_size=1,
    max_size=4,
)
# What a finding claims (paths, or which of the hidden files), and how it counts.
CLAIMS = st.lists(
    st.tuples(
        st.one_of(
            st.lists(st.sampled_from((*PATHS, "d", "d/g", "", "none")), max_size=3),
            st.lists(st.integers(0, 30), min_size=1, max_size=4),
        ),
        st.sampled_from(Safety),
        st.booleans(),
        st.one_of(st.just(0), st.integers(0, 2**21)),
    ),
    max_size=6,
)


def claim_of(made: Facts, what: Sequence[object]) -> Claim:
    if all(isinstance(each, str) for each in what):
        return made.claims.paths([str(each) for each in what])
    hidden = made.filesystem.hidden
    chosen = {int(str(each)) % len(hidden) for each in what} if hidden else set()
    return made.claims.hidden(hidden[index] for index in sorted(chosen))


@given(LAYERS, CLAIMS)
def test_whatever_overlaps_each_byte_counts_once(
    layers: list[ExampleLayer], claims: list[tuple[list[object], Safety, bool, int]]
) -> None:
    made = made_facts(*layers)
    findings = [
        finding(
            claim_of(made, what),
            rule=str(number),
            safety=safety,
            informational=informational,
            replacement_bytes=replacement,
        )
        for number, (what, safety, informational, replacement) in enumerate(claims)
    ]
    prediction = predict(made, findings)
    hidden = {each.file for each in made.filesystem.hidden}
    gone: set[object] = set()
    expected = brought = 0
    fixes = []
    for safety, outcome in ((Safety.SAFE, prediction.safe), (Safety.REVIEW, prediction.review)):
        for each in findings:
            if each.safety is safety and not each.informational:
                new = [file for file in each.claim.files if file not in gone]
                gone |= each.claim.files
                size = sum(file.size for file in new)
                seen = sum(file.size for file in new if file not in hidden)
                fixes.append((each.rule, size - min(each.replacement_bytes, seen)))
                expected += size
                brought += min(each.replacement_bytes, seen)
        assert outcome.bytes == expected - brought
        assert outcome.layer_bytes == made.filesystem.layer_bytes - outcome.bytes
        assert 0 <= outcome.visible_bytes <= outcome.layer_bytes <= made.filesystem.layer_bytes
        assert outcome.visible_bytes <= made.filesystem.visible_bytes
    assert [(each.finding.rule, each.bytes) for each in prediction.fixes] == fixes


@given(LAYERS)
def test_all_is_claimed_once_or_twice_and_nothing_is_left(layers: list[ExampleLayer]) -> None:
    made = made_facts(*layers)
    everything = [
        finding(made.claims.paths([""]), safety=Safety.REVIEW),
        finding(made.claims.paths(["", "d", "a"]), safety=Safety.REVIEW),
        finding(made.claims.hidden(made.filesystem.hidden)),
        finding(made.claims.hidden(made.filesystem.hidden)),
    ]
    review = predict(made, everything).review
    assert (review.layer_bytes, review.visible_bytes) == (0, 0)
    assert review.bytes == made.filesystem.layer_bytes


@given(LAYERS, st.lists(st.sampled_from((*PATHS, "d", "d/g", "")), max_size=4))
def test_the_bases_part_and_the_rest_are_the_whole(
    layers: list[ExampleLayer], paths: list[str]
) -> None:
    base = ExampleLayer(created_by="Imported from -", files={"a": 7, "d/e": 70, "d/g/h": 700})
    made = made_facts(base, *layers)
    own, of_base = made.claims.parts(paths)
    whole = made.claims.paths(paths)
    assert own.visible_bytes + of_base.visible_bytes == whole.visible_bytes
    assert not own.files & of_base.files
    assert {file.layer for file in own.files} <= set(range(1, len(layers) + 1))
    # What the base holds below files of later layers is in neither: nobody gets it out.
    assert own.files | of_base.files <= whole.files
    left = whole.files - own.files - of_base.files
    assert {file.layer for file in left} <= {0}
