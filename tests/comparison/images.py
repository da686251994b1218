"""Images to compare, made in memory, and random ones."""

from __future__ import annotations

import hashlib
from dataclasses import replace

from hypothesis import strategies as st

from imgdiag.analysis import Analysis
from imgdiag.comparison import Comparison, Snapshot, compare, snapshot
from imgdiag.rules.rule import ExampleLayer
from tests.made import SITE, analysed, distribution

OTHER_SITE = "opt/tool/lib/python3.12/site-packages"


def layer(created_by: str = "RUN x", **options: object) -> ExampleLayer:
    return ExampleLayer(created_by=created_by, **options)  # type: ignore[arg-type]


def examined(*layers: ExampleLayer, **options: object) -> Analysis:
    """Return an analysis whose layers have the same diff_id when their contents are the same."""
    analysis = analysed(*layers, **options)
    return replace(
        analysis,
        layers=tuple(
            replace(each, diff_id=f"sha256:{hashlib.sha256(repr(made).encode()).hexdigest()}")
            for each, made in zip(analysis.layers, layers, strict=True)
        ),
    )


def taken(*layers: ExampleLayer, **options: object) -> Snapshot:
    """Return what of an image of `layers` is compared."""
    return snapshot(examined(*layers, **options))


def compared(
    base: ExampleLayer | tuple[ExampleLayer, ...], head: ExampleLayer | tuple[ExampleLayer, ...]
) -> Comparison:
    """Compare two images, each of one layer or of several."""
    before = base if isinstance(base, tuple) else (base,)
    after = head if isinstance(head, tuple) else (head,)
    return compare(taken(*before), taken(*after))


_FOLDERS = ("", "usr", "usr/lib", "srv", "srv/models", "srv/models/a/b", f"{SITE}/lib0/more")
_SIZES = st.sampled_from((0, 7, 600_000, 1_100_000, 1_900_000, 2_000_000, 9_000_000))
_NAMES = ("lib0", "lib1", "lib2", "lib3")


@st.composite
def _distributions(draw: st.DrawFn) -> dict[str, int | str]:
    files: dict[str, int | str] = {}
    for name in draw(st.lists(st.sampled_from(_NAMES), unique=True)):
        files |= distribution(
            name,
            {f"{name}/a.so": draw(_SIZES), f"{name}/b.so": draw(_SIZES)},
            version=draw(st.sampled_from(("1.0", "2.0"))),
            requires=draw(st.lists(st.sampled_from((*_NAMES, "lib1[fast]")), max_size=2)),
            site=draw(st.sampled_from((SITE, SITE, OTHER_SITE))),
        )
    return files


_LAYERS = st.builds(
    lambda created_by, plain, packages, deletes, uid: ExampleLayer(
        created_by=created_by, files={**plain, **packages}, deletes=tuple(deletes), uid=uid
    ),
    st.sampled_from(("RUN make", "RUN pip install x", "COPY a b", "COPY c d", "")),
    st.dictionaries(
        st.builds("{}/{}".format, st.sampled_from(_FOLDERS), st.sampled_from("abc")).map(
            lambda path: path.lstrip("/")
        ),
        _SIZES,
        max_size=4,
    ),
    _distributions(),
    st.lists(st.sampled_from(("usr", "srv/models", SITE, "a", f"{SITE}/lib1/a.so")), max_size=2),
    st.sampled_from((0, 0, 1000)),
)


@st.composite
def _images(draw: st.DrawFn) -> tuple[ExampleLayer, ...]:
    layers = draw(st.lists(_LAYERS, max_size=3))
    is_changed: bool = draw(st.booleans())
    if layers and is_changed:  # as a chown stores it all again
        chosen = draw(st.sampled_from(layers))
        layers.append(replace(chosen, created_by="RUN chown -R app /", uid=chosen.uid + 1))
    return tuple(layers)


@st.composite
def pairs(draw: st.DrawFn) -> tuple[tuple[ExampleLayer, ...], tuple[ExampleLayer, ...]]:
    """Draw two images, which may share layers."""
    base, head = draw(_images()), draw(_images())
    shared = draw(st.integers(0, len(base)))
    return base, (*base[:shared], *head)
