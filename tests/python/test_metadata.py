"""The headers of core metadata, against the standard library's own reading of them."""

from __future__ import annotations

import re
from email.parser import HeaderParser

from hypothesis import given
from hypothesis import strategies as st

from imgdiag.python.metadata import headers_of


@given(
    st.lists(
        st.one_of(
            st.sampled_from(
                [
                    "Name: a",
                    "name:b",
                    "Requires-Dist: c;\r\n d\r\n\te ",
                    ": x",
                    "no header",
                    " lone",
                ]
            ),
            st.text(st.sampled_from("aZ-: \t\r\né"), max_size=6),
        )
    ).map("\n".join)
)
def test_headers_are_those_of_the_standard_library(text: str) -> None:
    head = re.split(r"\r?\n\r?\n", text, maxsplit=1)[0]
    expected: dict[str, list[str]] = {}
    for name, value in HeaderParser().parsestr(head).items():
        expected.setdefault(name.lower(), []).append(re.sub(r"\r\n|\r", "\n", str(value)))
    assert headers_of(text) == expected
