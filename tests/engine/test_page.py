"""The HTML report in a real Chromium: the bundled image's page, and one of an image that means ill.

Screenshots of what was tested go to the folder that `IMGDIAG_SCREENSHOTS` names.
"""

from __future__ import annotations

import datetime
import json
import os
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from imgdiag import pipeline
from imgdiag.analysis import Analysis
from imgdiag.comparison import compare, limits, snapshot
from imgdiag.finding import Safety
from imgdiag.gate.budgets import Budget, Limit, Measure
from imgdiag.gate.gate import Budgets, judge
from imgdiag.gate.waivers import Waiver
from imgdiag.reports import Style, _difference, html, render
from imgdiag.reports._summary import reasons
from imgdiag.units import format_bytes
from tests.reports import images

from .chromium import Page

BEFORE = Path(__file__).parents[2] / "fixtures" / "ml-service" / "before.oci.tar"
PARTS = Path(html.__file__).parent / "_html"
BUDGETS = Budgets(max_size=4_000_000_000, fail_on=Safety.SAFE)
VIEWS = ("files", "layers", "packages")

# Of each node with parts: its bytes, and those of its parts. The page keeps its own model to
# itself, so the same scripts make another of the same data.
SUMS = """(() => {
  const model = new ImageModel(JSON.parse(document.getElementById("data").textContent).image);
  const found = {};
  for (const name of VIEWS) {
    const root = model.view(name);
    const rows = [];
    const small = [0, 0, 0, 0];
    const stack = [root];
    while (stack.length) {
      const node = stack.pop();
      const parts = children(node);
      stack.push(...parts);
      const sum = (key) => parts.reduce((total, part) => total + part[key], 0);
      if (parts.length) rows.push([node.visible, node.wasted, sum("visible"), sum("wasted")]);
      else if (node.kind === "small") ["visible", "wasted", "visibleFiles", "wastedFiles"]
        .forEach((key, at) => { small[at] += node[key]; });
    }
    found[name] = { visible: root.visible, wasted: root.wasted, rows, small };
  }
  return found;
})()"""


def script(*names: str) -> str:
    """Return parts of the page's script."""
    return "\n".join((PARTS / f"{name}.js").read_text(encoding="utf-8") for name in names)


@pytest.fixture(scope="module")
def analysis() -> Analysis:
    return pipeline.analyze(str(BEFORE))


@pytest.fixture(scope="module")
def report(analysis: Analysis, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("page") / "report.html"
    path.write_text(render("html", analysis, judge(analysis, BUDGETS), Style()), encoding="utf-8")
    return path


def shot(page: Page, name: str) -> None:
    folder = os.environ.get("IMGDIAG_SCREENSHOTS")
    if folder:
        page.screenshot(Path(folder) / f"{name}.png")


def text(page: Page, selector: str) -> list[str]:
    found: list[str] = page.value(
        f"[...document.querySelectorAll({json.dumps(selector)})].map((one) => one.innerText)"
    )
    return found


def focus(page: Page, selector: str) -> None:
    page.value(f"document.querySelector({json.dumps(selector)}).focus()")


def focused(page: Page) -> str:
    """Return what a screen reader says of the element that has the focus."""
    found: str = page.value(
        "document.activeElement.getAttribute('aria-label') || document.activeElement.innerText"
    )
    return found


def crumbs(page: Page) -> list[str]:
    return text(page, "#crumbs li button, #crumbs li [aria-current]")


def exact(page: Page, selector: str) -> list[int]:
    """Return exact bytes, which elements tell when they are pointed at."""
    titles: list[str] = page.value(
        f"[...document.querySelectorAll({json.dumps(selector)})].map((one) => one.title)"
    )
    return [int(title.removesuffix(" bytes").replace(",", "")) for title in titles]


def test_a_page_in_a_frame_that_is_not_shown_yet(page: Page, report: Path, tmp_path: Path) -> None:
    """Some CI servers show reports in frames, and a frame without a size has no width."""
    outer = tmp_path / "outer.html"
    outer.write_text(f'<iframe style="width: 0; height: 0; border: 0" src="{report.as_uri()}">')
    page.open(outer)
    page.value("new Promise((done) => setTimeout(done, 300))")
    assert page.problems == []
    page.open(report)
    page.value("document.getElementById('tiles').style.display = 'none'")
    page.value("new Promise((done) => setTimeout(done, 100))")
    page.value("document.getElementById('tiles').style.display = ''")
    page.value("new Promise((done) => setTimeout(done, 100))")
    assert page.problems == []
    assert page.value("document.querySelectorAll('#tiles .tile').length") > 1


def test_the_page_tells_what_the_analysis_says(
    page: Page, report: Path, analysis: Analysis
) -> None:
    page.open(report)
    shot(page, "top")
    assert text(page, "h1") == ["ml-service:before"]
    sizes = analysis.sizes
    shown = [sizes.layer_bytes, sizes.visible_bytes, sizes.wasted_bytes]  # it is a skeleton
    assert text(page, ".sizes dd.big") == [format_bytes(size) for size in shown]
    assert exact(page, ".sizes dd.big span") == shown
    assert text(page, "nav#sections a") == ["Map", "Mends", "Findings", "Packages", "Layers"]
    assert len(text(page, "#layers tbody tr")) == len(analysis.layers)
    assert "Budgets: failed" in text(page, "h2")
    assert exact(page, "#findings > .finding h3 span") == [each.bytes for each in reasons(analysis)]
    assert page.problems == []


def test_every_view_adds_up_to_the_byte(page: Page, report: Path, analysis: Analysis) -> None:
    page.open(report)
    found = page.value(f"{script('text', 'model')}\n{SUMS.replace('VIEWS', json.dumps(VIEWS))}")
    sizes = analysis.sizes
    for name in VIEWS:
        view = found[name]
        assert len(view["rows"]) > 100
        assert all(row[:2] == row[2:] for row in view["rows"])
        wasted = 0 if name == "packages" else sizes.wasted_bytes
        assert (view["visible"], view["wasted"]) == (sizes.visible_bytes, wasted)
    tree = analysis.tree()
    small = [content[2:] for content in tree.contents if tree.is_small[content.node]]
    expected = [sum(values) for values in zip(*small, strict=True)]
    assert found["files"]["small"] == found["layers"]["small"] == expected
    # By package, files are small for their owner, not for their folder: as many, as many bytes.
    assert found["packages"]["small"] == [expected[0], 0, expected[2], 0]


def test_one_walks_into_the_map_with_the_keyboard_and_back(page: Page, report: Path) -> None:
    page.open(report)
    assert crumbs(page) == ["the image"]
    focus(page, "#search")
    page.press("Tab")
    assert focused(page).startswith("/workspace, 12.48 GB layer bytes, 6.43 GB of it wasted, opens")
    way = [focused(page)]
    while way[-1].endswith("opens"):
        page.press("Enter")
        page.value("document.querySelector('#table > button')?.click()")  # shows more rows
        focus(page, "#tiles [tabindex='0']")
        whole, *parts = exact(page, "#crumbs .number, #table tbody td:nth-of-type(1) span")
        assert sum(parts) == whole
        assert len(crumbs(page)) == len(way) + 1
        if len(way) == 3:
            shot(page, "inside")
        way.append(focused(page))
    assert len(way) > 4
    for told in reversed(way[:-1]):
        page.press("Escape")
        assert focused(page) == told  # where one came from
    assert crumbs(page) == ["the image"]
    page.press("Escape")
    assert focused(page) == way[0]
    page.press("ArrowRight")
    assert focused(page).startswith("/root, 3.25 GB layer bytes")
    page.press("ArrowDown")
    assert focused(page).startswith("/usr, ")
    page.press("Home", "Enter", "Backspace", "End")
    assert focused(page).startswith("/etc, ")
    assert page.problems == []


def test_the_table_walks_too_and_says_how_many_files_are_put_together(
    page: Page, report: Path
) -> None:
    page.open(report)
    focus(page, "#table .link")
    page.press("Enter")
    focus(page, "#table .link")
    page.press("Enter")
    assert crumbs(page)[:2] == ["the image", "workspace"]
    assert text(page, "#status")[0].startswith("/workspace/.venv")
    rows = text(page, "#table tbody th")
    assert any(row.strip().endswith("smaller files") for row in rows)
    focus(page, "#crumbs button")
    page.press("Enter")
    assert crumbs(page) == ["the image"]


def test_layers_and_packages_are_walked_into_as_well(page: Page, report: Path) -> None:
    page.open(report)
    focus(page, "[data-view=layers]")
    page.press("Enter")
    assert text(page, "#table tbody th")[:2] == ["layer 4", "layer 8"]
    focus(page, "[data-view=packages]")
    page.press("Enter")
    shot(page, "packages")
    assert text(page, "#table tbody th") == [
        "packages of /workspace/.venv (venv, Python 3.11)",
        "packages of dpkg",
        "no package's",
    ]
    focus(page, "#table .link")
    page.press("Enter")
    focus(page, "#table .link")
    page.press("Enter")
    assert crumbs(page)[-1] == "torch 2.4.1"
    # A layer of the bar at the top, and a package of the table below, open in the map.
    page.value("document.querySelectorAll('.layersbar button')[2].click()")
    assert crumbs(page) == ["all layers", "layer 4"]
    page.value("document.querySelector('#packages tbody .link').click()")
    assert focused(page).startswith("torch 2.4.1, 1.63 GB visible, 4.85 GB goes with it")
    assert page.problems == []


@pytest.mark.parametrize("measure", ["visible", "wasted"])
def test_tiles_go_by_what_one_asks_for(
    page: Page, report: Path, analysis: Analysis, measure: str
) -> None:
    page.open(report)
    page.value(
        f"(document.getElementById('measure').value = '{measure}', "
        "document.getElementById('measure').dispatchEvent(new Event('change')))"
    )
    sizes = analysis.sizes
    expected = sizes.visible_bytes if measure == "visible" else sizes.wasted_bytes
    column = {"visible": 2, "wasted": 3}[measure]
    assert exact(page, "#crumbs .number") == [expected]
    assert sum(exact(page, f"#table tbody td:nth-of-type({column}) span")) == expected


def test_a_search_leads_to_a_path_or_a_package(page: Page, report: Path) -> None:
    page.open(report)
    focus(page, "#search")
    page.type("libtorch_cuda.so")
    assert text(page, "#results p") == ["1 found"]
    page.press("Enter")
    assert focused(page).endswith("libtorch_cuda.so, 1.80 GB layer bytes, 902.4 MB of it wasted")
    focus(page, "#search")
    page.type("NumPy")
    page.press("Enter")
    assert focused(page).startswith("numpy 1.26.4, ")
    focus(page, "#search")
    page.type("no such thing")
    assert text(page, "#results p")[0].startswith("Nothing of that name")
    page.press("Escape")
    assert page.value("document.getElementById('results').hidden")


CONTRAST = """(() => {
  const context = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const probe = document.body.appendChild(document.createElement("div"));
  const light = (name) => {
    probe.style.color = `var(--${name})`;
    context.fillStyle = getComputedStyle(probe).color;
    context.fillRect(0, 0, 1, 1);
    const [r, g, b] = [...context.getImageData(0, 0, 1, 1).data].map((value) =>
      value <= 10 ? value / 3294.6 : ((value / 255 + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  return PAIRS.map(([text, behind]) => {
    const [low, high] = [light(text), light(behind)].sort((a, b) => a - b);
    return [text, behind, (high + 0.05) / (low + 0.05)];
  });
})()"""
PAIRS = [
    *((text, behind) for text in ("ink", "faint", "accent", "good", "normal", "bad")
      for behind in ("page", "card")),
    *(("ink", behind) for behind in ("package", "environment", "system", "app", "layer", "waste",
                                     "waste-line", "sunk", "bad-soft", "good-soft")),
    *((tone, f"{tone}-soft") for tone in ("good", "normal", "bad")),
    *((text, "normal-soft") for text in ("ink", "faint", "accent")),
]  # fmt: skip


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_is_legible_in_light_and_dark(page: Page, report: Path, scheme: str) -> None:
    page.prefer(prefers_color_scheme=scheme)
    page.open(report)
    shot(page, scheme)
    background = page.value("getComputedStyle(document.body).backgroundColor")
    assert background == {"light": "rgb(247, 247, 245)", "dark": "rgb(20, 22, 26)"}[scheme]
    # WCAG 2.2, success criterion 1.4.3
    found = page.value(CONTRAST.replace("PAIRS", json.dumps(PAIRS)))
    assert [each for each in found if each[2] < 4.5] == []
    assert page.problems == []


def test_the_reader_chooses_light_or_dark(page: Page, report: Path) -> None:
    page.open(report)
    seen = []
    for _ in range(4):
        seen.append((text(page, "#theme")[0], page.value(
            "getComputedStyle(document.body).backgroundColor"
        )))  # fmt: skip
        focus(page, "#theme")
        page.press("Enter")
    light, dark = "rgb(247, 247, 245)", "rgb(20, 22, 26)"
    assert seen == [
        ("Theme: auto", light),
        ("Theme: light", light),
        ("Theme: dark", dark),
        ("Theme: auto", light),
    ]


def test_a_screen_reader_is_told_what_everything_is(page: Page, report: Path) -> None:
    page.open(report)
    nodes = [(node["role"]["value"], node.get("name", {}).get("value", ""))
             for node in page.accessible()]  # fmt: skip
    wanted = {"button", "link", "searchbox", "combobox", "table", "columnheader", "region",
              "navigation", "heading"}  # fmt: skip
    assert [role for role, name in nodes if role in wanted and not name] == []
    assert {"banner", "main", "contentinfo", "status", "rowheader"} <= {role for role, _ in nodes}
    assert ("navigation", "Where the map is") in nodes
    [map_of] = [name for role, name in nodes if role == "group" and name.startswith("Map of")]
    assert map_of == (
        "Map of the image by layer bytes, 5 tiles: arrow keys move, Enter opens, Escape goes back"
    )
    levels = page.value(
        "[...document.querySelectorAll('h1, h2, h3, h4')].map((one) => Number(one.tagName[1]))"
    )
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    # One tile is in the order of the Tab key, so that it does not take hundreds to pass the map.
    assert page.value("document.querySelectorAll('#tiles [tabindex=\"0\"]').length") == 1


def test_it_fits_a_telephone(page: Page, report: Path) -> None:
    page.size(390, 844)
    page.open(report)
    shot(page, "telephone")
    assert page.value("document.documentElement.scrollWidth") == 390


def test_names_that_mean_ill_are_shown_and_do_nothing(page: Page, tmp_path: Path) -> None:
    analysis = images.hostile()
    report = tmp_path / "report.html"
    report.write_text(render("html", analysis, judge(analysis, BUDGETS), Style()), "utf-8")
    page.open(report)
    shot(page, "hostile")
    assert text(page, "h1")[0].startswith("registry/<img src=x onerror=alert(1)>")
    assert page.value("document.images.length + document.querySelectorAll('script').length") == 2
    for view in VIEWS:
        focus(page, f"[data-view={view}]")
        page.press("Enter")
        focus(page, "#tiles [tabindex='0']")
        page.press("Enter", "Enter", "Enter")
    focus(page, "#search")
    page.type("<img")
    page.press("Enter")
    assert page.problems == []


@pytest.mark.parametrize("image", [images.service, images.partial, images.no_python, images.empty])
def test_any_image_has_a_page(page: Page, tmp_path: Path, image: Any) -> None:
    analysis = image()
    report = tmp_path / "report.html"
    report.write_text(render("html", analysis, judge(analysis, BUDGETS), Style()), "utf-8")
    page.open(report)
    shot(page, image.__name__)
    assert exact(page, "#crumbs .number") == [analysis.sizes.layer_bytes]
    focus(page, "#search")
    page.press("Tab", "Enter")
    assert page.problems == []


def test_of_a_quick_analysis_the_map_shows_what_is_visible(page: Page, tmp_path: Path) -> None:
    analysis = images.service()
    layers = tuple(
        replace(each, visible_bytes=None, wasted_bytes=None, files=None) for each in analysis.layers
    )
    quick = replace(analysis, route="quick", layers=layers)
    report = tmp_path / "report.html"
    report.write_text(render("html", quick, judge(quick, BUDGETS), Style()), "utf-8")
    page.open(report)
    shot(page, "quick")
    assert text(page, "#views button") == ["Files", "Packages"]
    assert exact(page, "#crumbs .number") == [analysis.sizes.visible_bytes]
    assert text(page, "#table thead th") == ["Name", "Visible", "Share"]
    assert page.value("document.querySelectorAll('.hatch, .in-waste').length") == 0
    assert page.problems == []


def test_what_is_waived_and_not_checked_is_told(page: Page, tmp_path: Path) -> None:
    analysis = images.service()
    waiver = Waiver(
        rule="deleted-later", reason="until the move", expires=datetime.date(2030, 1, 31)
    )
    growth = Budget(name="growth", measure=Measure.GROWTH, limit=Limit(percent=5.0))
    budgets = Budgets(fail_on=Safety.SAFE, named=(growth,), waivers=(waiver,))
    gate = judge(analysis, budgets, today=datetime.date(2029, 1, 1))
    report = tmp_path / "report.html"
    report.write_text(render("html", analysis, gate, Style()), "utf-8")
    page.open(report)
    shot(page, "waived")
    assert text(page, ".notice h2") == ["Budgets: failed", "Waivers: 1 finding waived"]
    [fail_on, not_checked] = text(page, "#budgets li > div")
    assert fail_on.startswith("fail-on safe ")
    assert not_checked == f"growth not checked: {gate.not_checked[0].reason}"
    assert "deleted-later waived until 2030-01-31" in text(page, "#findings h4")
    assert page.problems == []


def test_the_policy_holds(page: Page, report: Path) -> None:
    page.open(report)
    page.value(
        "document.body.append(Object.assign(document.createElement('script'), "
        "{ textContent: 'window.injected = true' }))"
    )
    page.value("document.body.insertAdjacentHTML('beforeend', '<p onclick=\"injected = 1\">')")
    page.value("document.body.lastChild.click()")
    assert page.value("typeof window.injected") == "undefined"
    assert page.value("fetch('https://example.org/').then(() => 'sent', () => 'refused')") == (
        "refused"
    )
    blocked = [problem for problem in page.problems if "Content Security Policy" in problem]
    assert len(blocked) >= 3
    assert not [problem for problem in page.problems if problem.startswith("asked for")]


def test_bytes_read_as_in_every_report(page: Page, report: Path) -> None:
    page.open(report)
    counts = [0, 1, 999, 1_000, 1_049, 1_050, 999_949, 5_236_000, 12_345_678, 902_400_000,
              1_000_000_000, 16_465_146_982, 3 * 10**12]  # fmt: skip
    found = page.value(f"{script('text')}\n{json.dumps(counts)}.map(formatBytes)")
    assert found == [format_bytes(count) for count in counts]


def test_tiles_fill_the_map_and_do_not_overlap(page: Page, report: Path) -> None:
    page.open(report)
    values = sorted((value * value % 9_973 + 1 for value in range(1, 120)), reverse=True)
    found = page.value(f"{script('squarify')}\nsquarify({values}, 10, 20, 640, 400)")
    scale = 640 * 400 / sum(values)
    for value, place in zip(values, found, strict=True):
        assert place["width"] * place["height"] == pytest.approx(value * scale)
        assert place["x"] >= 10 - 1e-6
        assert place["x"] + place["width"] <= 650 + 1e-6
        assert place["y"] >= 20 - 1e-6
        assert place["y"] + place["height"] <= 420 + 1e-6
    for index, one in enumerate(found):
        for other in found[:index]:
            across = min(one["x"] + one["width"], other["x"] + other["width"]) - max(
                one["x"], other["x"]
            )
            down = min(one["y"] + one["height"], other["y"] + other["height"]) - max(
                one["y"], other["y"]
            )
            assert across < 1e-6 or down < 1e-6


def test_before_and_after(page: Page, analysis: Analysis, tmp_path: Path) -> None:
    after = pipeline.analyze(str(BEFORE.with_name("after.oci.tar")))
    comparison = compare(snapshot(after), snapshot(analysis))
    gate = limits.judge(comparison, [limits.max_growth(Limit(percent=5.0))])
    report = tmp_path / "growth.html"
    report.write_text(_difference.render("html", comparison, gate, Style(), 10), encoding="utf-8")
    page.open(report)
    shot(page, "growth")
    assert text(page, "h1") == ["Before and after"]
    assert text(page, ".headline .number") == ["+16.11 GB"]
    assert text(page, "nav#sections a") == ["Causes", "Packages", "Findings", "Layers", "Folders"]
    causes = page.value(
        "[...document.querySelectorAll('#causes li > .number')].map((one) => one.title)"
    )
    signed = [
        int(each.removesuffix(" bytes").replace(",", "").replace("−", "-")) for each in causes
    ]
    assert signed == [each.bytes for each in comparison.causes]
    assert sum(signed) == comparison.growth
    assert page.problems == []
    page.size(390, 844)
    assert page.value("document.documentElement.scrollWidth") == 390
