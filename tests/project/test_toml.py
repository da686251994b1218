import pytest

from imgdiag.errors import ImgdiagError
from imgdiag.project.toml import parse_toml, strings, table, tables

TEXT = b"""\
# a comment = 1
[project]
name = "svc"
dependencies = [
    "torch>=2",
]
[tool.uv]
sources.torch = { index = "a" }
[[tool.uv.index]]
name = "a"
[[tool.uv.index]]   # the second
name = "b"
[tool.uv.index.more]
deep = 1
["quoted name".'x.y']
key = 2
"""


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("project",), 2),
        (("project", "name"), 3),
        (("project", "dependencies"), 4),
        (("tool", "uv", "sources"), 8),
        (("tool", "uv", "sources", "torch"), 8),
        (("tool", "uv", "index", 0), 9),
        (("tool", "uv", "index", 1), 11),
        (("tool", "uv", "index", 1, "name"), 12),
        (("tool", "uv", "index", 1, "more", "deep"), 14),
        (("quoted name", "x.y", "key"), 16),
        (("nothing",), None),
        (("a comment",), None),
    ],
)
def test_lines(path: tuple[str | int, ...], line: int | None) -> None:
    assert parse_toml(TEXT, "pyproject.toml").line(*path) == line


def test_line_with() -> None:
    file = parse_toml(TEXT, "pyproject.toml")
    assert file.line_with("name") == 3
    assert file.line_with("name", after=4) == 10
    assert file.line_with("nowhere") is None


def test_a_mark_at_the_start_is_no_part_of_the_text() -> None:
    assert parse_toml(b"\xef\xbb\xbfa = 1\n", "x.toml").line("a") == 1


@pytest.mark.parametrize("data", [b"a = ", b"\xff", b"a = " + b"[" * 100_000])
def test_what_is_not_toml_is_an_error_with_its_path(data: bytes) -> None:
    with pytest.raises(ImgdiagError, match=r"^x/uv\.lock is not valid TOML \(.+\)"):
        parse_toml(data, "x/uv.lock")


def test_values_of_another_kind_are_left_out() -> None:
    values = {"a": {"b": 1, "c": ["x", 2, {}, {"d": 1}]}}
    assert table(values, "a", "b") == {}
    assert table(values, "a", "b", "c") == {}
    assert strings(values["a"]["c"]) == ["x"]
    assert tables(values["a"]["c"]) == [{}, {"d": 1}]
    assert tables({"one": 1}) == [{"one": 1}]
    assert tables(None) == []
