"""The page: what is in it, that nothing leaves it, and that its numbers are the JSON report's.

What it does in a browser is tested in tests/engine/test_page.py.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections import Counter
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from imgdiag.analysis import Analysis
from imgdiag.errors import ImgdiagError
from imgdiag.finding import Safety
from imgdiag.gate.gate import Budgets, judge
from imgdiag.reports import Style, html, render
from imgdiag.reports._html.data import page_data, script_json
from imgdiag.rules.rule import ExampleLayer
from tests.made import analysed
from tests.reports import images

IMAGES = (images.service, images.service_with_dockerfile, images.partial, images.no_python,
          images.empty, images.hostile)  # fmt: skip
VOID = {"meta", "link", "input"}


class Page(HTMLParser):
    """A page's elements; fails where one is not closed in its place."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, str] = {}  # of the elements without elements in them, the last
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        assert len(set(names)) == len(names)
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open:
            self.texts[self.open[-1]] = data

    def attributes(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


def rendered(analysis: Analysis) -> str:
    gate = judge(analysis, Budgets(max_layer=1, fail_on=Safety.RISKY))
    return render("html", analysis, gate, Style())


def data_of(text: str) -> dict[str, Any]:
    """Return the data as a browser reads it: the text of the element, as JSON."""
    [found] = re.findall(r'<script type="application/json" id="data">(.*?)</script>', text, re.S)
    data: dict[str, Any] = json.loads(found)
    return data


@pytest.mark.parametrize("image", IMAGES)
def test_the_page_is_well_formed(image: Any) -> None:
    text = rendered(image())
    assert text.startswith('<!DOCTYPE html>\n<html lang="en">\n')
    page = Page(text)
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(set(ids)) == len(ids)
    count = Counter(tag for tag, _ in page.elements)
    assert data_of(text)["title"].startswith(data_of(text)["image"]["reference"])
    assert (count["html"], count["main"], count["style"], count["script"]) == (1, 1, 1, 2)
    # One mark stands before the last: what is marked as a value is that and no code.
    assert not re.search("@[A-Z]+@", text.replace(json.dumps(data_of(text)), ""))


@pytest.mark.parametrize("image", [images.service, images.hostile])
def test_the_policy_allows_the_pages_own_script_and_style_and_nothing_else(image: Any) -> None:
    text = rendered(image())
    [policy] = [
        attributes["content"] or ""
        for attributes in Page(text).attributes("meta")
        if attributes.get("http-equiv") == "Content-Security-Policy"
    ]
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules == {
        "default-src": "'none'",
        "script-src": hashed(between(text, "<script>", "</script>")),
        "style-src": hashed(between(text, "<style>", "</style>")),
        "img-src": "data:",
        "base-uri": "'none'",
        "form-action": "'none'",
    }
    # It holds for what comes after it, so it comes before all that could load or run.
    assert text.index("Content-Security-Policy") < text.index("<style>")


def between(text: str, start: str, end: str) -> str:
    return text.split(start)[1].split(end)[0]


def hashed(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def test_nothing_is_fetched() -> None:
    text = rendered(images.service())
    frame = text.replace(between(text, 'id="data">', "</script>"), "")
    assert not re.search(r"https?:|//[a-z]+\.|url\(|@import|fetch\(|XMLHttp|WebSocket|import\(",
                         frame)  # fmt: skip
    page = Page(text)
    assert [each.get("href") for each in page.attributes("link")] == ["data:,"]
    assert not page.attributes("img")
    assert all("src" not in attributes for _, attributes in page.elements)
    assert not [name for _, attributes in page.elements for name in attributes if name[:2] == "on"]


def test_no_name_becomes_markup_or_code() -> None:
    whole, plain = Page(rendered(images.hostile())), Page(rendered(images.service()))
    assert whole.elements[:4] == plain.elements[:4]
    # But for the hashes and the data the two pages are the same.
    tags = [tag for tag, _ in plain.elements]
    assert [tag for tag, _ in whole.elements] == tags
    text = rendered(images.hostile())
    data = between(text, 'id="data">', "</script>")
    assert data.isascii()
    assert not set("<>&\n\r\x1b") & set(data)


@pytest.mark.parametrize(
    "name",
    [
        "</script><script>alert(1)</script>",
        "<!--<script>",
        "]]>",
        "\u2028\u2029",
        "\u202egpj.exe",
        "\x1b]0;owned\x07",
        "caf\udce9",
        "&lt;b&gt;",
        "@STYLE@ @SCRIPT@ @DATA@ @POLICY@",
        "__proto__",
        "\"'`${alert(1)}\\",
    ],
)
def test_a_hostile_name_is_told_and_does_nothing(name: str) -> None:
    part = name.replace("/", "∕")
    analysis = analysed(
        ExampleLayer(created_by=f"RUN echo {name}", files={f"opt/{part}/{part}": 5_000_000}),
        ExampleLayer(created_by="RUN rm", deletes=(f"opt/{part}",)),
        reference=name,
    )
    text = rendered(analysis)
    calm = rendered(images.no_python())
    outside = text.replace(between(text, 'id="data">', "</script>"), "")
    assert outside == calm.replace(between(calm, 'id="data">', "</script>"), "")
    data = data_of(text)["image"]
    expected = (
        part.encode("utf-8", "backslashreplace").decode()
        .replace("\\udce9", "\\xe9").replace("\x1b", "\\x1b").replace("\x07", "\\x07")
        .replace("\u202e", "\\u202e").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
    )  # fmt: skip
    assert data["tree"]["names"] == ["", "opt", expected, expected]
    assert data["reference"].replace("/", "∕") == expected


def test_a_name_longer_than_a_page_can_use_is_cut() -> None:
    [*_, name] = data_of(rendered(analysed(
        ExampleLayer(created_by="RUN x", files={"opt/" + "n" * 70_000: 5}),
    )))["image"]["tree"]["names"]  # fmt: skip
    assert name == "n" * 199 + "…"


def test_data_is_json_that_stands_in_a_script() -> None:
    assert script_json({"a": ["</script>", "<!--", "&", 1]}) == (
        '{"a":["\\u003c/script\\u003e","\\u003c!--","\\u0026",1]}'
    )


@pytest.mark.parametrize("image", IMAGES)
def test_the_numbers_are_those_of_the_json_report(image: Any) -> None:
    analysis = image()
    gate = judge(analysis, Budgets(max_size=4_000_000_000, fail_on=Safety.SAFE))
    report = json.loads(render("json", analysis, gate, Style()))
    page = page_data(analysis, gate)
    found = page["image"]
    sizes = {each["name"]: each["bytes"] for each in found["sizes"]}
    assert sizes["layers"] == found["layer_bytes"] == report["sizes"]["layer_bytes"]
    assert sizes["visible"] == found["visible_bytes"] == report["sizes"]["visible_bytes"]
    assert sizes.get("wasted", 0) == found["wasted_bytes"] == report["sizes"]["wasted_bytes"]
    assert sizes.get("download") == report["sizes"]["transfer_bytes"]
    assert found["unattributed_bytes"] == report["unattributed_bytes"]
    for theirs, ours, keys in (
        ("layers", "layers", ("layer_bytes", "visible_bytes", "wasted_bytes", "transfer_bytes")),
        ("packages", "packages", ("bytes", "retained_bytes")),
        ("system_packages", "system_packages", ("bytes",)),
        ("environments", "environments", ("bytes", "packages")),
        ("findings", "findings", ("bytes", "files", "layers", "rule", "safety", "severity")),
    ):
        assert [{key: each[key] for key in keys} for each in found[ours]] == [
            {key: each[key] for key in keys} for each in report[theirs]
        ]
    outcomes = (report["prediction"]["safe"], report["prediction"]["review"])
    for each in found["prediction"]:
        assert (each["bytes"], each["layer_bytes"], each["estimate"]) in [
            (outcome["bytes"], outcome["layer_bytes"], outcome["estimate"]) for outcome in outcomes
        ]
    assert page["gate"]["passed"] == report["gate"]["passed"]

    numbers = found["tree"]["contents"]
    rows = [numbers[start : start + 6] for start in range(0, len(numbers), 6)]
    for layer in report["layers"]:
        mine = [row for row in rows if row[1] == layer["index"]]
        assert sum(row[2] for row in mine) == layer["visible_bytes"]
        assert sum(row[3] for row in mine) == layer["wasted_bytes"]
    owned = Counter[int]()
    for row in rows:
        owned[found["tree"]["owners"][row[0]]] += row[2]
    # So small an image has a node for every file.
    packages = [*report["packages"], *report["system_packages"]]
    assert [owned[owner] for owner in range(len(packages))] == [each["bytes"] for each in packages]
    assert owned[-1] == report["unattributed_bytes"]


def test_a_tree_with_other_numbers_makes_no_page() -> None:
    wrong = replace(images.no_python(), tree=images.service().tree)
    with pytest.raises(ImgdiagError, match="do not add up"):
        rendered(wrong)


def test_every_part_of_the_page_is_in_its_package() -> None:
    folder = Path(html.__file__).parent / "_html"
    parts = {path.name for path in folder.iterdir() if path.suffix in {".js", ".css", ".html"}}
    assert parts == {"page.html", "style.css", *(f"{name}.js" for name in html._SCRIPTS)}
