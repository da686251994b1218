from __future__ import annotations

import datetime
import tomllib
from collections.abc import Iterable
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgdiag.analysis import Analysis
from imgdiag.configuration.find import Found
from imgdiag.configuration.initial import (
    Section,
    image_sections,
    other_sections,
    render,
    rounded_up,
    with_margin,
)
from imgdiag.configuration.read import read_configuration
from imgdiag.configuration.value import Configuration
from imgdiag.gate.budgets import Limit
from imgdiag.gate.gate import Budgets, judge
from imgdiag.project.toml import parse_toml
from imgdiag.rules.rule import ExampleLayer
from imgdiag.units import parse_size
from tests.made import SITE, analysed, distribution
from tests.reports import images

DAY = datetime.date(2026, 11, 22)


def sections(image: Analysis, margin: str = "5") -> list[Section]:
    number = Decimal(margin)
    return [*image_sections(image, number), *other_sections(image, number, DAY)]


def read(written: Iterable[Section]) -> Configuration:
    text = render(written, "head")
    return read_configuration(Found(parse_toml(text.encode(), "imgdiag.toml"), ()))


@given(st.integers(0, 10**15))
def test_rounded_up_is_never_less_and_little_more(count: int) -> None:
    most = parse_size(rounded_up(count))
    assert count <= most <= count * 101 / 100 + 0.01


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1_000, "1 kB"),
        (1_001, "1.01 kB"),
        (99_910, "100 kB"),
        (999_001, "1000 kB"),
        (3_000_000_000, "3 GB"),
        (3_000_000_001, "3.01 GB"),
        (17_288_404_331, "17.3 GB"),
        (172_884_043_310, "173 GB"),
    ],
)
def test_three_figures(count: int, text: str) -> None:
    assert rounded_up(count) == text


@given(st.integers(0, 10**15), st.decimals(0, 1000, places=3))
def test_the_margin_is_never_less_than_it_says(count: int, margin: Decimal) -> None:
    limit = with_margin(count, margin)
    assert 100 * (limit - 1) < count * (100 + margin) <= 100 * limit


@pytest.mark.parametrize(
    "image", [images.service, images.no_python, images.empty, images.hostile, images.partial]
)
@pytest.mark.parametrize("margin", ["0", "5", "12.5", "1000"])
def test_what_is_written_holds_today(image: object, margin: str) -> None:
    analysis = image()  # type: ignore[operator]
    found = read(sections(analysis, margin))
    gate = judge(analysis, Budgets(named=found.budgets, allow_partial=True))
    assert [check.detail for check in gate.checks if not check.passed] == []
    assert "image" in [each.name for each in found.budgets]


@given(st.integers(1_000, 10**10), st.integers(0, 50))
def test_an_image_beyond_its_margin_fails(size: int, margin: int) -> None:
    def image(count: int) -> Analysis:
        return analysed(ExampleLayer(created_by="COPY a /", files={"a": count}))

    found = read(sections(image(size), str(margin)))
    [limit] = [each.limit for each in found.budgets if each.name == "image"]
    budgets = Budgets(named=found.budgets)
    assert limit.bytes is not None
    assert judge(image(limit.bytes), budgets).passed
    assert not judge(image(limit.bytes + 1), budgets).passed
    assert limit.bytes <= size * (100 + margin) * 1.0101 / 100 + 1


def test_the_largest_packages_have_budgets_and_nvidia_s_one() -> None:
    image = analysed(
        ExampleLayer(
            created_by="RUN pip install torch",
            files={
                **distribution("nvidia-cudnn", {"nvidia/cudnn.so": 30_000_000}),
                **distribution("nvidia-cublas", {"nvidia/cublas.so": 20_000_000}),
                **distribution("torch", {"torch/a.so": 40_000_000}),
                **distribution("a\x1b[31mb", {"evil/a.so": 30_000_000}),
                **distribution("small", {"small/a.so": 1_000_000}),
            },
        )
    )
    found = {each.name: (each.of, each.limit) for each in read(sections(image, "10")).budgets}
    assert list(found) == ["image", "layer", "waste", "nvidia", "torch"]
    assert found["nvidia"] == ("nvidia-*", Limit(bytes=55_100_000))
    assert found["torch"] == ("torch", Limit(bytes=44_100_000))
    assert found["waste"] == ("", Limit(bytes=1_000_000))


def test_a_cpu_build_of_torch_is_kept_one() -> None:
    files = distribution("torch", {"torch/version.py": "cuda = None\n", "torch/a.so": 40_000_000})
    image = analysed(ExampleLayer(created_by="RUN pip install torch", files=files))
    [found] = [each for each in read(sections(image)).budgets if each.of == "nvidia-*"]
    assert (found.name, found.limit) == ("nvidia", Limit(bytes=0))


@pytest.mark.parametrize(
    ("files", "deletes", "level"),
    [
        ({"a": 5_000_000}, (), "review"),
        ({f"{SITE}/pandas/tests/a.py": 5_000_000, f"{SITE}/pandas/__init__.py": 1}, (), "safe"),
        ({"a": 5_000_000}, ("a",), None),
    ],
)
def test_fail_on_is_set_where_it_passes_today(
    files: dict[str, int | str], deletes: tuple[str, ...], level: str | None
) -> None:
    if deletes == () and level == "safe":
        files = {**distribution("pandas", {"pandas/tests/a.py": 5_000_000})}
    image = analysed(
        ExampleLayer(created_by="RUN a", files=files),
        *[ExampleLayer(created_by="RUN rm a", deletes=deletes)] * bool(deletes),
    )
    found = read(sections(image)).options.get("analyze", {})
    assert {name: option.value for name, option in found.items()} == (
        {"fail-on": level} if level else {}
    )


def test_the_whole_file() -> None:
    image = analysed(
        ExampleLayer(created_by="COPY server /", files={"server": 14_000_000, "x": 1_100_000}),
        ExampleLayer(created_by="RUN rm /x", deletes=("x",)),
    )
    assert (
        render(sections(image), "From app:1.\nMore.")
        == """\
# From app:1.
# More.

# All layers together: 15.1 MB (15,100,000 bytes) today.
[budgets.image]
max = "15.9 MB"

# The largest layer, which a node has to fetch in one piece: 15.1 MB (15,100,000 bytes) today,
# layer 0 (COPY server /).
[budgets.layer]
layer = "*"
max = "15.9 MB"

# Shipped and never seen: 1.1 MB (1,100,000 bytes) today, 7 % of the layers. Lower it when a mend
# is in.
[budgets.waste]
of = "waste"
max = "1.16 MB"

# The compressed layers: 3.0 MB (3,000,000 bytes) today. An engine's own store has them plain, so
# this is for archives and folders with compressed ones.
# [budgets.download]
# of = "download"
# max = "3.15 MB"

# Growth against another image, which 'imgdiag compare BASE HEAD' knows.
# [budgets.growth]
# of = "growth"
# max = "5%"

# Fail also for a finding of 1 MB or more whose mend is safe. Today there are: deleted-later.
# [analyze]
# fail-on = "safe"

# A finding that is accepted for now; docs/configuration.md has all keys.
# [[waivers]]
# rule = "deleted-later"
# reason = "why, and who decides"
# expires = 2027-05-23
"""
    )


def test_what_is_commented_out_can_be_taken_in() -> None:
    written = sections(images.service())
    text = render(written, "head")
    starts = tuple(f"# {key}" for key in ("[", "of =", "max =", "fail-on =", "rule =", "reason =",
                                          "expires ="))  # fmt: skip
    keys = (line[2:] if line.startswith(starts) else line for line in text.splitlines())
    found = read_configuration(Found(parse_toml("\n".join(keys).encode(), "imgdiag.toml"), ()))
    assert {"growth", "download"} <= {each.name for each in found.budgets}
    assert len(found.waivers) == 1
    assert "fail-on" in found.options["analyze"]


def test_hostile_names_stay_in_their_comments() -> None:
    text = render(sections(images.hostile()), images.HOSTILE)
    assert "\x1b" not in text
    assert set(tomllib.loads(text)) <= {"budgets", "analyze"}
