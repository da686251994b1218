from __future__ import annotations

from dataclasses import replace

import pytest

from imgdiag.comparison import compare
from imgdiag.comparison.packages import compare_environments
from imgdiag.errors import ImgdiagError
from tests.comparison.images import compared, layer, taken
from tests.made import SITE, distribution

IMAGE = taken(layer(files={"a": 900, **distribution("six", {"six.py": 100})}))


def test_growth_and_per_cent() -> None:
    found = compared(layer(files={"a": 1_000}), layer(files={"a": 1_340}))
    assert (found.growth, found.growth_percent) == (340, 34.0)
    assert compare(found.head, found.base).growth == -340


def test_the_same_size_is_not_unchanged() -> None:
    found = compared(layer(files={"a": 9}), layer(files={"b": 9}))
    assert found.growth == 0
    assert not found.is_unchanged  # another layer
    assert compare(found.base, found.base).is_unchanged


def test_shared_bytes_are_those_that_are_stored_once() -> None:
    common = layer("COPY a", files={"a": 700})
    found = compared((common, layer("RUN x", files={"b": 5})), (common, layer("RUN y")))
    assert found.shared_bytes == 700


def test_an_empty_image() -> None:
    found = compare(taken(), IMAGE)
    assert found.growth_percent is None
    assert found.growth == sum(each.bytes for each in found.causes)
    assert compare(taken(), taken()).is_unchanged


def test_numbers_that_do_not_add_up_are_a_fault_and_no_answer() -> None:
    sizes = replace(IMAGE.sizes, layer_bytes=IMAGE.sizes.layer_bytes + 1)
    with pytest.raises(ImgdiagError, match="the causes are not the growth"):
        compare(IMAGE, replace(IMAGE, sizes=sizes))
    root, *others = IMAGE.folders
    folders = (replace(root, bytes=root.bytes + 1), *others)
    with pytest.raises(ImgdiagError, match="the folders are not the growth of what is visible"):
        compare(IMAGE, replace(IMAGE, folders=folders))


def test_environments_whose_paths_show_alike_are_one() -> None:
    [environment] = [each for each in IMAGE.environments if each.path == SITE]
    twice = replace(IMAGE, environments=(*IMAGE.environments, environment))
    assert compare_environments(IMAGE, twice) == ()
