from __future__ import annotations

import pytest

from imgdiag.urls import url_path


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("https://download.pytorch.org/whl/cpu", "/whl/cpu"),
        ("file:///src", "/src"),
        ("", ""),
        ("http://[x]/whl/cpu", ""),
        ("file://y]/z", ""),
    ],
)
def test_the_path_of_anything(url: str, path: str) -> None:
    assert url_path(url) == path
