"""A Dockerfile's lines, held against what builders recorded and against hand-marked lines.

histories/ holds what each builder wrote into the image's config; the engine tests build the same
files anew.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgdiag.errors import ImgdiagError
from imgdiag.image import HistoryEntry, ImageConfig, parse_config
from imgdiag.project.alignment import Alignment, align
from imgdiag.project.dockerfile import parse_dockerfile, read_dockerfile
from imgdiag.sources import Request, load
from tests.project.marked import (
    COMMON,
    EVERY,
    HEREDOCS,
    LINES,
    NOTHING_DONE,
    WORKDIRS,
    without,
)

HERE = Path(__file__).parent
ML_SERVICE = HERE.parents[1] / "fixtures" / "ml-service"


def config_of(entries: Iterable[dict[str, object]], layers: int | None = None) -> ImageConfig:
    history = list(entries)
    count = sum(not each.get("empty_layer") for each in history) if layers is None else layers
    config = {"rootfs": {"diff_ids": ["sha256:0"] * count}, "history": history}
    return parse_config(json.dumps(config).encode())


def recorded(name: str) -> ImageConfig:
    return config_of(json.loads((HERE / "histories" / f"{name}.json").read_text("utf-8")))


def history(*created_by: str) -> ImageConfig:
    """Return a config; entries that make no layer start with a dash."""
    return config_of(
        {"created_by": each.removeprefix("-"), "empty_layer": each.startswith("-")}
        for each in created_by
    )


def places(alignment: Alignment) -> dict[int, str]:
    return {layer: str(lines) for layer, lines in alignment.layers.items()}


@pytest.mark.parametrize(
    ("name", "file", "lines"),
    [
        ("docker-20.10-buildkit", "every", EVERY),
        ("docker-20.10-classic", "every", without(EVERY, NOTHING_DONE)),
        ("docker-26-buildkit", "every", EVERY),
        ("podman-4.3", "every", without(EVERY, WORKDIRS)),
        ("docker-20.10-buildkit-target", "every", COMMON),
        ("docker-20.10-classic-target", "every", COMMON),
        ("podman-4.3-target", "every", without(COMMON, WORKDIRS)),
        ("docker-26-buildkit-heredocs", "heredocs", HEREDOCS),
    ],
)
def test_what_builders_recorded(name: str, file: str, lines: list[int]) -> None:
    """The classic builder makes no layer of `RUN true`, and podman none of WORKDIR."""
    found = align(recorded(name), read_dockerfile(LINES / f"{file}.Dockerfile"))
    expected = {layer: f"{file}.Dockerfile:{line}" for layer, line in enumerate(lines, 1)}
    assert places(found) == expected
    assert (found.base_entries, found.base_layers) == (1, 1)
    assert "every instruction agrees" in found.note


@pytest.mark.parametrize(
    ("name", "layers"),
    [
        ("docker-20.10-buildkit-child", 16),
        ("docker-20.10-classic-child", 15),
        ("docker-26-buildkit-child", 16),
        ("podman-4.3-child", 14),
    ],
)
def test_triggers_of_the_base_are_no_lines_of_this_file(name: str, layers: int) -> None:
    """What ONBUILD in the base image runs belongs to it: no line here can change it."""
    found = align(recorded(name), read_dockerfile(LINES / "child.Dockerfile"))
    assert places(found) == {layers: "child.Dockerfile:3"}
    assert (found.base_image, found.base_layers) == ("imgdiag-test-every", layers)


def test_one_layer_for_a_whole_stage() -> None:
    """Buildah without --layers: a stage's only layer bears the name of its last instruction."""
    found = align(recorded("buildah-1.28-one-layer"), read_dockerfile(LINES / "every.Dockerfile"))
    assert {
        layer: (lines.line, lines.end_line, lines.is_one) for layer, lines in found.layers.items()
    } == {1: (18, 22, True), 2: (28, 38, False)}


def test_lines_reach_to_the_end_of_an_instruction() -> None:
    found = align(
        recorded("docker-26-buildkit-heredocs"), read_dockerfile(LINES / "heredocs.Dockerfile")
    )
    spans = [(lines.line, lines.end_line) for lines in found.layers.values()]
    assert spans[:5] == [(4, 7), (8, 10), (11, 13), (14, 17), (18, 22)]


def test_metadata_has_lines_too() -> None:
    found = align(recorded("docker-26-buildkit"), read_dockerfile(LINES / "every.Dockerfile"))
    assert [lines.line for lines in found.entries.values()] == [
        *(12, 14, 15, 16, 17, 18, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36),
        *(37, 38, 39, 40, 41, 42, 43, 46, 47),  # BuildKit does not record ONBUILD
    ]


@pytest.mark.parametrize(
    ("name", "lines"),
    [("before", [2, 4, 6, 7, 12, 13, 15, 16]), ("after", [13, 14, 15, 16])],
)
def test_a_real_image(name: str, lines: list[int]) -> None:
    config = load(str(ML_SERVICE / f"{name}.oci.tar"), lambda reader: None, Request()).config
    found = align(config, read_dockerfile(ML_SERVICE / f"{name}.Dockerfile"))
    expected = {layer: f"{name}.Dockerfile:{line}" for layer, line in enumerate(lines, 1)}
    assert places(found) == expected
    assert found.note == "every instruction agrees; built on python-slim-base, layer 0"
    other = "after" if name == "before" else "before"
    mistaken = align(config, read_dockerfile(ML_SERVICE / f"{other}.Dockerfile"))
    assert not mistaken.fits
    assert not mistaken.layers
    assert mistaken.note.startswith("not used: it does not match the image's history (")


KANIKO = """\
FROM python:3.11 AS builder
RUN pip wheel -r requirements.txt
FROM python:3.11-slim
ENV A=1
WORKDIR /app
COPY --from=builder --chown=app:app /wheels /wheels
RUN --mount=type=cache,target=/root/.cache pip install /wheels/*.whl \\
    && echo done
RUN true
COPY . .
CMD ["python3", "main.py"]
"""


def test_kaniko_records_layers_alone() -> None:
    config = history(
        "/bin/sh -c #(nop) ADD file:" + "a" * 64 + " in / ",
        '-/bin/sh -c #(nop)  CMD ["bash"]',
        "RUN /bin/sh -c apt-get update # buildkit",
        "COPY --from=builder --chown=app:app /wheels /wheels",
        "RUN --mount=type=cache,target=/root/.cache pip install /wheels/*.whl     && echo done",
        "COPY . .",
    )
    found = align(config, parse_dockerfile(KANIKO))
    assert places(found) == {2: "Dockerfile:6", 3: "Dockerfile:7", 4: "Dockerfile:10"}
    assert (found.base_image, found.base_layers) == ("python:3.11-slim", 2)


SERVICE = """\
FROM python:3.11-slim
WORKDIR /app
RUN apt-get update && apt-get install -y curl
COPY requirements.txt .
RUN pip install --no-cache-dir -r requirements.txt
COPY src src
USER app
CMD ["python3"]
"""
SERVICE_HISTORY = (
    "/bin/sh -c #(nop) ADD file:" + "a" * 64 + " in / ",
    '-CMD ["python3"]',
    "WORKDIR /app",
    "RUN /bin/sh -c apt-get update && apt-get install -y curl # buildkit",
    "COPY requirements.txt . # buildkit",
    "RUN /bin/sh -c pip install -r requirements.txt # buildkit",
    "COPY src src # buildkit",
    "-USER app",
    '-CMD ["python3"]',
)


def test_a_line_that_was_changed_since_is_likely_between_two_that_agree() -> None:
    found = align(history(*SERVICE_HISTORY), parse_dockerfile(SERVICE))
    assert places(found) == {
        1: "Dockerfile:2",
        2: "Dockerfile:3",
        3: "Dockerfile:4",
        4: "Dockerfile:5?",
        5: "Dockerfile:6",
    }
    assert found.note == "6 of 7 instructions agree; built on python:3.11-slim, layer 0"


def test_a_line_that_was_written_anew_has_no_layer() -> None:
    changed = SERVICE.replace("--no-cache-dir ", "").replace("COPY src src", "COPY lib lib")
    found = align(history(*SERVICE_HISTORY), parse_dockerfile(changed))
    assert {layer: lines.line for layer, lines in found.layers.items()} == {1: 2, 2: 3, 3: 4, 4: 5}


def test_the_same_line_twice_is_told_by_its_place() -> None:
    text = "FROM a\nCOPY x /x\nRUN make all\nCOPY y /y\nRUN make all\n"
    config = history("base", "COPY x /x # buildkit", "RUN /bin/sh -c make all # buildkit",
                     "COPY y /y # buildkit", "RUN /bin/sh -c make all # buildkit")  # fmt: skip
    assert [lines.line for lines in align(config, parse_dockerfile(text)).layers.values()] == [
        *(2, 3, 4, 5),
    ]


def test_a_base_that_begins_like_the_file() -> None:
    """Aligned from the end: the base image's own instructions are not this file's."""
    text = "FROM a\nWORKDIR /app\nRUN pip install --no-cache-dir uvicorn\nCMD x\n"
    own = ("WORKDIR /app", "RUN /bin/sh -c pip install --no-cache-dir uvicorn # buildkit")
    shell = '-CMD ["/bin/sh" "-c" "x"]'
    found = align(history("base", *own, shell, *own, shell), parse_dockerfile(text))
    assert {layer: lines.line for layer, lines in found.layers.items()} == {3: 2, 4: 3}
    assert found.base_layers == 3


def test_what_a_build_argument_said_is_learned_from_the_history() -> None:
    text = "FROM a\nARG VERSION=1.0\nARG NAME\nCOPY app-$VERSION.tar /$NAME/\nRUN echo $VERSION\n"
    config = history(
        "base",
        "-ARG VERSION=1.0",
        "-ARG NAME",
        "COPY app-2.5.tar /two words/ # buildkit",
        "RUN |2 VERSION=2.5 NAME=two words /bin/sh -c echo $VERSION # buildkit",
    )
    found = align(config, parse_dockerfile(text))
    assert places(found) == {1: "Dockerfile:4", 2: "Dockerfile:5"}
    assert "every instruction agrees" in found.note


def test_what_is_recorded_in_part_is_likely_where_something_is_missing() -> None:
    """The classic builder does not say what it copied: the place must say it then."""
    text = (
        "FROM a\nCOPY one ./\nRUN make everything --with=care\nRUN make more of it\nCOPY two ./\n"
    )
    digest = "file:" + "a" * 64
    config = history(
        "base",
        f"/bin/sh -c #(nop) COPY {digest} in ./ ",
        "/bin/sh -c make everything --with=care",
        f"/bin/sh -c #(nop) COPY {digest} in ./ ",
    )
    found = align(config, parse_dockerfile(text.replace("RUN make more of it\n", "")))
    assert places(found) == {1: "Dockerfile:2", 2: "Dockerfile:3", 3: "Dockerfile:4"}
    longer = text.replace("--with=care", f"--with=care {'x' * 60}")
    shown = history(*(each.created_by.replace("care", f"care {'x' * 60}")
                      for each in config.history))  # fmt: skip
    assert places(align(shown, parse_dockerfile(longer))) == {
        1: "Dockerfile:2?",
        2: "Dockerfile:3",
        3: "Dockerfile:5?",
    }


def test_the_stage_that_was_built() -> None:
    text = SERVICE.replace("-slim\n", "-slim AS dev\n") + "FROM dev AS prod\nRUN make production\n"
    text = text.replace("--no-cache-dir ", "")
    config = history(*SERVICE_HISTORY)
    found = align(config, parse_dockerfile(text))
    assert found.complete
    assert found.note.startswith("stage dev: ")
    assert not align(config, parse_dockerfile(text), "prod").complete
    assert align(config, parse_dockerfile(text), "dev") == found
    with pytest.raises(ImgdiagError, match="no stage 'test'"):
        align(config, parse_dockerfile(text), "test")


@pytest.mark.parametrize(
    ("text", "created_by", "why"),
    [
        (
            "FROM scratch\nCOPY a /a\nCMD [\"a\"]\n",
            ("base", "COPY a /a # buildkit", '-CMD ["a"]'),
            "it starts from scratch, and the image from another one",
        ),
        (
            "FROM a\nCOPY a /a\n",
            ("base", "COPY a /a # buildkit", "RUN /bin/sh -c make a # buildkit"),
            "the image's history has 1 instruction that it does not have",
        ),
        ("FROM a\nCMD x\n", ("base", '-CMD ["x"]'), "it has too few instructions to compare"),
        ("FROM a\n", ("base",), "it has too few instructions to compare"),
        (
            "FROM a\nWORKDIR /app\nCOPY . .\nRUN pip install -r requirements.txt\n",
            ("base", "WORKDIR /app", "COPY . . # buildkit", "RUN /bin/sh -c npm ci # buildkit"),
            "it does not match the image's history (2 of 3 instructions agree)",
        ),
        (
            "FROM a\nRUN true\n",
            ("base", "RUN /bin/sh -c su app -c true # buildkit"),
            "it does not match the image's history (0 of 1 instructions agree)",
        ),
        ("FROM a\nCOPY a /a\n", (), "it does not match the image's history"),
    ],
)  # fmt: skip
def test_a_dockerfile_of_something_else(text: str, created_by: tuple[str, ...], why: str) -> None:
    found = align(history(*created_by), parse_dockerfile(text))
    assert (found.fits, found.layers, found.entries) == (False, {}, {})
    assert found.note.startswith(f"not used: {why}")


def test_a_history_that_does_not_cover_the_layers() -> None:
    config = config_of([{"created_by": "COPY a /a # buildkit"}], layers=2)
    found = align(config, parse_dockerfile("FROM a\nCOPY a /a\n"))
    assert found.note == "not used: the image's history does not tell which layer is whose"


def test_a_long_history_of_a_base() -> None:
    config = history(*(f"RUN /bin/sh -c step {number}" for number in range(5000)), *SERVICE_HISTORY)
    found = align(config, parse_dockerfile(SERVICE))
    assert found.base_layers == 5001
    assert found.layers[5001].line == 2


WORDS = st.sampled_from(
    ["COPY a b # buildkit", "RUN /bin/sh -c x # buildkit", "|1 A=b /bin/sh -c x", "ENV A=1",
     "/bin/sh -c #(nop) COPY file:" + "a" * 64 + " in b ", "", "\ud800", "WORKDIR /", "CMD [",
     "EXPOSE", "RUN", "|", "| -c", "HEALTHCHECK &{[", "ARG A=", "LABEL", "\x00", "ONBUILD RUN x"]
)  # fmt: skip


@given(st.lists(st.tuples(WORDS, st.booleans()), max_size=12))
def test_whatever_a_history_says_nothing_breaks(entries: list[tuple[str, bool]]) -> None:
    layers = iter(range(len(entries)))
    found = ImageConfig(
        **{
            **{name: getattr(history(), name) for name in history().__slots__},
            "history": tuple(
                HistoryEntry(created=None, created_by=text, layer=None if empty else next(layers))
                for text, empty in entries
            ),
        }
    )
    alignment = align(found, parse_dockerfile("FROM s\nARG A\nENV A=$A\nRUN x\nCOPY a $A\nCMD x\n"))
    known = {entry.layer for entry in found.history}
    assert alignment.layers.keys() <= known
    assert not alignment.layers or alignment.fits
    order = [alignment.layers[layer].line for layer in sorted(alignment.layers)]
    assert order == sorted(order)
