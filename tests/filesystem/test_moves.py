"""Files that a layer moved, told from those that it deleted."""

from __future__ import annotations

from imgdiag.rules import deleted_later, moved_file
from imgdiag.rules.rule import ExampleLayer
from tests.made import made_facts, only

BIG = 5_000_000


def layers(
    moved: dict[str, int | str], *, mtime: int = 1_700_000_000, old: str = "tmp/model.bin"
) -> list[ExampleLayer]:
    return [
        ExampleLayer(created_by="RUN make", files={old: BIG, "tmp/junk": 2_000_000}),
        ExampleLayer(
            created_by="RUN /bin/sh -c mv /tmp/model.bin /srv/ && rm /tmp/junk",
            files=moved,
            deletes=("tmp",),
            mtime=mtime,
        ),
    ]


def test_what_was_moved_is_not_deleted() -> None:
    facts = made_facts(*layers({"srv/model.bin": BIG}))
    assert [(each.path, new) for each, new in facts.moves.items()] == [
        ("tmp/model.bin", "srv/model.bin")
    ]
    assert only(moved_file.RULE, facts).bytes == BIG
    assert only(deleted_later.RULE, facts).bytes == 2_000_000


def test_another_time_size_or_name_is_another_file() -> None:
    for other in (
        layers({"srv/model.bin": BIG}, mtime=1_700_000_001),
        layers({"srv/model.bin": BIG + 1}),
        layers({"srv/other.bin": BIG}),
    ):
        facts = made_facts(*other)
        assert not facts.moves
        assert only(deleted_later.RULE, facts).bytes == BIG + 2_000_000


def test_what_another_layer_stores_is_a_copy_and_no_move() -> None:
    copied = ExampleLayer(created_by="RUN cp -a", files={"srv/model.bin": BIG})
    first, second = layers({"srv/unlike": BIG})
    assert not made_facts(first, copied, second).moves


def test_little_is_left_to_chance() -> None:
    facts = made_facts(
        ExampleLayer(created_by="RUN a", files={"a/__init__.py": 999_999}),
        ExampleLayer(
            created_by="RUN b", files={"b/__init__.py": 999_999, "c": BIG}, deletes=("a",)
        ),
    )
    assert facts.moves == {}


def test_a_megabyte_is_enough() -> None:
    facts = made_facts(
        ExampleLayer(created_by="RUN a", files={"a/m": 600_000, "a/n": 400_000, "a/empty": 0}),
        ExampleLayer(
            created_by="RUN b",
            files={"b/m": 600_000, "b/n": 400_000, "b/empty": 0},
            deletes=("a",),
        ),
    )
    assert sorted(facts.moves.values()) == ["b/m", "b/n"]  # empty ones are alike by chance


def test_what_is_kept_under_another_name_before_it_is_written_anew_is_not_moved() -> None:
    facts = made_facts(
        ExampleLayer(created_by="RUN a", files={"a/m": BIG, "gone": 1}),
        ExampleLayer(created_by="RUN b", files={"a/m": BIG + 1, "old/m": BIG}, deletes=("gone",)),
    )
    assert facts.moves == {}


def test_nothing_is_deleted_and_nothing_moved() -> None:
    assert made_facts(ExampleLayer(created_by="RUN a", files={"a": BIG})).moves == {}


def test_a_file_moved_twice_is_stored_three_times() -> None:
    facts = made_facts(
        ExampleLayer(created_by="RUN a", files={"a/m": BIG}),
        ExampleLayer(created_by="RUN b", files={"b/m": BIG}, deletes=("a/m",)),
        ExampleLayer(created_by="RUN c", files={"c/m": BIG}, deletes=("b/m",)),
    )
    assert [each.bytes for each in moved_file.RULE.run(facts)] == [BIG, BIG]


def test_made_by_a_run_it_is_moved_there() -> None:
    facts = made_facts(*layers({"srv/model.bin": BIG}))
    assert only(moved_file.RULE, facts).fix.snippet == (
        "RUN make \\\n && mv /tmp/model.bin /srv/ && rm /tmp/junk"
    )


def test_copied_it_is_copied_to_where_it_belongs() -> None:
    first, second = layers({"srv/model.bin": BIG})
    copied = ExampleLayer(created_by="COPY models /tmp", files=first.files)
    fix = only(moved_file.RULE, made_facts(copied, second)).fix
    assert fix.snippet == (
        "# in place of moving what this copies\n# COPY models /tmp\n"
        "COPY <the source of model.bin> /srv/model.bin"
    )


def test_what_the_base_has_is_information() -> None:
    first, second = layers({"srv/model.bin": BIG})
    base = ExampleLayer(created_by="Imported from -", files=first.files)
    finding = only(moved_file.RULE, made_facts(base, second))
    assert finding.informational
    assert finding.in_base
