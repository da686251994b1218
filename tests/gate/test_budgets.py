from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgdiag.analysis import Analysis
from imgdiag.gate.budgets import Budget, Limit, Measure, Measured, Part, measure
from imgdiag.gate.gate import Budgets, judge
from imgdiag.pipeline import examine
from imgdiag.rules.rule import ExampleLayer
from tests.made import SITE, analysed, distribution, made_image, made_layer


@pytest.fixture(scope="module")
def image() -> Analysis:
    """Return an image of 10.4 MB: a base, packages, and a layer that deletes 400 kB of it."""
    return analysed(
        ExampleLayer(
            created_by="ADD base.tar /",
            files={
                "usr/lib/a.so": 2_000_000,
                "tmp/junk": 400_000,
                "var/lib/dpkg/status": (
                    "Package: liba\nStatus: install ok installed\nArchitecture: amd64\n"
                    "Version: 1.2\n\n"
                ),
                "var/lib/dpkg/info/liba.list": "/usr/lib/a.so\n",
            },
        ),
        ExampleLayer(
            created_by="/bin/sh -c pip install   --no-deps \\\n  nvidia-a nvidia-b torch",
            files={
                **distribution("nvidia-a", {"nvidia/a.so": 3_000_000}),
                **distribution("nvidia-b", {"nvidia/b.so": 1_000_000}, version="2.0"),
                **distribution("torch", {"torch/c.so": 4_000_000}),
            },
        ),
        ExampleLayer(created_by="RUN rm /tmp/junk", deletes=("tmp/junk",)),
    )


def of(measured: Measure, pattern: str = "") -> Budget:
    return Budget(name="x", measure=measured, of=pattern, limit=Limit(bytes=0))


def own(image: Analysis, *names: str) -> int:
    return sum(each.bytes for each in image.packages if each.name in names)


# Each kind


def test_layers(image: Analysis) -> None:
    found = measure(of(Measure.LAYERS), image)
    assert (found.what, found.bytes) == ("the sum of the layers", image.sizes.layer_bytes)
    assert found.parts == (
        Part(
            "layer 1 (RUN pip install --no-deps \\ nvidia-a nvidia-b torch)",
            image.layers[1].layer_bytes,
        ),
        Part("layer 0 (ADD base.tar /)", image.layers[0].layer_bytes),
    )


def test_visible(image: Analysis) -> None:
    found = measure(of(Measure.VISIBLE), image)
    assert (found.what, found.bytes) == ("what the container sees", image.sizes.visible_bytes)
    assert [part.what for part in found.parts] == ["torch 1.0", "nvidia-a 1.0", "liba 1.2"]


def test_what_a_budget_may_be_for() -> None:
    assert [*Measure] == [
        "layers", "visible", "waste", "download", "growth", "layer", "package", "path",
    ]  # fmt: skip
    plain = Budget(name="x", measure=Measure.LAYERS, limit=Limit(bytes=0))
    assert (plain.of, plain.message) == ("", "")


def test_the_parts_that_matter_are_named(image: Analysis) -> None:
    sizes = {"a": 100_000, "b": 1_000, "c": 999, "d": 0}
    first, *_ = image.layers
    layers = tuple(
        replace(first, index=index, instruction=name, layer_bytes=size)
        for index, (name, size) in enumerate(sizes.items())
    )
    found = measure(of(Measure.LAYER, "*"), replace(image, layers=layers))
    assert [part.bytes for part in found.parts] == [100_000, 1_000]


def test_waste(image: Analysis) -> None:
    found = measure(of(Measure.WASTE), image)
    assert found.what == "shipped and never seen"
    assert (found.bytes, found.whole) == (400_000, image.sizes.layer_bytes)
    assert found.parts == (Part("of layer 0: deleted by layer 2", 400_000),)


def test_waste_by_a_quick_look_is_not_checked(image: Analysis) -> None:
    found = measure(of(Measure.WASTE), replace(image, route="quick"))
    assert found.unchecked == "--quick does not know the waste well enough"


def test_download(image: Analysis) -> None:
    found = measure(of(Measure.DOWNLOAD), image)
    assert (found.what, found.bytes, found.whole) == ("the compressed layers", 6_000_000, 0)
    plain = analysed(ExampleLayer(created_by="RUN a", files={"a": 5}), compressed=False)
    found = measure(of(Measure.DOWNLOAD), plain)
    assert (found.bytes, found.is_within(Limit(bytes=10**12))) == (None, False)


@pytest.mark.parametrize(
    ("pattern", "layer", "count"),
    [
        ("*", 1, 2),
        ("ADD *", 0, 1),
        ("RUN pip install --no-deps*", 1, 1),  # on one line, without the shell
        ("RUN*", 1, 1),  # of two the largest; the other has nothing
    ],
)
def test_a_layer(image: Analysis, pattern: str, layer: int, count: int) -> None:
    found = measure(of(Measure.LAYER, pattern), image)
    assert found.bytes == image.layers[layer].layer_bytes
    assert found.what.startswith(f"layer {layer} (")
    assert len(found.parts) == count


def test_no_such_layer(image: Analysis) -> None:
    found = measure(of(Measure.LAYER, "COPY*"), image)
    assert (found.what, found.bytes) == ("no layer is made by COPY*", 0)
    assert measure(of(Measure.LAYER, "*"), analysed()).what == "no layer"


@pytest.mark.parametrize(
    ("pattern", "names", "what"),
    [
        ("torch", ("torch",), "torch 1.0"),
        ("Torch", ("torch",), "torch 1.0"),
        ("nvidia-*", ("nvidia-a", "nvidia-b"), "2 packages like nvidia-*"),
        ("NVIDIA_?", ("nvidia-a", "nvidia-b"), "2 packages like NVIDIA_?"),
        ("nvidia-[b]", ("nvidia-b",), "nvidia-b 2.0"),
        ("*", ("nvidia-a", "nvidia-b", "torch"), "4 packages like *"),
        ("nvdia-*", (), "no package is called nvdia-*"),
    ],
)
def test_packages(image: Analysis, pattern: str, names: tuple[str, ...], what: str) -> None:
    found = measure(of(Measure.PACKAGE, pattern), image)
    assert found.what == what
    assert found.bytes == own(image, *names) + 2_000_000 * (pattern == "*")


def test_a_system_package(image: Analysis) -> None:
    found = measure(of(Measure.PACKAGE, "lib*"), image)
    assert (found.what, found.bytes) == ("liba 1.2", 2_000_000)


@pytest.mark.parametrize(
    ("pattern", "size", "what"),
    [
        ("/usr", 2_000_000, "/usr"),
        ("usr/lib/", 2_000_000, "/usr/lib"),
        ("/usr/lib/a.so", 2_000_000, "/usr/lib/a.so"),
        ("/tmp/junk", 0, "nothing is at /tmp/junk"),  # it is hidden
        (f"/{SITE}/nvidia", 4_000_000, f"/{SITE}/nvidia"),
        ("/app/**/*.so", 8_000_000, "3 paths like /app/**/*.so"),
        ("**/nvidia/?.so", 4_000_000, "2 paths like /**/nvidia/?.so"),
        ("/*.so", 0, "nothing is at /*.so"),  # a star stays within a name
        ("/nowhere/*", 0, "nothing is at /nowhere/*"),
    ],
)
def test_paths(image: Analysis, pattern: str, size: int, what: str) -> None:
    found = measure(of(Measure.PATH, pattern), image)
    assert (found.what, found.bytes) == (what, size)


def test_a_path_says_what_of_it_is_largest(image: Analysis) -> None:
    found = measure(of(Measure.PATH, f"/{SITE}/nvidia"), image)
    assert found.parts == (
        Part(f"/{SITE}/nvidia/a.so", 3_000_000),
        Part(f"/{SITE}/nvidia/b.so", 1_000_000),
    )


def test_a_path_leads_where_its_links_do_and_counts_an_inode_once() -> None:
    layer = made_layer(
        {"usr/lib/a": 700, "opt/x": 30},
        links={"usr/lib/b": "usr/lib/a", "opt/y": "usr/lib/a"},
        symlinks={"lib": "usr/lib"},
    )
    [source] = made_image(ExampleLayer(created_by="RUN a", files={})).layers
    made = made_image(ExampleLayer(created_by="RUN a", files={}))
    image = examine(replace(made, layers=(replace(source, content=layer),)))
    for pattern, size in (("/lib", 700), ("/lib/b", 700), ("/opt", 730), ("/*", 730),
                          ("/**/[by]", 700)):  # fmt: skip
        assert measure(of(Measure.PATH, pattern), image).bytes == size, pattern


@pytest.mark.parametrize("baseline", [10_000_000, 1, 0])
def test_growth(image: Analysis, baseline: int) -> None:
    found = measure(of(Measure.GROWTH), image, baseline)
    assert found.bytes == image.sizes.layer_bytes - baseline
    assert found.whole == baseline
    if baseline == 0:
        assert found.percent is None
        assert not found.is_within(Limit(percent=1e9))


def test_growth_without_a_baseline_neither_passes_nor_fails(image: Analysis) -> None:
    budget = Budget(name="grown", measure=Measure.GROWTH, limit=Limit(percent=5))
    gate = judge(image, Budgets(named=(budget,)))
    assert gate.checks == ()
    [each] = gate.not_checked
    assert (each.budget, each.reason) == (budget, "no baseline to compare with")
    assert measure(budget, image).what == "growth"


_MORE = "more than the baseline of"


@pytest.mark.parametrize(
    ("baseline", "limit", "detail", "over"),
    [
        (100, "5%", f"6.0 % {_MORE} 100 B, the limit is 5 %: 6 B (6 bytes), over", "1 B"),
        (100, "6%", f"6.0 % {_MORE} 100 B, the limit is 6 %", ""),
        (100, "6 B", f"{_MORE} 100 B: 6 B (6 bytes), within 6 B (6 bytes)", ""),
        (100, "5", f"{_MORE} 100 B: 6 B (6 bytes), over 5 B (5 bytes)", "1 B"),
        (106, "0%", f"0.0 % {_MORE} 106 B, the limit is 0 %", ""),
        (212, "0", f"{_MORE} 212 B: -106 B (-106 bytes), within 0 B (0 bytes)", ""),
        (0, "5%", f"{_MORE} 0 B, the limit is 5 %: 106 B (106 bytes), over", "106 B"),
    ],
)
def test_growth_at_its_limit(baseline: int, limit: str, detail: str, over: str) -> None:
    image = analysed(ExampleLayer(created_by="RUN a", files={"a": 106}))
    budget = Budget(name="grown", measure=Measure.GROWTH, limit=Limit.parse(limit))
    gate = judge(image, Budgets(named=(budget,)), baseline_bytes=baseline)
    [check] = gate.checks
    assert (gate.passed, check.detail) == (not over, detail + (f" by {over}" if over else ""))


# Limits


@pytest.mark.parametrize("limit", [Limit(bytes=10**12), Limit(percent=100), Limit()])
def test_what_is_not_known_is_within_no_limit(limit: Limit) -> None:
    unknown = Measured(what="x", bytes=None, whole=10)
    assert unknown.percent is None
    assert Measured(what="x", bytes=1).percent is None
    assert Limit().of(1_000) == 0
    assert not unknown.is_within(limit)


@pytest.mark.parametrize(
    ("text", "limit"),
    [
        ("3 GB", Limit(bytes=3_000_000_000)),
        ("500MB", Limit(bytes=500_000_000)),
        ("1GiB", Limit(bytes=2**30)),
        ("0", Limit(bytes=0)),
        ("5%", Limit(percent=5.0)),
        (" 2.5 % ", Limit(percent=2.5)),
    ],
)
def test_a_limit_is_a_size_or_a_percentage(text: str, limit: Limit) -> None:
    assert Limit.parse(text) == limit


@pytest.mark.parametrize("text", ["", "%", "-1%", "nan%", "inf%", "5 %%", "-1", "3 GBs", "1e400%"])
def test_what_is_no_limit(text: str) -> None:
    with pytest.raises(ValueError, match="is no"):
        Limit.parse(text)


@given(st.integers(0, 10**14), st.integers(1, 10**14), st.integers(0, 100))
def test_bytes_over_a_percentage_are_over_its_bytes(size: int, whole: int, percent: int) -> None:
    measured, limit = Measured(what="x", bytes=size, whole=whole), Limit(percent=percent)
    if abs(100 * size - percent * whole) * 10**12 > 100 * whole:  # beyond what a float rounds off
        assert measured.is_within(limit) is (100 * size <= percent * whole)


@given(
    st.dictionaries(
        st.lists(st.sampled_from("abc"), min_size=1, max_size=4).map("/".join),
        st.integers(0, 9),
        max_size=12,
    ),
    st.sampled_from(["a", "a/b", "*", "*/b", "**/b", "a/**", "**", "?/?/?", "[ab]/*"]),
)
def test_bytes_at_a_path_are_those_of_the_files_below(
    sizes: Mapping[str, int], pattern: str
) -> None:
    parents = {path[:end] for path in sizes for end in range(len(path)) if path[end] == "/"}
    files = {f"{path}": size for path, size in sizes.items() if path not in parents}
    image = analysed(ExampleLayer(created_by="RUN a", files=dict(files)))
    found = image.files.at(pattern)
    parts = pattern.split("/")
    expected = sum(size for path, size in files.items() if _names(parts, path.split("/")))
    assert found.bytes == expected == sum(row.bytes for row in found.rows)


def _names(pattern: list[str], path: list[str]) -> bool:
    """Tell whether `pattern` names `path` or a folder around it: the plain way."""
    if not pattern:
        return True
    if not path:
        return False
    if pattern[0] == "**":
        if len(pattern) == 1:
            return True
        return any(_names(pattern[1:], path[skip:]) for skip in range(len(path)))
    letters = {"*": "abc", "?": "abc", "[ab]": "ab"}.get(pattern[0], pattern[0])
    return path[0] in letters and _names(pattern[1:], path[1:])


# The verdict


def test_a_broken_budget_says_what_by_how_much_and_why(image: Analysis) -> None:
    budget = Budget(
        name="gpu libraries",
        measure=Measure.PACKAGE,
        of="nvidia-*",
        limit=Limit(bytes=1_000_000),
        message="CPU only",
    )
    [check] = judge(image, Budgets(named=(budget,))).checks
    size = own(image, "nvidia-a", "nvidia-b")
    assert (check.name, check.limit, check.actual) == ("gpu libraries", 1_000_000, size)
    assert check.over_bytes == size - 1_000_000
    assert check.detail == (
        f"2 packages like nvidia-*: 4.0 MB ({size:,} bytes), over 1.0 MB (1,000,000 bytes) "
        "by 3.0 MB"
    )
    assert check.message == "CPU only"
    assert [part.what for part in check.parts] == ["nvidia-a 1.0", "nvidia-b 2.0"]


def test_a_budget_that_holds_says_less(image: Analysis) -> None:
    budget = Budget(
        name="x", measure=Measure.LAYERS, limit=Limit(bytes=10**9), message="never said"
    )
    [check] = judge(image, Budgets(named=(budget,))).checks
    assert (check.message, check.parts, check.over_bytes) == ("", (), None)


def test_options_and_names_are_one_machinery(image: Analysis) -> None:
    named = Budget(name="max-size", measure=Measure.LAYERS, limit=Limit(bytes=5))
    first, second = judge(image, Budgets(max_size=5, named=(named,))).checks
    assert first == second


def test_waste_in_per_cent_says_its_bytes_when_it_is_over(image: Analysis) -> None:
    [check] = judge(image, Budgets(max_waste_percent=1)).checks
    over = 400_000 - image.sizes.layer_bytes // 100
    assert check.detail == (
        "3.8 % of the layers is never seen, the limit is 1 %: 400.0 kB (400,000 bytes), over by "
        f"{over / 1000:.1f} kB"
    )
    assert check.over_bytes == over


def test_a_budget_in_json(image: Analysis) -> None:
    from imgdiag.reports import Style, render

    budget = Budget(name="big", measure=Measure.PATH, of="/usr", limit=Limit(bytes=5), message="m")
    grown = Budget(name="grown", measure=Measure.GROWTH, limit=Limit(bytes=5))
    gate = judge(image, Budgets(named=(budget, grown), configuration="imgdiag.toml"))
    found = json.loads(render("json", image, gate, Style()))["gate"]
    assert found["configuration"] == "imgdiag.toml"
    assert found["checks"] == [
        {
            "name": "big",
            "measure": "path",
            "of": "/usr",
            "unit": "bytes",
            "limit": 5,
            "actual": 2_000_000,
            "passed": False,
            "over_bytes": 1_999_995,
            "detail": "/usr: 2.0 MB (2,000,000 bytes), over 5 B (5 bytes) by 2.0 MB",
            "message": "m",
            "parts": [{"what": "/usr/lib", "bytes": 2_000_000}],
        }
    ]
    assert found["not_checked"] == [
        {"name": "grown", "measure": "growth", "reason": "no baseline to compare with"}
    ]
