from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from imgdiag.comparison.folders import compare_folders

MB = 1_000_000


def rows(base: dict[str, int], head: dict[str, int]) -> list[tuple[str, int, int]]:
    return [(each.path, each.base_bytes, each.head_bytes) for each in compare_folders(base, head)]


def test_the_folder_that_has_most_of_it_is_named() -> None:
    base = {"": 9 * MB, "srv": 5 * MB}
    head = {"": 60 * MB, "srv": 56 * MB, "srv/models": 51 * MB, "srv/models/a": 26 * MB,
            "srv/models/b": 25 * MB}  # fmt: skip
    assert rows(base, head) == [("srv/models/a", 0, 26 * MB), ("srv/models/b", 0, 25 * MB)]
    deep = {
        f"srv/x/y{path.removeprefix('srv')}" if path else "": size for path, size in head.items()
    }
    deep |= {"srv": 56 * MB, "srv/x": 56 * MB, "srv/x/y": 56 * MB}
    # Below two levels, one of two that are alike says less than both.
    base |= {"srv/x": 5 * MB, "srv/x/y": 5 * MB}
    assert rows(base, deep) == [("srv/x/y/models", 0, 51 * MB)]


def test_what_is_too_little_for_a_row_counts_at_the_root() -> None:
    base = {"": 200 * MB, "a": 100 * MB, "b": 50 * MB}
    head = {"": 301 * MB, "a": 200 * MB, "b": 51 * MB}
    assert rows(base, head) == [("a", 100 * MB, 200 * MB), ("", 100 * MB, 101 * MB)]


def test_a_small_folder_of_one_image_counts_in_the_one_above() -> None:
    # The other image may have up to a megabyte there.
    base = {"": 5 * MB, "a": 4 * MB}
    head = {"": 5 * MB + 100, "a": 4 * MB + 100, "a/b": MB}
    assert rows(base, head) == [("a", 4 * MB, 4 * MB + 100)]
    head = {"": 6 * MB, "a": 5 * MB, "a/b": 2 * MB}
    assert rows(base, head) == [("a/b", 0, 2 * MB), ("a", 4 * MB, 3 * MB)]


def test_what_moved_and_nothing_else() -> None:
    base = {"": 20 * MB, "old": 10 * MB}
    head = {"": 20 * MB, "new": 10 * MB}
    assert rows(base, head) == [("new", 0, 10 * MB), ("old", 10 * MB, 0)]
    assert rows(base, base) == []
    assert rows({"": 0}, {"": 0}) == []


_PATHS = st.sampled_from(("", "a", "b", "a/b", "a/b/c", "a/b/c/d", "a/x", "b/y"))


@st.composite
def trees(draw: st.DrawFn) -> dict[str, int]:
    own = draw(st.dictionaries(_PATHS, st.integers(0, 9 * MB)))
    sums = {"": 0}
    for path, size in own.items():
        parts = path.split("/") if path else []
        for depth in range(len(parts) + 1):
            above = "/".join(parts[:depth])
            sums[above] = sums.get(above, 0) + size
    return {path: size for path, size in sums.items() if size >= MB or not path}


@settings(deadline=None)
@given(trees(), trees())
def test_rows_add_up_and_do_not_depend_on_the_direction(
    base: dict[str, int], head: dict[str, int]
) -> None:
    found = rows(base, head)
    assert sum(after - before for _, before, after in found) == head[""] - base[""]
    assert sorted((path, after, before) for path, before, after in found) == sorted(
        rows(head, base)
    )
