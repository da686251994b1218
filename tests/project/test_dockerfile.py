from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgdiag.errors import ImgdiagError
from imgdiag.project.dockerfile import MAX_BYTES, Dockerfile, parse_dockerfile, read_dockerfile
from imgdiag.project.instruction import Instruction


def only(text: str) -> Instruction:
    """Return the one instruction after the FROM of a file."""
    [stage] = parse_dockerfile(text).stages
    [instruction] = stage.instructions
    return instruction


def lines(dockerfile: Dockerfile) -> list[tuple[str, int, int]]:
    return [
        (each.word, each.line, each.end_line)
        for stage in dockerfile.stages
        for each in (stage.origin, *stage.instructions)
    ]


def test_lines_with_comments_and_blank_lines_inside_of_an_instruction() -> None:
    found = parse_dockerfile(
        "# a comment\n\nFROM a\nRUN one \\\n  # inside\n\n  two \\\n\n\n  three\n\nCMD x\n"
    )
    assert lines(found) == [("FROM", 3, 3), ("RUN", 4, 10), ("CMD", 12, 12)]
    run = found.stages[0].instructions[0]
    assert run.rest == "one   two   three"
    assert [run.line_at(run.rest.index(word)) for word in ("one", "two", "three")] == [4, 7, 10]


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("FROM a\r\nRUN one \\\r\n two\r\n", "one  two"),  # Windows' line ends
        ("\ufeffFROM a\nRUN one", "one"),  # a byte-order mark, and no newline at the end
        ("FROM a\n\trun\tone\t\n", "one"),  # tabs, small letters
        ("FROM a\nRUN one \\\n", "one"),  # a continuation at the end of the file
        ("FROM a\nRUN one \\ \t\n two", "one  two"),  # blanks after the mark
        ("FROM a\nRUN one\\\\\n", "one\\\\"),  # a doubled mark continues nothing
        ("FROM a\nRUN \\\n  one", "one"),
        ("# escape=`\nFROM a\nRUN one `\n two C:\\", "one  two C:\\"),
        ("# syntax=docker/dockerfile:1\n# escape = `\nFROM a\nRUN one `\n two", "one  two"),
        ("# a comment\n# escape=`\nFROM a\nRUN one \\\n two", "one  two"),
        ("FROM a\nRUN one \u2028 two\x0b", "one \u2028 two"),  # no line ends of a Dockerfile
    ],
)
def test_how_lines_are_joined(text: str, rest: str) -> None:
    assert only(text).rest == rest


def test_a_heredoc_is_one_instruction() -> None:
    text = "FROM a\nRUN <<-'EOF' python3 - && echo ok\n\tFROM fake\n\n# kept\nEOF\nCMD x\n"
    found = parse_dockerfile(text)
    assert lines(found) == [("FROM", 1, 1), ("RUN", 2, 6), ("CMD", 7, 7)]
    [heredoc] = found.stages[0].instructions[0].heredocs
    assert (heredoc.name, heredoc.line) == ("EOF", 3)
    assert heredoc.body == "\tFROM fake\n\n# kept\n"
    assert heredoc.text == "FROM fake\n\n# kept\n"


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("RUN <<EOF", ["EOF"]),
        ("RUN cat 3<<EOF <<'two'", ["EOF", "two"]),
        ("COPY <<a <<b /x/", ["a", "b"]),
        ("ADD <<a /x", ["a"]),
        ("ONBUILD RUN <<EOF", ["EOF"]),
        ("RUN cat <<<word", []),  # a here-string of bash
        ("RUN echo $((1 << 2))", []),
        ("RUN echo '<<EOF'", []),
        ("ENV A=<<EOF", []),  # has none
        ('RUN ["cat", "<<EOF"]', []),
    ],
)
def test_what_is_a_heredoc(line: str, names: list[str]) -> None:
    body = "".join(f"text\n{name}\n" for name in names)
    assert [each.name for each in only(f"FROM a\n{line}\n{body}").heredocs] == names


def test_two_heredocs_have_their_own_text() -> None:
    found = only("FROM a\nCOPY <<one <<two /x/\n1\none\n2\ntwo\n")
    assert [(each.body, each.line) for each in found.heredocs] == [("1\n", 3), ("2\n", 5)]
    assert found.end_line == 6


def test_flags_arguments_and_json_forms() -> None:
    run = only("FROM a\nRUN --mount=type=cache,target=/c \\\n  --network=none pip install --x .\n")
    assert run.flags == ("--mount=type=cache,target=/c", "--network=none")
    assert (run.flag("mount"), run.flag("network")) == (("type=cache,target=/c",), ("none",))
    assert run.rest == "pip install --x ."
    assert run.line_at(0) == 3
    copy = only('FROM a\nCOPY --from=b --chown=1:1 ["a b", "c"]\n')
    assert (copy.arguments, copy.flag("from")) == (("a b", "c"), ("b",))
    assert only("FROM a\nCOPY a 'b c' d").arguments == ("a", "'b c'", "d")
    assert only('FROM a\nCMD ["a", "b"]').exec_form == ("a", "b")
    assert only("FROM a\nCMD [a, b]").exec_form is None
    assert only(f"FROM a\nCMD {'[' * 100_000}").exec_form is None
    assert only("FROM a\nCOPY --from=b a c").text == "COPY --from=b a c"


@pytest.mark.parametrize(
    ("line", "pairs"),
    [
        ("ENV A=1 B='x y' C=\"$A z\"", (("A", "1"), ("B", "'x y'"), ("C", '"$A z"'))),
        ("ENV A x y", (("A", "x y"),)),
        ("LABEL a.b=c", (("a.b", "c"),)),
        ("ARG A", (("A", None),)),
        ("ARG A=1 B", (("A", "1"), ("B", None))),
        ("ARG A=", (("A", ""),)),
    ],
)
def test_names_and_values(line: str, pairs: tuple[tuple[str, str | None], ...]) -> None:
    assert only(f"FROM a\n{line}\n").pairs == pairs


def test_stages() -> None:
    found = parse_dockerfile(
        "ARG VERSION=3.11\nARG OTHER\nFROM python:${VERSION}-slim AS Base\nRUN a\n"
        "FROM base as child\nRUN b\n"
        "FROM --platform=$BUILDPLATFORM ${NAME:-debian}:${TAG-12} AS tools\n"
        "FROM child\nRUN c\nFROM $OTHER\nFROM app:$TARGETARCH\n"
    )
    assert [(each.name, each.base, each.parent) for each in found.stages] == [
        ("base", "python:3.11-slim", None),
        ("child", "base", 0),
        ("tools", "debian:12", None),
        ("", "child", 1),
        ("", "$OTHER", None),
        ("", "app:$TARGETARCH", None),
    ]
    assert [each.by_default for each in found.stages] == [True, False, True, False, True, True]
    chain = found.chain(found.stages[3])
    assert [each.index for each in chain] == [0, 1, 3]
    assert found.target(None).index == 5
    assert (found.target("CHILD").index, found.target("2").index) == (1, 2)
    assert (found.find("nothing"), found.find("9"), found.find("9" * 5_000)) == (None, None, None)


def test_an_image_that_is_named_like_a_later_stage_is_an_image() -> None:
    found = parse_dockerfile("FROM b AS a\nFROM c AS b\n")
    assert [each.parent for each in found.stages] == [None, None]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "Dockerfile has no FROM"),
        ("# nothing\n", "Dockerfile has no FROM"),
        ("FROM a\n\nRUM b\n", "Dockerfile:3: there is no instruction 'RUM'. Did you mean RUN?"),
        ("\x00\xff\n", "Dockerfile:1: there is no instruction"),
        ("RUN a\nFROM b\n", "Dockerfile:1: RUN stands before the first FROM"),
        ("FROM a\nRUN\n", "Dockerfile:2: RUN has nothing after it"),
        ("FROM a\nRUN --mount=type=cache\n", "Dockerfile:2: RUN has nothing after it"),
        ("FROM a\nCOPY a\n", "Dockerfile:2: COPY takes a source and a destination"),
        ("FROM a b\n", "Dockerfile:1: FROM takes an image"),
        ("FROM a FOR b\n", "Dockerfile:1: FROM takes an image"),
        ("FROM a\n\nRUN <<EOF\nx\n", "Dockerfile:3: the heredoc 'EOF' has no end"),
        ("# escape=x\nFROM a\n", "Dockerfile:1: the escape character can be"),
        ("# escape=`\n# ESCAPE=`\nFROM a\n", "Dockerfile:2: the parser directive 'escape'"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(text: str, message: str) -> None:
    with pytest.raises(ImgdiagError) as error:
        parse_dockerfile(text)
    assert str(error.value).startswith(message)


def test_a_stage_that_is_not_there() -> None:
    with pytest.raises(ImgdiagError, match=r"no stage 'biulder'. Did you mean 'builder'\?"):
        parse_dockerfile("FROM a AS builder\nFROM b").target("biulder")
    with pytest.raises(ImgdiagError, match=r"no stage '7'. It has builder, 1"):
        parse_dockerfile("FROM a AS builder\nFROM b").target("7")


def test_files_that_are_none(tmp_path: Path) -> None:
    with pytest.raises(ImgdiagError, match="cannot read"):
        read_dockerfile(tmp_path / "none")
    with pytest.raises(ImgdiagError, match="is not a file"):
        read_dockerfile(tmp_path)
    with pytest.raises(ImgdiagError, match="is not a file"):
        read_dockerfile(Path("/dev/zero"))
    big = tmp_path / "big"
    with big.open("wb") as file:
        file.truncate(MAX_BYTES + 1)
    with pytest.raises(ImgdiagError, match="too big"):
        read_dockerfile(big)


def test_more_instructions_than_a_dockerfile_can_have() -> None:
    with pytest.raises(ImgdiagError, match=r"has 2,001 instructions"):
        parse_dockerfile("FROM a\n" + "RUN b\n" * 2_000)


def test_bytes_that_are_not_utf8(tmp_path: Path) -> None:
    path = tmp_path / "Dockerfile"
    path.write_bytes(b"FROM a\nRUN echo \xff\n")
    found = read_dockerfile(path)
    assert found.stages[0].instructions[0].rest == "echo \udcff"
    assert (found.path, found.name) == (str(path), "Dockerfile")


PARTS = st.sampled_from(
    ["FROM a", "FROM a AS b", "RUN x", "RUN <<E", "E", "\\", " \\", "#", "# escape=`", "`", '"',
     "'", "COPY a b", "ENV A=$B", "ARG C=${D:-e}", "--mount=x", " ", "\t", "[", "\ufeff", "\r",
     "<<E"]
)  # fmt: skip


@given(st.lists(st.lists(PARTS, max_size=4).map("".join), max_size=12).map("\n".join))
def test_whatever_stands_there_gives_stages_or_an_error(text: str) -> None:
    try:
        found = parse_dockerfile(text)
    except ImgdiagError:
        return
    spans = [(start, end) for _, start, end in lines(found)]
    assert all(1 <= start <= end <= text.count("\n") + 1 for start, end in spans)
    assert all(one[1] < two[0] for one, two in pairwise(spans))
    for stage in found.stages:
        for each in stage.instructions:
            assert each.line <= each.line_at(0) <= each.line_at(len(each.rest)) <= each.end_line
