from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgdiag.project.shell import Command, commands_of, commands_started


def texts(text: str) -> list[tuple[str, str]]:
    """Return each command's operator and its words."""
    return [(each.before, " ".join(each.words)) for each in commands_of(text)]


@pytest.mark.parametrize(
    ("text", "commands"),
    [
        ("a b", [("", "a b")]),
        ("a && b || c; d | e & f", [("", "a"), ("&&", "b"), ("||", "c"), (";", "d"), ("|", "e"),
                                    ("&", "f")]),
        ("a\n\nb # c && d\ne", [("", "a"), ("\n", "b"), ("\n", "e")]),
        ("a \\\n b", [("", "a b")]),
        ("echo 'a && b' \"c; d\"", [("", "echo a && b c; d")]),
        ("echo a#b", [("", "echo a#b")]),
        ("A=1 B='x y' sudo -E env C=2 pip install .", [("", "pip install .")]),
        ("if a; then b; else c; fi", [("", "a"), (";", "b"), (";", "c"), (";", "")]),
        ("a && ( b || c ) && d", [("", "a"), ("&&", "b"), ("||", "c"), ("&&", "d")]),
        ("{ a; b; } | c", [("", "a"), (";", "b"), (";", ""), ("|", "c")]),
        ("a $(b && c) `d; e` $((1 << 2))", [("", "a $(b && c) `d; e` $((1 << 2))")]),
        ("find . \\( -name x \\) -exec rm {} \\;", [("", "find . ( -name x ) -exec rm {} ;")]),
        ("bash -ec 'a && b' && c", [("", "a"), ("&&", "b"), ("&&", "c")]),
        ("curl x|tar xz", [("", "curl x"), ("|", "tar xz")]),
        ("a 2>&1 >/dev/null <in <<EOF", [("", "a")]),
        ("a ||", [("", "a")]),
        ("'open", [("", "open")]),
        ("", []),
    ],
)  # fmt: skip
def test_commands(text: str, commands: list[tuple[str, str]]) -> None:
    assert texts(text) == commands


@pytest.mark.parametrize(
    ("words", "commands"),
    [
        (("pip", "install", "a b"), ["pip install a b"]),
        (("/bin/bash", "-c", "a && b"), ["a", "b"]),
        (("/bin/bash", "-o", "pipefail", "-c", "a | b"), ["a", "b"]),
        (("sh", "script.sh"), ["sh script.sh"]),
        ((), [""]),
    ],
)
def test_commands_without_a_shell_s_text(words: tuple[str, ...], commands: list[str]) -> None:
    assert [" ".join(each.words) for each in commands_started(words)] == commands


def only(text: str) -> Command:
    [command] = commands_of(text)
    return command


def test_parts_of_a_command() -> None:
    command = only("A=1 B= /usr/bin/pip3 install -qr x.txt --out=y -o z w >log 2>>err &>all")
    assert command.name == "pip3"
    assert command.assignments == (("A", "1"), ("B", ""))
    assert command.arguments == ("install", "x.txt", "z", "w")
    assert command.outputs == ("log", "err", "all")
    assert [command.has(each) for each in ("-r", "-q", "--out", "-x", "-o")] == [
        *(True, True, True, False, True),
    ]
    assert [command.value(each) for each in ("-o", "--out", "-x")] == ["z", "y", None]


def test_where_commands_stand() -> None:
    text = "a && bb && (ccc)"
    assert [text[each.start :][: len(each.name)] for each in commands_of(text)] == [
        *("a", "bb", "ccc"),
    ]
    assert [(each.depth, each.operator_depth) for each in commands_of("a && ( b || c ) && d")] == [
        *((0, 0), (1, 0), (1, 1), (0, 0)),
    ]
    keywords = [each.keywords for each in commands_of("if a; then ! b; fi")]
    assert keywords == [("if",), ("then", "!"), ("fi",)]


def test_depth_takes_no_recursion() -> None:
    assert len(commands_of("(" * 50_000 + "a" + ")" * 50_000)) == 1
    assert len(commands_of("$(" * 50_000)) == 1


@given(st.text("ab '\"\\;&|(){}<>$`\n#=-", max_size=40))
def test_whatever_stands_there(text: str) -> None:
    found = commands_of(text)
    starts = [each.start for each in found]
    assert starts == sorted(starts)
    assert all(0 <= start < len(text) for start in starts)
    assert all(each.depth >= 0 and each.operator_depth >= 0 for each in found)
