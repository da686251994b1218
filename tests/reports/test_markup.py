"""What GitHub's own parser makes of names, and pages that fit a comment."""

from __future__ import annotations

import html
import re

import cmarkgfm  # type: ignore[import-untyped]
import pytest
from cmarkgfm.cmark import Options  # type: ignore[import-untyped]
from hypothesis import given
from hypothesis import strategies as st

from imgdiag.reports._markup import (
    COMMENT_LIMIT,
    Section,
    code,
    fence,
    folded,
    indented,
    page,
    table,
    text,
)
from imgdiag.text import printable

ZERO_WIDTH = "\u200b"
HARMFUL = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<!-- imgdiag:size -->",
    "[a](https://evil.example)",
    "![a](https://evil.example/x.png)",
    "[a]: https://evil.example",
    "https://evil.example/x",
    "http://evil.example",
    "www.evil.example",
    "<https://evil.example>",
    "mailto:a@evil.example",
    "a@evil.example",
    "app@sha256:0123 a@b@evil.example x@. a@_b.c",
    "xmpp:@a/b.c xmpp:@-a.b MAILTO:a@b.c",
    "@octocat and @github/team",
    "#1 and GH-1 and octocat/hello#1",
    "| a | b |",
    "`code` ``more``",
    "**bold** _em_ ~~gone~~",
    "# heading",
    "line\n\n# heading\n- item",
    "&lt;b&gt; &#64;octocat &amp;",
    "\\[a\\](b) \\",
    "\x1b[31mred\x1b]0;title\x07",
    "\u202egpj.exe",
    "caf\udce9",
    "::error::x",
]


def rendered(markdown: str) -> str:
    options = Options.CMARK_OPT_UNSAFE  # as GitHub does, which then takes out what it forbids
    result: str = cmarkgfm.github_flavored_markdown_to_html(markdown, options)
    return result


def tags(page_: str) -> set[str]:
    return set(re.findall(r"<[a-z!/][^>]*>", page_))


def shown(page_: str) -> str:
    """Return what a reader sees, without the spaces of no width."""
    return html.unescape(re.sub(r"<[^>]*>", "", page_)).replace(ZERO_WIDTH, "")


@pytest.mark.parametrize("name", HARMFUL)
@pytest.mark.parametrize("escape", [text, code])
def test_names_that_would_be_markup_are_only_read(name: str, escape: type[str]) -> None:
    for markdown in (f"x {escape(name)} y", f"**{escape(name)}**", f"- {escape(name)}"):
        page_ = rendered(markdown)
        allowed = {"p", "strong", "ul", "li", "code"}
        assert {tag.strip("</>") for tag in tags(page_)} <= allowed, page_
        assert printable(name) in shown(page_)


@pytest.mark.parametrize("name", HARMFUL)
def test_nobody_is_mentioned(name: str) -> None:
    # GitHub looks for mentions and issues in the text of the page, entities read, outside of code.
    page_ = re.sub(r"<code>.*?</code>", "", html.unescape(rendered(text(name))))
    assert not re.search(r"@\w|#\d|\bGH-\d", page_)


@given(st.text() | st.text(alphabet="ab@.-_+:/w#1 |`<\\"))
def test_whatever_the_name(name: str) -> None:
    for escape in (text, code):
        page_ = rendered(f"x{escape(name)}y")
        assert {tag.strip("</>") for tag in tags(page_)} <= {"p", "code"}, page_
        assert printable(name).split() == shown(page_).strip()[1:-1].split()


@given(st.lists(st.lists(st.text(), min_size=2, max_size=2), max_size=4))
def test_cells_stay_cells(rows: list[list[str]]) -> None:
    cells = [[text(left), code(right)] for left, right in rows]
    page_ = rendered(table(("A", "B"), cells, "lr"))
    assert page_.count("<tr>") == len(rows) + 1
    assert page_.count("<td") == 2 * len(rows)


@given(st.text(alphabet="`~ ab\n#<>|", max_size=60))
def test_snippets_stay_snippets(snippet: str) -> None:
    page_ = rendered(f"1. x\n\n{indented(folded('The lines', fence(snippet, 'dockerfile')))}\n\nz")
    assert page_.count("<pre") == 1
    [inside] = re.findall(r"<pre[^>]*><code>(.*?)</code></pre>", page_, re.DOTALL)
    lines = [line.rstrip() for line in html.unescape(inside).split("\n")]
    assert lines[:-1] == [line.rstrip() for line in snippet.split("\n")]
    assert page_.endswith("</ol>\n<p>z</p>\n")


def sections(*sizes: int) -> list[Section]:
    return [Section(f"part {n}", (f"{n}" * size,)) for n, size in enumerate(sizes)]


def test_a_page_that_fits_is_whole() -> None:
    assert page(sections(3, 2)) == "000\n\n11\n"
    assert page([Section("a", ("x", "y")), Section("b", ())]) == "x\n\ny\n"


def test_what_does_not_fit_is_left_out_from_there_and_named() -> None:
    assert page(sections(100, 1_000, 10), limit=1_200) == (
        "0" * 100 + "\n\n*Left out, as a comment has its limit: part 1, part 2.*\n"
    )


@pytest.mark.parametrize("character", ["a", "é", "🐳"])
def test_a_page_never_exceeds_the_limit(character: str) -> None:
    many = [Section(f"part {n}", (character * 997,)) for n in range(200)]
    text_ = page(many)
    assert COMMENT_LIMIT - 6_000 < len(text_.encode()) <= COMMENT_LIMIT
    assert "*Left out, as a comment has its limit: part " in text_


def test_the_first_section_is_always_there() -> None:
    assert page(sections(5_000, 1), limit=2_000).startswith("0" * 5_000)
