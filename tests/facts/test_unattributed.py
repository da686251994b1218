from __future__ import annotations

from collections.abc import Mapping

from hypothesis import given
from hypothesis import strategies as st

from imgdiag.facts.unattributed import unattributed_bytes, unattributed_rows
from imgdiag.scanner.usage import Usage
from tests.made import made_filesystem, made_layer


def rows(
    files: Mapping[str, int | str],
    owned: tuple[str, ...] = (),
    links: Mapping[str, str] | None = None,
) -> dict[str, int]:
    filesystem = made_filesystem(made_layer(files, links=links))
    by_path = dict(filesystem.files())
    usage = Usage(filesystem)
    sums = unattributed_bytes(usage, frozenset(by_path[path] for path in owned))
    found = unattributed_rows(usage, sums)
    assert list(found) == sorted(found, key=lambda row: (-row.bytes, row.path))
    return {row.path: row.bytes for row in found}


def test_a_cache_is_one_row_and_not_its_many_folders() -> None:
    cache = {f"root/.cache/pip/http-v2/{index:x}/data": 1_000 for index in range(16)}
    assert rows(cache) == {"root/.cache/pip/http-v2": 16_000}


def test_a_large_folder_among_others_has_a_row_of_its_own() -> None:
    files: dict[str, int | str] = {"srv/models/a/weights": 900, "srv/models/b/weights": 40,
                                   "srv/x": 60, "usr/lib/y": 500, "usr/z": 1}  # fmt: skip
    assert rows(files) == {
        "srv/models/a": 900,
        "usr/lib": 500,
        "srv": 60,
        "srv/models/b": 40,
        "": 1,
    }


def test_what_has_an_owner_is_left_out() -> None:
    assert rows({"a/x": 100, "a/y": 50, "b/z": 7}, ("a/x", "b/z")) == {"a": 50}
    assert rows({"a/x": 100}, ("a/x",)) == {}
    assert rows({}) == {}


def test_a_folder_that_two_share_splits_no_further_deep_down() -> None:
    files: dict[str, int | str] = {"a/b/c/d/x": 50, "a/b/c/e/x": 50}
    assert rows(files) == {"a/b/c": 100}


def test_hard_links_count_where_the_first_name_is() -> None:
    assert rows({"a/x": 100}, links={"b/y": "a/x"}) in ({"a": 100}, {"b": 100})


@given(
    st.dictionaries(
        st.lists(st.sampled_from("abcd"), min_size=1, max_size=9).map("/f".join),
        st.integers(0, 10**6),
        max_size=40,
    ),
)
def test_rows_add_up_to_what_nobody_owns(files: dict[str, int]) -> None:
    filesystem = made_filesystem(made_layer(files))
    every = [file for _, file in filesystem.files()]
    owned = {file for index, file in enumerate(every) if (index * 7 + len(every)) % 3 == 0}
    usage = Usage(filesystem)
    found = unattributed_rows(usage, unattributed_bytes(usage, owned))
    assert sum(row.bytes for row in found) == sum(file.size for file in every if file not in owned)
    assert all(row.bytes > 0 for row in found)
    assert len({row.path for row in found}) == len(found)
